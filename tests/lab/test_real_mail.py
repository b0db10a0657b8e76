"""Real clients download real mail from real servers through the proxy, octet for octet.

What a client saved through the proxy has the hash of what it saves without one,
and of what the corpus says that it must save.  The clients of a test come to the
same proxy, one after the other.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from lab.clients import CLIENTS, Client, Login
from lab.corpus import Message, sha256
from lab.loopback import until
from lab.mailserver import HEAVY_USER, MailServer
from lab.relay import GATED, proxied

pytestmark = pytest.mark.lab

Direct = Callable[[Client, MailServer], list[str]]


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Direct:
    """What returns the hashes of all mail that a client saves without the proxy."""
    saved: dict[tuple[str, str], list[str]] = {}

    def save(client: Client, server: MailServer) -> list[str]:
        key = (client.name, server.name)
        if key not in saved:
            folder = tmp_path_factory.mktemp("-".join(key)) / "direct"
            saved[key] = hashes(client.download(server.address, folder, Login()))
        return saved[key]

    return save


@pytest.mark.parametrize(
    "options", [pytest.param((), id="passing"), pytest.param(GATED, id="gated")]
)
def test_all_mail_arrives_as_it_was_sent(
    server: MailServer, loop: str, tmp_path: Path, options: Iterable[str], direct: Direct
) -> None:
    with proxied(*server.address, "--loop", loop, *options) as relay:
        relayed = {
            client.name: hashes(client.download(relay.address, tmp_path / client.name, Login()))
            for client in CLIENTS
        }

    assert relayed == {client.name: direct(client, server) for client in CLIENTS}
    assert relayed == {client.name: expected(client, server.holds()) for client in CLIENTS}
    assert len(relay.events("session_ended")) >= len(CLIENTS)


def test_every_way_to_log_in_passes(dovecot: MailServer, tmp_path: Path) -> None:
    with proxied(*dovecot.address) as relay:
        for client in CLIENTS:
            for auth in client.auths:
                login = Login(auth, password=dovecot.secret(auth))
                before, folder = len(dovecot.logins()), tmp_path / f"{client.name}-{auth}"
                saved = hashes(client.download(relay.address, folder, login))
                assert (client.name, auth, saved) == (
                    client.name,
                    auth,
                    expected(client, dovecot.holds()),
                )
                assert_logged_in(dovecot, before, f"method={auth.upper()},")


def test_tls_after_stls_is_between_client_and_server(
    dovecot: MailServer, loop: str, tmp_path: Path
) -> None:
    """The client trusts the server's certificate only, so nobody stands in between."""
    with proxied(*dovecot.address, "--loop", loop) as relay:
        for client in CLIENTS:
            before, login = len(dovecot.logins()), Login(stls=dovecot.certificate)
            saved = hashes(client.download(relay.address, tmp_path / client.name, login))
            assert (client.name, saved) == (client.name, expected(client, dovecot.holds()))
            assert_logged_in(dovecot, before, ", TLS,")


def test_a_message_of_20_mb_arrives_as_it_was_sent(
    server: MailServer, loop: str, tmp_path: Path
) -> None:
    with proxied(*server.address, "--loop", loop) as relay:
        for client in CLIENTS:
            if client.name in {"curl", "mpop"}:
                folder = tmp_path / client.name
                saved = hashes(client.download(relay.address, folder, Login(user=HEAVY_USER)))
                assert (client.name, saved) == (
                    client.name,
                    expected(client, server.holds(HEAVY_USER)),
                )


def hashes(saved: Iterable[bytes]) -> list[str]:
    return [sha256(message) for message in saved]


def expected(client: Client, messages: Iterable[Message]) -> list[str]:
    return hashes(client.keeps(message) for message in messages)


def assert_logged_in(server: MailServer, before: int, how: str) -> None:
    """Find *how* in what the server logs, a moment later, beyond its first *before* logins."""

    def told() -> bool | None:
        return any(how in line for line in server.logins()[before:]) or None

    until(told, f"a login with {how} in the server's log")
