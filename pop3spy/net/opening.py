"""How the session with a server that wants STLS begins, before its client has a part in it."""

import asyncio
from collections import deque
from collections.abc import Callable

from pop3spy.errors import ConnectError, TlsError
from pop3spy.net.pending_connection import PendingConnection
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import CommandLine, Frame, Side, StatusLine
from pop3spy.protocol.url import PORTS, Url

STLS = b"STLS\r\n"
MOST = 65536
"""Octets that a server may say before TLS begins; a greeting and an answer are two lines."""

Tell = Callable[[Side, bytes], None]


async def ask_for_tls(pending: PendingConnection, url: Url, timeout: float, tell: Tell) -> bytes:  # noqa: ASYNC109 - for each reply
    """Hear the greeting of the server of *pending*, and have it grant STLS.

    *tell* is told what is said.  Return the greeting.  Raise ConnectError if there will be no TLS.
    """
    opening = _StlsDialogue(pending, url, timeout, tell)
    try:
        greeting, welcome = await opening.reply("greeting")
        if not welcome:
            raise TlsError(f"{url}: the server sends us away before there is TLS", greeting)
        pending.half.write(STLS)
        opening.say(STLS)
        _, granted = await opening.reply("answer to STLS")
        if not granted:
            raise refuses_stls(url)
    finally:
        opening.close()
    return greeting


def refuses_stls(url: Url) -> TlsError:
    """Return what is to be told of a server that grants no STLS."""
    return TlsError(
        f"{url}: the server refuses STLS; try {Url('pop3s', url.host, PORTS['pop3s'])}, or"
        f" pop3://{url.address} without TLS"
    )


def says_more(url: Url, what: str) -> TlsError:
    """Return what is to be told of a server whose *what* has clear text behind it."""
    return TlsError(
        f"{url}: the server said more in clear behind its {what}; that may be somebody else's, so"
        " the connection was ended (RFC 2595, section 4)"
    )


class _StlsDialogue:
    def __init__(self, pending: PendingConnection, url: Url, timeout: float, tell: Tell) -> None:
        self._pending = pending
        self._url = url
        self._timeout = timeout
        self._tell = tell
        self._decoder = Decoder()
        self._frames: deque[Frame] = deque()
        self._passed: list[Frame] = []  # banner lines, and the status line
        self._size = 0

    def say(self, line: bytes) -> None:
        """Take in that *line* was sent."""
        self._tell(Side.CLIENT, line)
        self._decoder.append(Side.CLIENT, line)
        assert isinstance(self._decoder.next(), CommandLine)

    def close(self) -> None:
        """Read nothing more, and keep no reference that makes a cycle."""
        for side in Side:
            self._decoder.close(side)

    async def reply(self, what: str) -> tuple[bytes, bool]:
        """Return a reply, and whether it is positive; the server may have said no more."""
        try:
            async with asyncio.timeout(self._timeout):
                status = await self._status(what)
        except TimeoutError:
            raise ConnectError(f"{self._url}: no {what} in {self._timeout:g} s") from None
        said = b"".join(frame.raw for frame in self._passed)
        self._passed.clear()
        more = bool(self._frames) or self._decoder.unfinished(Side.SERVER) or self._hear(b"")
        if more and status.ok:
            raise says_more(self._url, what)
        return said, status.ok

    async def _status(self, what: str) -> StatusLine:
        while True:
            while self._frames:
                self._passed.append(frame := self._frames.popleft())
                if isinstance(frame, StatusLine):
                    return frame
            if not self._hear(await self._pending.more()):
                raise ConnectError(f"{self._url}: the server hung up before its {what}")
            if self._size > MOST:
                raise TlsError(f"{self._url}: no {what} in {MOST:,} octets")

    def _hear(self, data: bytes) -> bool:
        """Take in *data*, and what else has come; return whether that is anything."""
        if data := data + self._pending.take():
            self._size += len(data)
            self._tell(Side.SERVER, data)
            self._decoder.append(Side.SERVER, data)
            self._frames.extend(iter(self._decoder.next, None))
        return bool(data)
