"""Every way in which a client can come to a listener: in clear, with STLS, with TLS at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.program import run
from lab.clients import CLIENTS, S_CLIENT, Client, Login
from lab.corpus import sha256
from lab.loopback import Address
from lab.mailserver import FEW_USER, PASSWORD, USER, MailServer

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
    auth: str = "user"
    password: str = PASSWORD

    def __str__(self) -> str:
        stls = " with STLS" if self.stls else ""
        return f"{self.client.name} to {self.scheme}://{stls} by {self.auth}"

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

    def download(self, port: int, ca: Path, folder: Path) -> list[str]:
        """Return the hashes of what the client saves from *port* of this machine."""
        address = Address("localhost", port)
        stls, pop3s = self.stls or None, self.scheme == "pop3s" or None
        certificate = ca / "ca.pem"
        login = Login(
            self.auth, self.user, self.password, stls and certificate, pop3s and certificate
        )
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
