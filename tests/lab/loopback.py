"""Addresses on this machine, and waiting for what is about to happen there.

The lab never sleeps for a guessed time: it asks again and again, within a bound.
"""

import socket
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

T = TypeVar("T")

HOST = "127.0.0.1"


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def until(answer: Callable[[], T | None], what: str, seconds: float = 10.0) -> T:
    """Return the first answer that is not None; *what* names it should none come in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := answer()) is not None:
            return found
        time.sleep(0.01)  # between two questions, not instead of one
    raise TimeoutError(f"not within {seconds:g} s: {what}")


def listener() -> socket.socket:
    """Return a socket listening on a free port, to be handed to a server as it starts.

    Nobody else can take the port in between, and clients may connect at once:
    the kernel keeps them until the server is ready.
    """
    return socket.create_server((HOST, 0), backlog=64)


def address_of(listening: socket.socket) -> Address:
    host, port = listening.getsockname()
    return Address(host, port)


def greeting(address: Address, seconds: float = 10.0) -> bytes:
    """Return the first line that the server at *address* says."""
    with (
        socket.create_connection(address, seconds) as connection,
        connection.makefile("rb") as replies,
    ):
        return replies.readline()
