"""A connection that is gone before it is ours: at a stop, uvloop hands over what it has closed."""

import asyncio
import socket
from typing import Any

import pytest

from pop3spy.net.half import Half
from pop3spy.net.pending_connection import PendingConnection
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Clock

uvloop = pytest.importorskip("uvloop")


class Closed(asyncio.Transport):
    """A transport of uvloop's whose socket is closed; nothing of it says so."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        gone = uvloop.loop.PseudoSocket(socket.AF_INET, socket.SOCK_STREAM, 0, -1)
        return gone if name == "socket" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Take them."""

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        """Be closed already."""


async def test_a_socket_that_is_gone_raises_nothing() -> None:
    pending = PendingConnection(Clock())
    half = Half(Side.CLIENT, pending.join)
    half.connection_made(Closed())
    half.reset()
    half.connection_lost(None)
    assert pending.over
