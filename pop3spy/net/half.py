"""One end of a connection: asyncio's view of it, and no more than that."""

import asyncio
import contextlib
import errno
import os
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Protocol, cast

from pop3spy.errors import TlsError
from pop3spy.net.layer import Layer
from pop3spy.protocol.frames import Side
from pop3spy.protocol.proxyheader import plain

WRITE_AHEAD = 65536
"""Octets that may wait for a slow peer before its sender is told to stop.

uvloop sends more than that at once, and less at the end of its turn.
"""
_NO_LINGER = struct.pack("ii", 1, 0)


class ClosingListener(Protocol):
    """What is told when a peer closes."""

    def closed(
        self, side: Side, *, reset: bool, close_notify: bool | None = None, at: float | None = None
    ) -> None:
        """Learn that the peer sent a FIN, ended TLS, or sent a RST (*reset*); *at*: not just now.

        *close_notify* is whether TLS was ended before the FIN, None without TLS.  What becomes of
        it is told separately.
        """


class Owner(ClosingListener, Protocol):
    """What is told of what happens to a half."""

    def received(self, side: Side, data: bytes) -> None:
        """Take in octets that came."""

    def finished(self, side: Side) -> None:
        """Learn that the peer will say no more, though it may listen."""

    def lost(self, side: Side, error: Exception | None) -> None:
        """Learn that the connection is gone; *error*: that it was not closed but broken."""

    def clogged(self, side: Side, *, clogged: bool) -> None:
        """Learn that the peer does not take what is sent to it, or takes it again."""


