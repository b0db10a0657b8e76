"""A connection to a server, as its client: commands out, whole replies in.

What both sides say is read along and published, as a proxy's sessions are.  Where the server
grants STLS, TLS begins at once; octets that it said in clear behind that never get into it.
"""

import asyncio
import ssl
from collections import deque
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self, cast

from pop3spy.errors import ConnectError
from pop3spy.net.dial import dial, reason_of
from pop3spy.net.failed import clear_text, why_failed
from pop3spy.net.observer import Observer
from pop3spy.net.opening import STLS, refuses_stls, says_more
from pop3spy.net.tls import begin_tls
from pop3spy.net.trust import Trust
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Side,
    StatusLine,
)
from pop3spy.protocol.states import Effect
from pop3spy.protocol.url import Url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.model import Ending, How, Peer, Session
from pop3spy.session.reading import Reading

READ = 1 << 16
LINGER = 0.25
"""Seconds within which a body follows a status line that may have one or not.

A server sends both in one go, so a moment's silence says that there is none.
"""


class Connection:
    """Talks with the server at *url*; use ``open`` to make one, and close it.

    Each wait for the server lasts *patience* seconds at most, for ever without any; a handshake has
    *timeout* seconds.  ConnectError tells in one line that the server said nothing for so long,
    that the connection broke, or that TLS did not come about.
    """

    def __init__(self, url: Url, patience: float | None, trust: Trust, timeout: float) -> None:
        self._url = url
        self._patience = patience
        self._trust = trust
        self._timeout = timeout
        self._decoder = Decoder()
        self._heard: deque[Frame] = deque()
        self._finished = False  # the server will say no more
        self._closing = False
        self._torn = False  # there is nothing left to close
        self._effects: dict[int, Effect] = {}  # of the exchanges that are QUIT or STLS
        self._how = How.CLIENT_CLOSED
        self._read_up = asyncio.Event()  # all that was said has been read along
        self._read_up.set()
        self._over = asyncio.Event()
        self._ending: Ending | None = None
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._outside: asyncio.StreamWriter | None = None  # what TLS, if there is any, goes through
        self._clock: Clock
        self._observer: Observer

    @classmethod
    async def open(  # noqa: PLR0913 - what a session begins with
        cls,
        url: Url,
        bus: Bus,
        clock: Clock,
        *,
        timeout: float = 10.0,  # noqa: ASYNC109 - for each address
        patience: float | None = 60.0,
        number: int = 1,
        strict: bool = False,
        trust: Trust | None = None,
    ) -> "Connection":
        """Connect to *url* as session *number*; the greeting is still to be heard.

        Raise ConnectError if no address answers within *timeout* seconds, or if there is no TLS
        where the URL wants it.  *strict* hides user names and addresses from those who read along;
        *trust* says whose certificates are believed.
        """
        connection = cls(url, patience, trust or Trust(), timeout)
        await dial(url, connection._protocol, timeout)
        host, port = (connection._writer.get_extra_info("sockname") or ("", 0))[:2]
        client, server = Peer(host, port), Peer(url.host, url.port)
        reading = Reading(number, client, server, clock.now(), bus.publish, strict=strict)
        connection._clock = clock
        connection._observer = Observer(reading, clock, connection._caught_up)
        try:
            await connection._begin()
        except BaseException:
            await connection.close()
            raise
        return connection

    async def __aenter__(self) -> Self:
        """Return the connection, which the block closes."""
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Close the connection."""
        await self.close()

    @property
    def address(self) -> str:
        """The IP address of the server."""
        return str((self._writer.get_extra_info("peername") or ("",))[0])

    @property
    def session(self) -> Session:
        """What is known of the conversation, with secrets removed."""
        return self._observer.session

    async def ask(self, line: bytes) -> list[Frame]:
        """Send *line*, which has its end, and return the frames of the reply to it."""
        await self.send(line)
        return await self.reply()

    async def send(self, data: bytes) -> None:
        """Send *data*, a line or several."""
        for frame in self._decoder.feed(Side.CLIENT, data):
            if isinstance(frame, CommandLine) and frame.command.effect in (Effect.QUIT, Effect.TLS):
                self._effects[frame.number] = frame.command.effect
        self._hear(Side.CLIENT, data)
        try:
            self._writer.write(data)
            async with asyncio.timeout(self._patience) as patience:
                await self._writer.drain()
        except OSError as error:
            raise self._broken(error, patience) from None

    async def reply(self) -> list[Frame]:
        """Return the frames up to the end of a reply, or to a challenge; fewer at the very end.

        Right behind ``open`` it is the greeting.
        """
        frames: list[Frame] = []
        while frame := await self.hear():
            frames.append(frame)
            if _ends_reply(frame):
                break
        return frames

    async def hear(self) -> Frame | None:
        """Return the server's next frame, or None if it will say no more.

        A status line always tells whether it has a body.  Nothing is lost if this is cancelled.
        """
        while not self._heard:
            if self._finished:
                return None
            await self._read()
        if isinstance(frame := self._heard[0], StatusLine):
            if frame.has_body is None:
                self._heard[0] = frame = replace(frame, has_body=await self._goes_on(frame.number))
            effect = self._effects.get(frame.number) if frame.ok else None
            if effect is Effect.QUIT:
                self._how = How.QUIT
            elif effect is Effect.TLS and frame.number:
                del self._effects[frame.number]
                await self._secure()
        return self._heard.popleft()

    async def close(self) -> None:
        """Close the connection and let those who read along come to its end."""
        if not self._closing:
            self._closing, how = True, self._how
            if not self._torn:
                self._writer.close()
                with suppress(OSError):
                    await self._writer.wait_closed()
            self._ending = Ending(how)
            self._observer.soon()
        await self._over.wait()

    async def read_along(self) -> None:
        """Wait until all that was said has been published to those who read along."""
        await self._read_up.wait()

    @property
    def awaits_reply(self) -> bool:
        """Whether the server is to speak next."""
        return bool(self._heard) or (not self._finished and self._decoder.awaits_reply)

    @property
    def asks(self) -> bool:
        """Whether the client's next line is an answer or a message's, and no command."""
        return not self._finished and self._decoder.asks

    @property
    def half_said(self) -> bool:
        """Whether the client has begun a line, or a message, without ending it."""
        return self._decoder.unfinished(Side.CLIENT) > 0

    # -- TLS ------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Do what the URL's scheme asks for before anything else is said."""
        if self._url.scheme == "pop3s":
            await self._secure()
        elif self._url.scheme == "pop3+stls":
            greeting = await self.reply()
            if not any(isinstance(frame, StatusLine) and frame.ok for frame in greeting):
                self._heard.extendleft(reversed(greeting))
                return
            answer = await self.ask(STLS)
            if not any(isinstance(frame, StatusLine) and frame.ok for frame in answer):
                raise refuses_stls(self._url)
            # From here on it is as if nothing had been said but the greeting.
            self._decoder = Decoder()
            for frame in greeting:
                self._heard.extend(self._decoder.feed(Side.SERVER, frame.raw))

    async def _secure(self) -> None:
        """Begin TLS; raise ConnectError if it fails, or if the server said more before it."""
        transport = cast(asyncio.Transport, self._writer.transport)
        transport.pause_reading()
        self._reader.feed_eof()
        if ahead := await self._reader.read():
            self._take(ahead)
        if len(self._heard) > 1 or self._decoder.unfinished(Side.SERVER) or ahead:
            self._finished = True
            if self._url.scheme == "pop3s":
                raise ConnectError(f"{self._url}: {clear_text(self._url)}")
            raise says_more(self._url, "+OK to STLS")
        await self.read_along()
        reader = asyncio.StreamReader(limit=READ)  # nothing that came in clear can be in it
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            inside, tls = await begin_tls(
                transport, protocol, self._trust, self._url, self._timeout
            )
        except ConnectError:
            self._finished = self._torn = True
            raise
        protocol.connection_made(inside)
        self._outside = self._writer  # a StreamWriter that nobody has any more closes its transport
        self._reader = reader
        self._writer = asyncio.StreamWriter(inside, protocol, reader, asyncio.get_running_loop())
        self._observer.secured(tls, self._clock.now())

    # -- what comes -----------------------------------------------------------------------------

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(limit=READ), self._connected)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def _read(self) -> None:
        """Take in what comes next."""
        try:
            async with asyncio.timeout(self._patience) as patience:
                data = await self._reader.read(READ)
        except OSError as error:
            raise self._broken(error, patience) from None
        self._take(data)
        if self._observer.behind:
            await self.read_along()

    def _hear(self, side: Side, data: bytes) -> None:
        """Let *data* be read along."""
        self._read_up.clear()
        self._observer.hear(side, data)

    def _take(self, data: bytes) -> None:
        if data:
            self._hear(Side.SERVER, data)
            frames = self._decoder.feed(Side.SERVER, data)
        else:
            self._finished = True
            if self._how is How.CLIENT_CLOSED:
                self._how = How.SERVER_CLOSED
            frames = self._decoder.close(Side.SERVER)
        self._heard.extend(frame for frame in frames if frame.side is Side.SERVER)

    async def _goes_on(self, number: int) -> bool:
        """Return whether a body follows the status line of an exchange."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while len(self._heard) == 1 and not self._finished:
                    await self._read()
        return (
            len(self._heard) > 1
            and isinstance(self._heard[1], BodyPart | BodyEnd)
            and self._heard[1].number == number
        )

    def _broken(self, error: OSError, patience: asyncio.Timeout) -> ConnectError:
        """Return what is to be told of a connection that is of no more use."""
        self._finished = True
        if patience.expired():
            self._how = How.TIMEOUT
            return ConnectError(f"{self._url}: nothing happened for {self._patience or 0:g} s")
        self._how = How.SERVER_RESET
        if isinstance(error, ssl.SSLError):
            self._how = How.TLS
            return ConnectError(why_failed(error, self._url, self._timeout, self._trust))
        lost = isinstance(error, ConnectionError)  # which of them it is depends on who notices
        return ConnectError(f"{self._url}: {'the connection broke' if lost else reason_of(error)}")

    def _caught_up(self) -> None:
        self._read_up.set()
        if self._ending is not None:
            ending, self._ending = self._ending, None
            self._observer.end(ending)
            self._over.set()


def _ends_reply(frame: Frame) -> bool:
    if isinstance(frame, StatusLine):
        return not frame.has_body
    return isinstance(frame, BodyEnd | Challenge)
