"""Real servers are checked; what is not a pass was looked at on the wire, once, by hand."""

import json
from typing import Any

import pytest

from cli.program import run_here
from lab.mailserver import FEW_USER, PASSWORD, MailServer
from lab.nginx import running_nginx

pytestmark = pytest.mark.lab

FAST = ("--patience", "0.3", "--pause", "0", "--format", "json")
ALWAYS = {
    *("net/1 info", "tls/17 info", "oauth/2 info", "timing/5 info", "auth/5 non-strict"),
    *("tls/19 info", "tls/9 non-strict", "lock/1 non-strict", "state/19 info"),
}
"""What holds for each of them here: the address is one of this machine, and nobody locks."""
UNTIMED = {"timing/1", "timing/2", "net/4", "net/7"}
"""What a busy machine decides."""

DOVECOT = {
    "capa/8 non-strict",  # USER and SASL are gone after the login
    "capa/11 non-strict",  # C: CAPA x  S: +OK, the list as without
    "tls/21 non-strict",  # C: STLS x  S: +OK Begin TLS negotiation now.
    "quit/4 non-strict",  # C: QUIT x  S: +OK Logging out
    "auth/2 non-strict",  # C: USER  S: +OK
    "stat/4 non-strict",  # C: STAT 1  S: +OK 5 2406
    "limit/9 non-strict",  # C: CAPA\0x  S: +OK, the list
    "limit/10 fail",  # C: X\x1b[31mY  S: -ERR Unknown command: X\x1b[31MY
    "limit/11 non-strict",  # C: hunter2-...  S: -ERR Unknown command: HUNTER2-...
    "limit/12 fail",  # C: 600 letters  S: -ERR Unknown command: and all of them
    "oauth/1 info",
}
CYRUS = {
    "greeting/4 info",
    "capa/8 non-strict",  # USER is gone after the login
    "capa/10 info",
    "tls/8 non-strict",  # S: -ERR [SYS/PERM] Starttls failed, in clear
    "tls/18 non-strict",  # a FIN without close_notify
    "limit/9 non-strict",  # C: CAPA\0x  S: +OK, the list
}
POPA3D = {
    "capa/6 non-strict",  # USER, TOP and UIDL work, and there is no CAPA
    "limit/4 non-strict",  # a megabyte is taken in silence
    "list/11 non-strict",  # C: LIST +1  S: +OK 1 1059
    "pipe/1 non-strict",  # it works, and there is no CAPA
    "pipe/2 non-strict",
    "pipe/3 non-strict",
}


def audited(server: MailServer, *more: str) -> dict[str, Any]:
    """Check *server* as bob, who has five messages."""
    who = ("--user", FEW_USER, "--password-env", "P", "--auth", "all", "--allow-dele=drop")
    tls: tuple[str, ...] = ()
    if server.pop3s is not None:
        tls = ("--pop3s-port", str(server.pop3s.port), "--upstream-ca", str(server.certificate))
    ended = run_here("check", str(server.address), *who, *tls, *FAST, *more, P=PASSWORD)
    assert ended.status == 0, ended.err
    told: dict[str, Any] = json.loads(ended.out)
    return told


def judged(audit: dict[str, Any]) -> set[str]:
    """Return what is neither a pass nor left out, and not a matter of time."""
    return {
        f"{result['id']} {result['outcome']}"
        for result in audit["results"]
        if result["outcome"] not in ("pass", "missing", "skipped") and result["id"] not in UNTIMED
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "known"),
    [("dovecot", DOVECOT), ("cyrus", CYRUS), ("popa3d", POPA3D)],
    ids=["dovecot", "cyrus", "popa3d"],
)
def test_a_server_does_what_it_was_seen_to_do(
    name: str, known: set[str], request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue(name)
    audit = audited(server)
    found = judged(audit)
    assert found - ALWAYS == known
    assert audit["used"]["logins"] <= audit["plan"]["logins"]
    assert audit["used"]["connections"] <= audit["plan"]["connections"]


def test_the_log_of_the_server_has_as_many_logins_as_are_counted(dovecot: MailServer) -> None:
    before = len(dovecot.logins())
    select = ("auth/4", "auth/14", "list", "uidl", "dele", "retr/9")
    audit = audited(dovecot, *(word for id_ in select for word in ("--select", id_)))
    assert len(dovecot.logins()) - before == audit["used"]["logins"]


@pytest.mark.parametrize("allow", ["no", "reset", "drop"])
def test_the_mail_of_a_real_server_is_as_it_was(allow: str, dovecot: MailServer) -> None:
    before = held(dovecot)
    select = ("retr", "uidl", "dele", "lock", "quit/2")
    more = [word for id_ in select for word in ("--select", id_)]
    audited(dovecot, *more, f"--allow-dele={allow}")
    assert held(dovecot) == before


def held(server: MailServer) -> list[bytes]:
    """Return the messages that Dovecot has for bob; it moves their files itself."""
    folder = server.log.parent / "mail" / FEW_USER
    files = [path for place in ("new", "cur") for path in (folder / place).iterdir()]
    return sorted(path.read_bytes() for path in files)


def test_a_server_that_agrees_on_a_protocol_and_refuses_another_passes(
    dovecot: MailServer,
) -> None:
    """It takes ``pop3`` by ALPN, and no ``http/1.1``."""
    with running_nginx(dovecot.address) as nginx:
        assert nginx.pop3s is not None
        ended = run_here("check", f"pop3s://{nginx.pop3s}", *FAST, "--select", "tls/19")
    (result,) = json.loads(ended.out)["results"]
    assert result["outcome"] == "pass", result["note"]