class Half(asyncio.Protocol):
    """The connection to the client or to the server; *join* gives it its owner once it is there.

    ``first`` is sent before anything else, even before TLS begins.
    Where TLS has begun, the owner has only what is inside it.
    """

    _owner: Owner

    def __init__(self, side: Side, join: Callable[["Half"], Owner]) -> None:
        self.side = side
        self.first = b""
        self._join: Callable[[Half], Owner] | None = join
        self._transport: asyncio.Transport | None = None
        self._holds: set[str] = set()
        self._finished = False  # nothing more can be sent
        self._silent = False  # nothing more will come
        self._closed = False  # the owner knows that the peer has closed
        self._layer: Layer | None = None
        self._secured: asyncio.Future[str] | None = None  # there is one while hands are shaken
        self._begun: Callable[[], None] | None = None
        self._broken: TlsError | None = None
        self.abrupt = False  # the peer hung up without ending TLS

    def give_to(self, owner: Owner) -> None:
        """Let *owner* be told of all that happens from now on."""
        self._owner = owner

    def secure(
        self, layer: Layer, begun: Callable[[], None], ahead: bytes = b""
    ) -> asyncio.Future[str]:
        """Begin TLS with what the peer says next, *ahead* first; the future is for the handshake.

        It is given why that failed, or nothing: an error would keep in memory all who waited for
        it.  *begun* is called when it is done, before anything is heard inside TLS.  What is sent
        in the meantime waits for it.  If it fails, the connection is still to be closed.
        """
        self._layer, self._begun = layer, begun
        self._secured = future = asyncio.get_running_loop().create_future()
        self._owner.clogged(self.side, clogged=True)
        if self.gone:
            self._break(ConnectionAbortedError())
        else:
            self._unseal(ahead)
            if self._silent and self._secured:
                self._break(ConnectionAbortedError())
        return future

    @property
    def gone(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport is None or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send *data*, or keep it until the peer takes it; nothing goes behind a last word."""
        if self._transport is None or self._transport.is_closing() or self._finished:
            return
        if self._layer is None:
            self._transport.write(data)
        elif data and not self._broken:
            self._layer.seal(data)
            self._send_records()

    @property
    def sent(self) -> bool:
        """Whether the system has taken all that was written."""
        return self._transport is None or not self._transport.get_write_buffer_size()

    def finish(self, *, farewell: bool = True) -> None:
        """Say that nothing more will be sent, once everything has been; *farewell*: in TLS too."""
        if self._transport is not None and not self._transport.is_closing():
            if farewell:
                self._end_tls()
            self._finished = True
            with contextlib.suppress(OSError):  # the peer may be gone already
                self._transport.write_eof()

    def close(self, *, farewell: bool = True) -> None:
        """Close once everything has been sent."""
        if self._transport is not None:
            if farewell:
                self._end_tls()
            self._transport.close()

    def abort(self) -> None:
        """Close now; what was not sent is lost."""
        if self._transport is not None:
            self._transport.abort()

    def reset(self) -> None:
        """Close with a reset, so that the peer learns what became of the other side."""
        if self._transport is None:
            return
        sock = self._transport.get_extra_info("socket")
        if sock is not None and not self._transport.is_closing():
            with contextlib.suppress(OSError, ValueError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.close()

    def hold(self, reason: str, *, hold: bool) -> None:
        """Stop reading while there is any reason to."""
        before = bool(self._holds)
        (self._holds.add if hold else self._holds.discard)(reason)
        if self._transport is None or self._transport.is_closing() or before == bool(self._holds):
            return
        if self._holds:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def name(self, which: str) -> tuple[str, int]:
        """Return host and port of the connection's ``peername`` or ``sockname``."""
        address = self._transport.get_extra_info(which) if self._transport else None
        return (plain(address[0]), address[1]) if address else ("", 0)

    def option(self, level: int, number: int, size: int) -> bytes:
        """Return *size* octets that the system knows of the connection; raise OSError if none."""
        sock = self._transport.get_extra_info("socket") if self._transport else None
        if sock is None:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return cast(bytes, sock.getsockopt(level, number, size))

    # -- what asyncio calls ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport over."""
        self._transport = transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        transport.set_write_buffer_limits(high=WRITE_AHEAD)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family != getattr(socket, "AF_UNIX", None):
            with contextlib.suppress(OSError, ValueError):  # the latter of uvloop, if it is gone
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self.first:
            transport.write(self.first)
        join, self._join = self._join, None  # whose it is may hold the half: that were a cycle
        assert join is not None
        self._owner = join(self)

    def data_received(self, data: bytes) -> None:
        """Pass on what came."""
        if self._layer is None:
            self._owner.received(self.side, data)
        else:
            self._unseal(data)

    def eof_received(self) -> bool:
        """Tell that the peer has finished, and keep the way to it open."""
        self._silent = True
        readable = self._layer is not None and self._layer.begun and not self._broken
        self._tell_closed(close_notify=False if readable else None)
        if self._secured:
            self._break(ConnectionAbortedError())
        if not (self._broken or (self._layer and self._layer.ended)):
            self.abrupt = self._layer is not None
            self._owner.finished(self.side)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the connection is gone."""
        if isinstance(exc, ConnectionError):  # else nobody knows what the peer did
            self._owner.closed(self.side, reset=True)
        if self._secured:
            self._break(exc or ConnectionAbortedError())
        self._transport = None  # uvloop's can not even be written to in vain any more
        self._owner.lost(self.side, self._broken or exc)

    def pause_writing(self) -> None:
        """Tell that the peer is slow."""
        self._owner.clogged(self.side, clogged=True)

    def resume_writing(self) -> None:
        """Tell that the peer has caught up."""
        self._owner.clogged(self.side, clogged=False)

    def _tell_closed(self, *, close_notify: bool | None) -> None:
        """Tell that the peer has closed its side; the end of TLS and that of TCP are one."""
        if not self._closed:
            self._closed = True
            self._owner.closed(self.side, reset=False, close_notify=close_notify)

    # -- TLS ------------------------------------------------------------------------------------

    def _unseal(self, data: bytes) -> None:
        """Pass on what is inside of *data*, and send what TLS itself has to say."""
        layer = self._layer
        assert layer is not None
        assert self._transport is not None
        if layer.ended or self._broken:  # nothing that comes now is said by the peer
            return
        try:
            inside = layer.take(data)
        except ssl.SSLError as error:
            self._fail(error)
            return
        self._send_records()
        if layer.begun and self._secured:
            future, self._secured = self._secured, None
            begun, self._begun = self._begun, None
            assert begun is not None
            begun()
            if not future.done():
                future.set_result("")
            self._owner.clogged(self.side, clogged=False)
        if inside:
            self._owner.received(self.side, inside)
        if layer.error:
            self._fail(layer.error)
        elif layer.ended:
            self._tell_closed(close_notify=True)
            self._owner.finished(self.side)

    def _fail(self, error: ssl.SSLError) -> None:
        """End the connection on account of *error*, unless somebody learns of it who does that."""
        assert self._layer is not None
        self._send_records()
        self.abrupt = self._layer.begun
        if not self._break(error) and self._transport is not None:
            self._transport.close()

    def _break(self, error: Exception) -> bool:
        """Know that TLS is over; return whether somebody who waited for it learns why."""
        assert self._layer is not None
        self._broken = self._broken or TlsError(self._layer.explain(error))
        future, self._secured = self._secured, None
        self._begun = None
        if future is None or future.done():
            return False
        future.set_result(str(self._broken))
        return True

    def _send_records(self) -> None:
        assert self._layer is not None
        records = self._layer.records()
        if records and not (self.gone or self._finished):
            cast(asyncio.Transport, self._transport).write(records)

    def _end_tls(self) -> None:
        if self._layer is not None and not self._broken:
            self._layer.finish()
            self._send_records()
