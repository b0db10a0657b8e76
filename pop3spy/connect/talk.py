"""The console's connection: somebody listens all the time, so nothing that is said goes unseen."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from pop3spy.console.registry import RefusalError
from pop3spy.errors import ConnectError
from pop3spy.net.connection import Connection
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.frames import BodyEnd, BodyPart, Challenge, Frame, Junk, StatusLine
from pop3spy.protocol.why import Why

MOST: Final = 8 << 20
"""Octets of a reply's body that are kept for who asked."""

SOON: Final = 0.3
"""Seconds within which most replies come."""

Dial = Callable[[int], Awaitable[Connection]]
"""Opens the session of this number; raises ConnectError."""


@dataclass(slots=True)
class ServerReply:
    """What the server said until it was somebody else's turn; ``body`` is still stuffed.

    These are the octets as they came: what the console shows it has from events, masked.  What
    ``sink`` takes is not kept.  With ``odd`` the last line had no status, and the reply may still
    follow it.
    """

    status: StatusLine | None = None
    challenge: Challenge | None = None
    whole: bool = False
    odd: bool = False
    body: bytearray = field(default_factory=bytearray)
    sink: Callable[[bytes], None] | None = None

    @property
    def ok(self) -> bool:
        """Whether it was positive."""
        return self.status is not None and self.status.ok

    @property
    def asked(self) -> bytes | None:
        """The base64 of a challenge, None if this is none."""
        return line_of(self.challenge.raw)[1:].strip() if self.challenge else None

    def take(self, frame: Frame) -> None:
        """Take in what was heard."""
        match frame:
            case StatusLine():
                self.status, self.challenge, self.whole = frame, None, not frame.has_body
                self.odd = False
            case Challenge():
                self.challenge, self.whole, self.odd = frame, True, False
            case BodyEnd():
                self.whole = True
            case Junk(why=Why.NO_STATUS | Why.BANNER):
                self.odd = True
            case BodyPart() if self.sink:
                self.sink(frame.raw)
            case BodyPart() if len(self.body) < MOST:
                self.body += frame.raw


class Talk:
    """Speaks on one connection after the other; *news* is called with each frame heard.

    ``broken`` tells why the last one is of no more use, if it did not just end; ``slow`` is whether
    somebody has waited long enough to be shown what there is.
    """

    def __init__(
        self, dial: Dial, patience: float | None, news: Callable[[], Awaitable[None]]
    ) -> None:
        self.broken: str | None = None
        self.slow = False
        self.number = 0
        self._dial = dial
        self._patience = patience
        self._news = news
        self._connection: Connection | None = None
        self._reply = ServerReply()
        self._turn = asyncio.Event()  # it is the client's turn, or it is over
        self._interrupted = False

    @property
    def connection(self) -> Connection | None:
        """The connection, None when there is none."""
        return self._connection

    async def open(self, group: asyncio.TaskGroup) -> ServerReply:
        """Connect, and return the greeting; the one that listens is a task of *group*."""
        self.number += 1
        self.broken = None
        self._connection = connection = await self._dial(self.number)
        self._begin(ServerReply())
        group.create_task(self._listen(connection), name="listening")
        return await self._settle()

    async def ask(self, data: bytes, sink: Callable[[bytes], None] | None = None) -> ServerReply:
        """Send *data*, wait until the server has said all that it will, and return that.

        Raise RefusalError if that is interrupted; nothing is lost, it is shown when it comes.
        Raise ConnectError when there is no connection.
        """
        if self._connection is None:
            raise ConnectError("not connected")
        self._begin(ServerReply(sink=sink))
        try:
            async with asyncio.timeout(self._patience):
                await self._connection.send(data)
        except TimeoutError:
            await self.close()
            self.broken = f"the server took nothing for {self._patience:g} s"
        reply = await self._settle()
        if self._connection is None and not reply.whole:
            self.broken = self.broken or "the server hung up before it had replied"
        reply.sink = None  # an interrupted reply goes on, and nobody takes it any more
        return reply

    async def wait(self, seconds: float) -> None:
        """Let so many seconds pass, or fewer if that is interrupted."""
        self._begin(self._reply)
        self.slow = True
        await self._news()
        try:
            async with asyncio.timeout(seconds):
                while not self._interrupted and self._connection is not None:
                    await self._turn.wait()
                    self._turn.clear()
        except TimeoutError:
            pass
        finally:
            self.slow = False

    def interrupt(self) -> None:
        """Wait no more for what the server has to say."""
        self._interrupted = True
        self._turn.set()

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if (connection := self._connection) is not None:
            await connection.close()
            self._gone(connection)

    def _begin(self, reply: ServerReply) -> None:
        self._reply = reply
        self._interrupted = False
        self._turn.clear()

    async def _settle(self) -> ServerReply:
        """Wait for the client's turn."""
        reply = self._reply
        connection = self._connection
        if connection is not None and not (connection.awaits_reply or connection.over):
            self._turn.set()  # where it is over, who listens is about to say so
        try:
            await self._wait_for_turn()
            if self._patience is not None:
                await self._wait_behind_odd_lines(reply)
        except TimeoutError:
            await self.close()
            self.broken = f"the server said nothing for {self._patience:g} s"
        if self._interrupted:
            reply.sink = None
            raise RefusalError("not waited for any more; what comes is shown when it comes")
        return reply

    async def _wait_for_turn(self) -> None:
        """Wait; after a moment, what there is so far is shown, and what comes as it comes."""
        try:
            async with asyncio.timeout(SOON):
                await self._turn.wait()
                return
        except TimeoutError:
            self.slow = True
        await self._news()
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.wait()
        finally:
            self.slow = False

    async def _wait_behind_odd_lines(self, reply: ServerReply) -> None:
        """Give the reply a moment to come behind lines that are none: a script judges none."""
        while reply.odd and self._connection is not None and not self._interrupted:
            self._turn.clear()
            try:
                async with asyncio.timeout(SOON):
                    await self._turn.wait()
            except TimeoutError:
                break
        if self._connection is not None and self._connection.awaits_reply:
            await self._wait_for_turn()

    async def _listen(self, connection: Connection) -> None:
        try:
            while (frame := await connection.hear()) is not None:
                self._reply.take(frame)
                if not connection.awaits_reply:
                    self._turn.set()
                await self._news()
        except ConnectError as error:
            self.broken = str(error)
        finally:
            await connection.close()
            self._gone(connection)
            await self._news()

    def _gone(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self._turn.set()
