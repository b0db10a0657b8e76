"""The console against a real server: every way to log in, in clear text and in TLS."""

from collections.abc import Iterator

import pytest

from connect.by_hand import talking
from lab.mailserver import PASSWORD, USER, MailServer
from lab.servers import dovecot, running_dovecot
from pop3spy.net.trust import Trust
from pop3spy.protocol.url import Url

__all__ = ["dovecot"]

pytestmark = pytest.mark.lab

WAYS = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"]


@pytest.fixture(scope="session")
def dovecot_with_scram() -> Iterator[MailServer]:
    with running_dovecot("scram-sha-256") as server:
        yield server


def url_of(server: MailServer, scheme: str) -> Url:
    assert server.pop3s
    address = server.pop3s if scheme == "pop3s" else server.address
    return Url(scheme, "localhost", address.port)


@pytest.mark.parametrize("scheme", ["pop3", "pop3+stls", "pop3s"])
@pytest.mark.parametrize("asks_first", [True, False])
@pytest.mark.parametrize("way", WAYS)
async def test_every_mechanism_logs_in(
    dovecot_with_scram: MailServer, way: str, scheme: str, *, asks_first: bool
) -> None:
    """With CAPA asked for first there is an initial response, without it there is none."""
    server = dovecot_with_scram
    secret = server.secret(way.lower())
    lines = [*(["CAPA"] if asks_first else []), f":auth {way} {USER}", secret, "STAT", "QUIT"]
    shown = await talking(url_of(server, scheme), lines, Trust(ca=server.certificate))
    assert "S: +OK Logged in." in shown.rows
    assert "S: +OK 28 1099243" in shown.rows
    assert not shown.failed
    assert secret not in shown.text
    proven = " · the server has proven that it knows the password, too"
    assert (proven in shown.rows) == way.startswith("SCRAM")


async def test_scram_with_a_wrong_password_is_refused(dovecot_with_scram: MailServer) -> None:
    lines = [f":auth SCRAM-SHA-256 {USER}", "wrong-password", "STAT", "QUIT"]
    shown = await talking(url_of(dovecot_with_scram, "pop3"), lines)
    assert [row for row in shown.rows if row.startswith("S: -ERR [AUTH]")]
    assert "wrong-password" not in shown.text


@pytest.mark.parametrize("way", ["login", "apop"])
async def test_login_finds_its_way(dovecot: MailServer, way: str) -> None:
    shown = await talking(url_of(dovecot, "pop3"), [f":{way} {USER}", PASSWORD, "STAT", "QUIT"])
    assert "S: +OK Logged in." in shown.rows
    assert PASSWORD not in shown.text


async def test_stls_in_the_middle_of_a_session(dovecot: MailServer) -> None:
    lines = ["CAPA", ":stls", "CAPA", ":stls", "USER alice", f"PASS {PASSWORD}", "STAT", "QUIT"]
    trust = Trust(ca=dovecot.certificate)
    shown = await talking(url_of(dovecot, "pop3"), lines, trust)
    assert shown.rows.count("S| STLS") == 1, "behind TLS it is not offered any more"
    assert [row for row in shown.rows if row.startswith(" · TLSv1.3, ")]
    assert " ? this connection has TLS already" in shown.rows
    assert "S: +OK 28 1099243" in shown.rows
    assert not shown.failed


async def test_a_certificate_of_nobody_ends_it(dovecot: MailServer) -> None:
    shown = await talking(url_of(dovecot, "pop3"), ["STLS", "STAT"], Trust())
    assert shown.failed
    assert [row for row in shown.rows if "signed by nobody but itself" in row]
    assert "C: STAT" not in shown.rows


async def test_what_dovecot_refuses_is_explained(dovecot: MailServer) -> None:
    lines = [
        "USER alice",
        "PASS wrong-password",
        "STAT",
        ":login alice",
        PASSWORD,
        "RETR 99",
        "QUIT",
    ]
    shown = await talking(url_of(dovecot, "pop3"), lines)
    assert " ? the name, the password or the account is the problem" in shown.text
    assert [row for row in shown.rows if row.startswith(" ? STAT belongs in TRANSACTION")]
    assert "wrong-password" not in shown.text
