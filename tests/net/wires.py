"""Ends of TCP connections in the hands of a test: each octet, half-close and reset is its own.

Nothing waits for ever: what does not happen within ``PATIENCE`` fails the test.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

from pop3spy.protocol.url import Url

PATIENCE = 15.0
"""Seconds after which something that should have happened never will."""

_NO_LINGER = struct.pack("ii", 1, 0)
_READ = 1 << 20


class Wire:
    """One end of a connection."""

    patience = PATIENCE

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(0)
        if sock.family != socket.AF_UNIX:  # what is said at once is to go at once
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.tls: ssl.SSLObject | None = None
        self.farewell = False  # the peer has ended TLS, and did not just hang up
        self._records: tuple[ssl.MemoryBIO, ssl.MemoryBIO]
        self._ahead = b""

    @classmethod
    def at_once(cls, url: Url) -> "Wire":
        """Connect before the loop has a turn: nobody can have accepted yet."""
        return cls(socket.create_connection((url.host, url.port)))

    @classmethod
    async def to(cls, url: Url, *, receive_buffer: int = 0) -> "Wire":
        """Connect to *url*; a small *receive_buffer* makes a peer that takes little at once."""
        sock = socket.socket(socket.AF_INET6 if ":" in url.host else socket.AF_INET)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        wire = cls(sock)
        try:
            async with asyncio.timeout(wire.patience):
                await asyncio.get_running_loop().sock_connect(sock, (url.host, url.port))
        except BaseException:
            sock.close()
            raise
        return wire

    @property
    def port(self) -> int:
        """The port of this end."""
        return int(self.sock.getsockname()[1])

    @property
    def error(self) -> int:
        """What became of the connection: ECONNRESET, or 0 while it is well."""
        return self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    async def begin_tls(
        self,
        context: ssl.SSLContext,
        name: str | None = None,
        *,
        ahead: bytes = b"",
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Do a handshake, as a client if the peer is to have a *name*; *ahead* came before.

        A *session* of an earlier connection is gone on with.
        """
        self._records = ssl.MemoryBIO(), ssl.MemoryBIO()
        server_side = name is None
        tls = context.wrap_bio(*self._records, server_side, name, session)
        self._records[0].write(ahead)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._send_records()
                data = await self._receive()
                self._records[0].write(data) if data else self._records[0].write_eof()
            except ssl.SSLError:
                await self._send_records()  # the alert
                raise
            else:
                await self._send_records()
                self.tls = tls
                return tls

    async def end_tls(self) -> None:
        """Say that no more will come, and leave the connection open."""
        assert self.tls
        with suppress(ssl.SSLError):
            self.tls.unwrap()
        await self._send_records()

    async def send(self, data: bytes) -> None:
        if self.tls and data:
            self.tls.write(data)
            await self._send_records()
        else:
            await self._send(data)

    async def some(self, most: int = _READ) -> bytes:
        """Return what comes next; empty when the peer has finished."""
        if self._ahead:
            data, self._ahead = self._ahead[:most], self._ahead[most:]
            return data
        if not self.tls:
            return await self._receive(most)
        while True:
            with suppress(ssl.SSLWantReadError):
                plain = b""
                with suppress(ssl.SSLZeroReturnError):
                    plain = self.tls.read(most)
                self.farewell = not plain
                return plain
            data = await self._receive()
            if not data:
                return b""
            self._records[0].write(data)

    async def _send_records(self) -> None:
        await self._send(self._records[1].read())

    async def _send(self, data: bytes) -> None:
        async with asyncio.timeout(self.patience):
            await asyncio.get_running_loop().sock_sendall(self.sock, data)

    async def _receive(self, most: int = _READ) -> bytes:
        async with asyncio.timeout(self.patience):
            return await asyncio.get_running_loop().sock_recv(self.sock, most)

    async def receive(self, size: int) -> bytes:
        """Return the next *size* octets."""
        pieces = []
        while size:
            piece = await self.some(min(size, _READ))
            assert piece, f"the peer has finished, {size} octets are missing"
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    async def line(self) -> bytes:
        """Return the next line with its end."""
        while b"\n" not in self._ahead:
            seen, self._ahead = self._ahead, b""
            piece = await self.some()
            assert piece, f"the peer has finished behind {seen!r}"
            self._ahead = seen + piece
        line, self._ahead = self._ahead.split(b"\n", 1)
        return line + b"\n"

    async def expect(self, data: bytes) -> None:
        """Receive *data*, and nothing else before it is whole."""
        assert await self.receive(len(data)) == data

    async def rest(self) -> bytes:
        """Return all that comes until the peer finishes."""
        pieces = []
        while piece := await self.some():
            pieces.append(piece)
        return b"".join(pieces)

    async def until_reset(self) -> bytes:
        """Return all that comes until the connection is reset; it must not end otherwise."""
        pieces = []
        with suppress(ConnectionResetError):
            while piece := await self.some():
                pieces.append(piece)
            raise AssertionError("the peer has finished, it did not reset")
        return b"".join(pieces)

    async def talk(self, line: bytes, reply: bytes) -> None:
        """Say *line* and receive *reply*."""
        await self.send(line)
        await self.expect(reply)

    async def until_nobody_takes(self, line: bytes) -> None:
        """Say *line* again and again, until there is nobody to say it to."""
        with suppress(ConnectionError):
            while True:
                await self.send(line)
                await asyncio.sleep(0)

    def finish(self) -> None:
        """Send no more, but listen on."""
        self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        if self.sock.fileno() >= 0:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.sock.close()


class Door:
    """A port of this machine on which a test accepts who comes."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, backlog: int = 1024) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.create_server((host, port), family=family, backlog=backlog)
        self.sock.settimeout(0)
        self.url = Url("pop3", *self.sock.getsockname()[:2])

    async def accept(self) -> Wire:
        async with asyncio.timeout(PATIENCE):
            sock, _ = await asyncio.get_running_loop().sock_accept(self.sock)
        return Wire(sock)

    @property
    def knocked(self) -> bool:
        """Whether somebody came whom nobody accepted."""
        with suppress(BlockingIOError):
            self.sock.accept()[0].close()
            return True
        return False

    def close(self) -> None:
        self.sock.close()


@contextmanager
def door(host: str = "127.0.0.1", port: int = 0, *, backlog: int = 1024) -> Iterator[Door]:
    """Open a door while the block lasts."""
    opened = Door(host, port, backlog=backlog)
    try:
        yield opened
    finally:
        opened.close()


def nobody(host: str = "127.0.0.1") -> Url:
    """Return an address at which nobody listens."""
    return Url("pop3", host, _kept_port())


@cache
def _kept_port() -> int:
    """Take a port of every address for as long as the process runs, so that nobody else gets it."""
    sock = socket.socket()
    sock.bind(("0.0.0.0", 0))
    port = int(sock.getsockname()[1])
    sock.detach()  # it stays open
    return port
