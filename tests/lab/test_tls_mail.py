"""Real clients download real mail, octet for octet, whatever TLS there is on either leg."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.clients import CLIENTS
from lab.loopback import until
from lab.mailserver import PASSWORD, MailServer
from lab.relay import Relay, relaying
from lab.ways import SCHEMES, Cell, ca, cells
from security.disguises import traces

pytestmark = [pytest.mark.lab, pytest.mark.slow]

__all__ = ["ca"]


@pytest.mark.parametrize("upstream", SCHEMES)
def test_all_mail_arrives_whatever_tls_there_is_on_either_leg(
    dovecot: MailServer, ca: Path, upstream: str, loop: str, tmp_path: Path
) -> None:
    """One proxy has a listener of each kind, and the clients come to it two at a time."""
    assert dovecot.pop3s
    port = dovecot.pop3s.port if upstream == "pop3s" else dovecot.address.port
    url = f"{upstream}://localhost:{port}"
    trusting = ["--upstream-ca", str(dovecot.certificate)]
    all_mail_arrives(dovecot, url, ca, tmp_path, "--loop", loop, *trusting)


def test_a_server_that_has_no_tls_gets_clients_that_have(
    popa3d: MailServer, ca: Path, tmp_path: Path
) -> None:
    """It does not even know CAPA, and STLS is refused by itself where it is not required."""
    few = [way for way in cells("") if way.scheme != "pop3"]
    all_mail_arrives(popa3d, f"pop3://localhost:{popa3d.address.port}", ca, tmp_path, ways=few)


LOGINS = ("plain", "login", "cram-md5", "xoauth2", "oauthbearer")


def test_every_way_to_log_in_passes_inside_tls_and_shows_no_secret(
    dovecot: MailServer, ca: Path, tmp_path: Path
) -> None:
    """Bodies are left out: a message of the corpus has the password in it."""
    capture = tmp_path / "capture.yaml"
    url, before = f"pop3+stls://localhost:{dovecot.address.port}", len(dovecot.logins())
    ways = [
        Cell(client, scheme, stls, auth, dovecot.secret(auth))
        for client in CLIENTS
        if client.name in {"curl", "mpop"}
        for auth in client.auths
        if auth in LOGINS
        for scheme, stls in (("pop3s", False), ("pop3+stls", True))
    ]
    options = ["--upstream-ca", str(dovecot.certificate), "--bodies", "drop"]
    options += ["--record", str(capture)]
    relay = all_mail_arrives(dovecot, url, ca, tmp_path, *options, ways=ways)

    texts = (relay.log, relay.transcript, capture.read_text())
    known = traces(PASSWORD.encode()) | traces(dovecot.token.encode())
    assert [trace for trace in known for text in texts if trace in text.lower()] == []
    used = {ended["login"] for ended in relay.events("session_ended")}
    assert used == {f"AUTH {auth.upper()}" for auth in LOGINS}

    def told() -> bool | None:
        return len(dovecot.logins()) == before + sum(way.sessions for way in ways) or None

    until(told, "every login in the server's log")
    assert all(", TLS," in line for line in dovecot.logins()[before:])


def all_mail_arrives(
    server: MailServer,
    url: str,
    ca: Path,
    folder: Path,
    *options: str,
    ways: Sequence[Cell] | None = None,
) -> Relay:
    """Let clients of every kind download everything from the server at *url*; return the proxy."""
    upstream = url.partition(":")[0]
    ways = ways or list(cells(upstream))
    own = ["--ca-dir", str(ca), *options]
    with relaying(url, *own, schemes=SCHEMES) as relay, ThreadPoolExecutor(2) as pool:
        saving = [
            pool.submit(way.download, relay.addresses[way.scheme].port, ca, folder / str(number))
            for number, way in enumerate(ways)
        ]
        saved = {str(way): each.result() for way, each in zip(ways, saving, strict=True)}

    assert saved == {str(way): way.expected(server) for way in ways}
    assert relay.events("stretch_unread") == []
    assert {ended["how"] for ended in relay.events("session_ended")} == {"quit"}
    assert {ended["login"] is None for ended in relay.events("session_ended")} == {False}
    assert legs(relay) == Counter(way.legs(upstream) for way in ways for _ in range(way.sessions))
    assert {each["verified"] for each in relay.events("session_secured")} <= {True}
    assert PASSWORD not in relay.log + relay.transcript
    return relay


def legs(relay: Relay) -> Counter[frozenset[str]]:
    """Return how many sessions had TLS with which peers."""
    found: dict[int, set[str]] = {}
    for ended in relay.events("session_ended"):
        found[ended["session"]] = set()
    for began in relay.events("session_secured"):
        found[began["session"]].add(began["side"])
    return Counter(map(frozenset, found.values()))
