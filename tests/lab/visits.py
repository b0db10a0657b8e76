"""What comes to a server of the lab so that its sessions are judged: clients, and conversations."""

import poplib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from lab.clients import Login, curl
from lab.loopback import Address
from lab.mailserver import FEW_USER, PASSWORD
from lab.relay import Relay
from lab.samples import WRONG_PASSWORD, connected


class Visit(NamedTuple):
    """One way in which a client comes to a server, and all that is to be found then."""

    name: str
    play: Callable[[Relay, Path, Path], object]
    sessions: int
    found: frozenset[str]


def by(
    client: Callable[[Address, Path, Login], object],
    auth: str,
    tls: str,
    *found: str,
    user: str = FEW_USER,
    works: bool = True,
) -> Visit:
    """Let *client* download all mail of *user*; unless it *works*, its login is refused."""

    def play(relay: Relay, folder: Path, authority: Path) -> None:
        address = Address("localhost", relay.address.port)
        login = Login(auth, user, stls=authority if tls == "stls" else None)
        if works:
            client(address, folder, login)
            return
        with pytest.raises(AssertionError):
            client(address, folder, login)

    name = f"{client.__name__} of {user} by {auth} in {tls}"
    return Visit(
        name, play, 2 if client is curl and works else 1, frozenset(" ".join(found).split())
    )


def saying(conversation: Callable[[Address, Path], object], *found: str) -> Visit:
    """Let poplib say what *conversation* says, in clear."""

    def play(relay: Relay, folder: Path, _: Path) -> None:
        conversation(relay.address, folder)

    return Visit(conversation.__name__, play, 1, frozenset(" ".join(found).split()))


def refused_for_good(address: Address, _: Path) -> None:
    """Log in with a wrong password, and wait until the server hangs up."""
    with connected(address) as client:
        client.user(FEW_USER)
        with suppress(poplib.error_proto):
            client.pass_(WRONG_PASSWORD)
        assert client.file.read() == b""


def deleting(address: Address, _: Path) -> None:
    """Retrieve a message, and delete it."""
    with connected(address) as client:
        client.user(FEW_USER)
        client.pass_(PASSWORD)
        client.list()
        client.uidl()
        client.retr(1)
        client.dele(1)
        client.quit()


def looking_again(address: Address, _: Path) -> None:
    """List what is there."""
    with connected(address) as client:
        client.user(FEW_USER)
        client.pass_(PASSWORD)
        client.stat()
        client.list()
        client.uidl()
        client.quit()
