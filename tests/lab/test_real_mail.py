"""Real clients download real mail from real servers through the proxy, octet for octet.

What a client saved through the proxy has the hash of what it saves without one,
and of what the corpus says that it must save.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from lab.clients import CLIENTS, Client, Login
from lab.corpus import Message, sha256
from lab.loopback import until
from lab.mailserver import HEAVY_USER, MailServer
from lab.relay import GATED, proxied

pytestmark = pytest.mark.lab

each_client = pytest.mark.parametrize(
    "client", [pytest.param(client, id=client.name) for client in CLIENTS]
)
each_way_to_log_in = pytest.mark.parametrize(
    ("client", "auth"),
    [
        pytest.param(client, auth, id=f"{client.name}-{auth}")
        for client in CLIENTS
        for auth in client.auths
    ],
)


@pytest.mark.parametrize(
    "options", [pytest.param((), id="passing"), pytest.param(GATED, id="gated")]
)
@each_client
def test_all_mail_arrives_as_it_was_sent(
    client: Client, server: MailServer, loop: str, tmp_path: Path, options: Iterable[str]
) -> None:
    direct = client.download(server.address, tmp_path / "direct", Login())
    with proxied(*server.address, "--loop", loop, *options) as relay:
        relayed = client.download(relay.address, tmp_path / "relayed", Login())

    assert hashes(relayed) == hashes(direct) == expected(client, server.holds())
    assert relay.events("session_ended")


@each_way_to_log_in
def test_every_way_to_log_in_passes(
    client: Client, auth: str, dovecot: MailServer, tmp_path: Path
) -> None:
    login = Login(auth, password=dovecot.secret(auth))
    logins_before = len(dovecot.logins())
    with proxied(*dovecot.address) as relay:
        relayed = client.download(relay.address, tmp_path, login)

    assert hashes(relayed) == expected(client, dovecot.holds())
    assert_logged_in(dovecot, logins_before, f"method={auth.upper()},")


@each_client
def test_tls_after_stls_is_between_client_and_server(
    client: Client, dovecot: MailServer, loop: str, tmp_path: Path
) -> None:
    """The client trusts the server's certificate only, so nobody stands in between."""
    logins_before = len(dovecot.logins())
    with proxied(*dovecot.address, "--loop", loop) as relay:
        relayed = client.download(relay.address, tmp_path, Login(stls=dovecot.certificate))

    assert hashes(relayed) == expected(client, dovecot.holds())
    assert_logged_in(dovecot, logins_before, ", TLS,")


@pytest.mark.parametrize(
    "client",
    [pytest.param(each, id=each.name) for each in CLIENTS if each.name in {"curl", "mpop"}],
)
def test_a_message_of_20_mb_arrives_as_it_was_sent(
    client: Client, server: MailServer, loop: str, tmp_path: Path
) -> None:
    with proxied(*server.address, "--loop", loop) as relay:
        relayed = client.download(relay.address, tmp_path, Login(user=HEAVY_USER))

    assert hashes(relayed) == expected(client, server.holds(HEAVY_USER))


def hashes(saved: Iterable[bytes]) -> list[str]:
    return [sha256(message) for message in saved]


def expected(client: Client, messages: Iterable[Message]) -> list[str]:
    return hashes(client.keeps(message) for message in messages)


def assert_logged_in(server: MailServer, before: int, how: str) -> None:
    """Find *how* in what the server logs, a moment later, beyond its first *before* logins."""

    def told() -> bool | None:
        return any(how in line for line in server.logins()[before:]) or None

    until(told, f"a login with {how} in the server's log")
