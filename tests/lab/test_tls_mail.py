"""Real clients download real mail, octet for octet, whatever TLS there is on either leg."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.program import run
from lab.clients import CLIENTS, S_CLIENT, Client, Login
from lab.corpus import sha256
from lab.loopback import Address
from lab.mailserver import FEW_USER, PASSWORD, USER, MailServer
from lab.relay import Relay, relaying

pytestmark = [pytest.mark.lab, pytest.mark.slow]

SCHEMES = ("pop3", "pop3s", "pop3+stls")


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an authority of pop3spy's own."""
    folder = tmp_path_factory.mktemp("ca")
    assert run("ca", "--ca-dir", str(folder)).status == 0
    return folder


@dataclass(frozen=True)
class Cell:
    """A client, and how it comes to the proxy: with *stls*, or with TLS at once to ``pop3s``."""

    client: Client
    scheme: str
    stls: bool = False

    def __str__(self) -> str:
        return f"{self.client.name} to {self.scheme}://{' with STLS' if self.stls else ''}"

    @property
    def user(self) -> str:
        """Whose mail is enough: fetchmail takes its time over each message."""
        return FEW_USER if self.client.name == "fetchmail" else USER

    @property
    def sessions(self) -> int:
        """How many it has: curl asks for the listing first."""
        return 2 if self.client.name == "curl" else 1

    def legs(self, upstream: str) -> frozenset[str]:
        """Return the peers with whom there is TLS."""
        inspected = self.scheme == upstream == "pop3" and self.stls
        client = {"client"} if self.stls or self.scheme == "pop3s" else set()
        return frozenset(client | ({"server"} if inspected or upstream != "pop3" else set()))

    def download(self, relay: Relay, ca: Path, folder: Path) -> list[str]:
        """Return the hashes of what the client saves."""
        address = Address("localhost", relay.addresses[self.scheme].port)
        stls, pop3s = self.stls or None, self.scheme == "pop3s" or None
        login = Login(user=self.user, stls=stls and ca / "ca.pem", pop3s=pop3s and ca / "ca.pem")
        return [sha256(each) for each in self.client.download(address, folder, login)]

    def expected(self, server: MailServer) -> list[str]:
        return [sha256(self.client.keeps(each)) for each in server.holds(self.user)]


def cells(upstream: str) -> Iterator[Cell]:
    """Return every way in which clients come to a proxy before an *upstream* of that scheme."""
    for client in (*CLIENTS, S_CLIENT):
        if client is not S_CLIENT:
            yield Cell(client, "pop3")
        yield Cell(client, "pop3s")
        yield Cell(client, "pop3+stls", stls=True)
        if upstream == "pop3":  # the server's own STLS is taken apart
            yield Cell(client, "pop3", stls=True)


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


def all_mail_arrives(
    server: MailServer,
    url: str,
    ca: Path,
    folder: Path,
    *options: str,
    ways: Sequence[Cell] | None = None,
) -> None:
    """Let clients of every kind download everything from the server at *url*."""
    upstream = url.partition(":")[0]
    ways = ways or list(cells(upstream))
    own = ["--ca-dir", str(ca), *options]
    with relaying(url, *own, schemes=SCHEMES) as relay, ThreadPoolExecutor(2) as pool:
        saving = [
            pool.submit(way.download, relay, ca, folder / str(number))
            for number, way in enumerate(ways)
        ]
        saved = {str(way): each.result() for way, each in zip(ways, saving, strict=True)}

    assert saved == {str(way): way.expected(server) for way in ways}
    assert relay.events("stretch_unread") == []
    assert {ended["how"] for ended in relay.events("session_ended")} == {"quit"}
    assert {ended["login"] is None for ended in relay.events("session_ended")} == {False}
    assert legs(relay) == Counter(way.legs(upstream) for way in ways for _ in range(way.sessions))
    assert {each["verified"] for each in relay.events("tls_began")} <= {True, None}
    assert PASSWORD not in relay.log + relay.transcript


def legs(relay: Relay) -> Counter[frozenset[str]]:
    """Return how many sessions had TLS with which peers."""
    found: dict[int, set[str]] = {}
    for ended in relay.events("session_ended"):
        found[ended["session"]] = set()
    for began in relay.events("tls_began"):
        found[began["session"]].add(began["side"])
    return Counter(map(frozenset, found.values()))
