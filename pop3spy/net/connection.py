"""A connection to a server, as its client: commands out, whole replies in.

What both sides say is read once: what is told on the bus, as of a proxy's sessions, is what is
heard here.  Where the server grants STLS, TLS begins at once; octets that it said in clear behind
that never get into it.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

from pop3spy.errors import ConnectError, TlsError
from pop3spy.net.dial import dial, reason_of
from pop3spy.net.half import Half
from pop3spy.net.layer import Layer
from pop3spy.net.leg import Legs
from pop3spy.net.opening import ask_for_tls, says_more
from pop3spy.net.pending_connection import PendingConnection
from pop3spy.net.tls import agreed_with_server
from pop3spy.net.trust import Trust
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Side,
    Spans,
    StatusLine,
)
from pop3spy.protocol.states import Effect
from pop3spy.protocol.url import Url
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.redaction.typist import Typist
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.failure import describe
from pop3spy.session.how import Closing, Ending, How
from pop3spy.session.model import Peer, Session
from pop3spy.session.reading import Reading

LINGER = 0.25
"""Seconds within which a body follows a status line that may have one or not.

A server sends both in one go, so a moment's silence says that there is none.
"""
FAREWELL = 1.0
"""Seconds that a server has to take what was said last."""


class Connection:
    """Talks with the server at *url*; use ``open`` to make one, and close it.

    Each wait for the server lasts *patience* seconds at most, for ever without any; a handshake has
    *timeout* seconds.  ConnectError tells in one line that the server said nothing for so long,
    that the connection broke, or that TLS did not come about.
    """

    def __init__(
        self, url: Url, patience: float | None, trust: Trust, timeout: float, clock: Clock
    ) -> None:
        self._url = url
        self._patience = patience
        self._legs = Legs(trust, timeout=timeout)
        self._pending = PendingConnection(clock)
        self._heard: deque[Frame] = deque()
        self._finished = False  # the server will say no more
        self._closing = False
        self._ours = 0  # exchanges that nobody else has asked, and that are not counted
        self._stls: set[int] = set()  # exchanges that may bring TLS about
        self._how = How.CLIENT_CLOSED
        self._over = asyncio.Event()
        self._clock = clock
        self._reading: Reading

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
        names: Pseudonyms | None = None,
        trust: Trust | None = None,
        typist: Typist | None = None,
        memory: SecretMemory | None = None,
    ) -> Self:
        """Connect to *url* as session *number*; the greeting is still to be heard.

        Raise ConnectError if no address answers within *timeout* seconds, or if there is no TLS
        where the URL wants it.  *names* gives what stands for names that nobody may learn;
        *trust* says whose certificates are believed; *typist* is the person who types commands,
        if one does, and *memory* what the sessions before had in common.
        """
        connection = cls(url, patience, trust or Trust(), timeout, clock)
        await dial(url, lambda: Half(Side.SERVER, connection._pending.join), timeout)
        client, server = Peer(*connection._half.name("sockname")), Peer(url.host, url.port)
        connection._reading = Reading(
            *(number, client, server, clock.now(), bus.publish),
            names=names,
            typist=typist,
            memory=memory or SecretMemory(clock.started),
        )
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
        return self._half.name("peername")[0]

    @property
    def session(self) -> Session:
        """What is known of the conversation, with secrets removed."""
        return self._reading.session

    async def ask(self, line: bytes) -> list[Frame]:
        """Send *line*, which has its end, and return the frames of the reply to it."""
        await self.send(line)
        return await self.reply()

    async def send(self, data: bytes) -> None:
        """Send *data*, a line or several; that the connection broke is told to who hears.

        Nothing goes, and nothing is told, once it is being closed.
        """
        if self._closing:
            return
        self._hear(Side.CLIENT, data)
        self._half.write(data)
        try:
            async with asyncio.timeout(self._patience):
                await self._pending.drained()
        except TimeoutError:
            raise self._nothing_happened() from None

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
            if frame.ok and frame.number in self._stls:
                self._stls.remove(frame.number)
                await self._granted()
        return self._heard.popleft()

    async def close(self) -> None:
        """Close the connection and let those who read along come to its end."""
        if not self._closing:
            self._closing, how = True, self._how
            self._pending.tell_closings(self)
            self._half.close()
            if how in (How.CLIENT_CLOSED, How.SERVER_CLOSED):
                self.closed(Side.CLIENT, reset=False)
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(FAREWELL):
                        await self._pending.gone()
            finally:  # whoever else waits for the end must not wait for ever
                self._half.abort()
                self._end(Ending(how))
                self._over.set()
        await self._over.wait()

    @property
    def over(self) -> bool:
        """Whether the server will say no more."""
        return self._finished and not self._heard

    @property
    def awaits_reply(self) -> bool:
        """Whether the server is to speak next."""
        return bool(self._heard) or (not self._finished and self._reading.awaits_reply)

    @property
    def asks(self) -> bool:
        """Whether the client's next line is an answer or a message's, and no command."""
        return not self._finished and self._reading.asks

    @property
    def half_said(self) -> bool:
        """Whether the client has begun a line, or a message, without ending it."""
        return self._reading.unfinished(Side.CLIENT) > 0

    def hidden_of(self, line: bytes) -> Spans:
        """Return what is hidden of *line* if it is said now."""
        return self._reading.hidden_of(line)

    # -- TLS ------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Do what the URL's scheme asks for before anything else is said."""
        if self._url.scheme == "pop3+stls":
            try:
                await ask_for_tls(self._pending, self._url, self._legs.timeout, self._hear)
            except TlsError as error:
                raise self._broken(error) from None
            except ConnectError:
                gone = How.SERVER_RESET if self._pending.error else How.SERVER_CLOSED
                self._how = gone if self._pending.over else How.TIMEOUT
                raise
            self._stls.clear()
            self._heard.pop()  # the answer to STLS, which nobody but us has asked
            self._ours = 1
        if self._url.scheme != "pop3":
            await self._secure()

    async def _granted(self) -> None:
        """Begin TLS, for which the server was asked; raise TlsError if it said more than that."""
        if said := self._pending.take():
            self._take(said)
        if len(self._heard) > 1 or self._reading.unfinished(Side.SERVER):
            raise self._broken(says_more(self._url, "+OK to STLS"))
        await self._secure()

    async def _secure(self) -> None:
        """Begin TLS; raise TlsError if it fails."""
        layer = self._legs.towards(self._url, self._url.host)
        begun = partial(self._secured, layer, self._legs.trust)
        hands = self._half.secure(layer, begun, self._pending.take())
        try:
            await self._legs.shaken(layer, hands)
        except TlsError as error:
            self._half.abort()
            raise self._broken(error) from None

    def _secured(self, layer: Layer, trust: Trust) -> None:
        tls = agreed_with_server(layer.object, trust)
        self._reading.secured(tls, self._clock.now())

    # -- what comes -----------------------------------------------------------------------------

    @property
    def _half(self) -> Half:
        return self._pending.half

    async def _read(self) -> None:
        """Take in what comes next."""
        try:
            async with asyncio.timeout(self._patience):
                data = await self._pending.more()
        except TimeoutError:
            raise self._nothing_happened() from None
        if not data:
            self._pending.tell_closings(self)
        if not data and self._pending.error:
            raise self._broken(self._pending.error)
        self._take(data)

    def closed(
        self, side: Side, *, reset: bool, close_notify: bool | None = None, at: float | None = None
    ) -> None:
        """Tell that *side* closed, behind all that was said."""
        at = self._clock.now() if at is None else at
        self._reading.side_closed(Closing(side, at, reset, close_notify))

    def _take(self, data: bytes) -> None:
        if data:
            self._hear(Side.SERVER, data)
            return
        self._finished = True
        if self._how is How.CLIENT_CLOSED:
            self._how = How.SERVER_CLOSED
        if (rest := self._reading.close(Side.SERVER)) is not None:
            self._heard.append(rest)

    def _hear(self, side: Side, data: bytes) -> None:
        """Read what was said; keep the server's frames for who hears, and which commands are STLS.

        Raise ConnectError if that fails: nobody would know what the server said.
        """
        try:
            self._reading.append(Chunk(side, data, self._clock.now()))
            while (read := self._reading.read()) is not None:
                frame, _ = read
                if frame.side is Side.SERVER:
                    number = max(0, frame.number - self._ours)
                    self._heard.append(replace(frame, number=number) if self._ours else frame)
                elif isinstance(frame, CommandLine) and frame.command.effect is Effect.TLS:
                    self._stls.add(frame.number - self._ours)
        except Exception as error:  # noqa: BLE001 - a bug in reading is told, and ends the session
            self._finished = True
            why = f"reading failed: {describe(error)}"
            self._reading.blind(self._clock.now(), why)
            raise ConnectError(f"{self._url}: {why}") from None

    def _end(self, ending: Ending) -> None:
        try:
            self._reading.end(self._clock.now(), ending)
        except Exception as error:  # noqa: BLE001 - as above; the second call reads nothing
            self._reading.blind(self._clock.now(), f"reading failed: {describe(error)}")
            self._reading.end(self._clock.now(), ending)

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

    def _nothing_happened(self) -> ConnectError:
        """Return what is to be told of a server that was waited for in vain."""
        self._finished, self._how = True, How.TIMEOUT
        return ConnectError(f"{self._url}: nothing happened for {self._patience or 0:g} s")

    def _broken(self, error: Exception) -> ConnectError:
        """Return what is to be told of a connection that is of no more use."""
        self._finished = True
        if isinstance(error, TlsError):
            self._how = How.TLS
            return error
        self._how = How.SERVER_RESET
        why = "the connection broke"  # which of ConnectionError's it is depends on who notices
        if isinstance(error, OSError) and not isinstance(error, ConnectionError):
            why = reason_of(error)
        return ConnectError(f"{self._url}: {why}")


def _ends_reply(frame: Frame) -> bool:
    if isinstance(frame, StatusLine):
        return not frame.has_body
    return isinstance(frame, BodyEnd | Challenge)
