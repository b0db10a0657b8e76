"""One connection of an audit: what is said to the server, and what it answers, to the octet."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pop3spy.check.reply import Reply, ReplyKind, kind_of
from pop3spy.check.timing import Timing
from pop3spy.net.probe import ProbeConnection
from pop3spy.net.tried import TriedTls
from pop3spy.net.trust import Trust

_LONGEST_LISTING: Final = 1 << 22
"""Octets of a body that are taken."""
_MOMENT: Final = 0.01
"""Seconds in which what the server has done shows."""


@dataclass(frozen=True, slots=True)
class ConnectionEnd:
    """How a connection ended: what came before, and whether and how it closed in time."""

    said: bytes
    closed: bool
    reset: bool = False
    abrupt: bool = False
    seconds: float = 0.0

    def __str__(self) -> str:
        """Return it for a sentence."""
        if not self.closed:
            return f"the connection is still open after {self.seconds:.0f} s"
        how = "by a reset" if self.reset else "by a FIN"
        return f"the connection closed {how} after {self.seconds:.1f} s"


def lines_of(body: bytes) -> list[bytes]:
    """Return the lines of *body*, each with its end; only LF ends a line."""
    return [line + b"\n" for line in body.split(b"\n")[:-1]]


class Conversation:
    """Says commands on *probe*, and hands over lines as they come, within *timing*.

    ``greeting`` is the greeting, once it was heard; *unasked* is given what nobody had asked for.
    """

    def __init__(
        self, probe: ProbeConnection, timing: Timing, unasked: Callable[[bytes], None]
    ) -> None:
        self.probe = probe
        self.timing = timing
        self.greeting = Reply(ReplyKind.SILENT)
        self._unasked = unasked
        self.longest = b""  # of the lines that were taken for replies
        self._said = bytearray()
        self._over = False
        self.judged_alone = False  # the check itself judges what nobody asked for

    @property
    def over(self) -> bool:
        """Whether the server will say no more, and nothing is left of what it said."""
        return self._over and not self._said

    async def greeted(self) -> Reply:
        """Hear the greeting."""
        self.greeting = await self.reply(self.timing.login)
        return self.greeting

    # -- speaking -------------------------------------------------------------------------------

    async def send(self, octets: bytes) -> None:
        """Send *octets* as they are."""
        await self.probe.send(octets)

    async def ask(self, command: str | bytes, seconds: float | None = None) -> Reply:
        """Send *command* with CRLF, and return the first line that answers it.

        Whatever has come before belongs to no question.
        """
        self.set_aside()
        line = command.encode("utf-8", "surrogateescape") if isinstance(command, str) else command
        await self.send(line + b"\r\n")
        return await self.reply(seconds)

    def set_aside(self) -> None:
        """Take what came, and was not asked for, out of the way."""
        if self._said and not self.judged_alone:
            self._unasked(bytes(self._said))
        self._said.clear()

    # -- hearing --------------------------------------------------------------------------------

    async def reply(self, seconds: float | None = None) -> Reply:
        """Return the next line, or what came in place of one within *seconds*."""
        waited = self.timing.reply if seconds is None else seconds
        began = time.monotonic()
        while b"\n" not in self._said:
            left = began + waited - time.monotonic()
            if not self._may_say_more or left <= 0:
                break
            await self._more(left)
        took = time.monotonic() - began
        end = self._said.find(b"\n") + 1
        if end:
            line = bytes(self._said[:end])
            del self._said[:end]
            self.longest = max(self.longest, line, key=len)
            return Reply(kind_of(line), line, took, waited=waited)
        kind = ReplyKind.CLOSED if self._over else ReplyKind.SILENT
        return Reply(kind, bytes(self._said), took, self.probe.was_reset, waited)

    async def body(self, seconds: float | None = None) -> bytes | None:
        """Return what stands before the lone dot, as it came; None if no dot came in time.

        Each pause in it may last *seconds*.
        """
        waited = self.timing.login if seconds is None else seconds
        while (end := self._end_of_body()) is None:
            if not self._may_say_more or not await self._more(waited):
                return None
        said = bytes(self._said[: end - 3])
        del self._said[:end]
        return said

    async def listing(self, command: str) -> tuple[Reply, list[bytes] | None]:
        """Ask *command*; return its status line, and the lines of the listing behind a +OK."""
        reply = await self.ask(command)
        if not reply.ok:
            return reply, None
        body = await self.body(self.timing.of(5.0))
        return reply, None if body is None else lines_of(body)

    async def silence(self, seconds: float = 1.0) -> bytes:
        """Return what comes within a time that stands for *seconds* of silence."""
        until = time.monotonic() + self.timing.quiet(seconds)
        while self._may_say_more and (left := until - time.monotonic()) > 0:
            await self._more(left)
        said = bytes(self._said)
        self._said.clear()
        return said

    async def rest(self, seconds: float) -> ConnectionEnd:
        """Return what comes until the server closes, for *seconds* at most."""
        began = time.monotonic()
        while self._may_say_more and (left := began + seconds - time.monotonic()) > 0:
            await self._more(left)
        said = bytes(self._said)
        self._said.clear()
        probe = self.probe
        took = time.monotonic() - began
        return ConnectionEnd(said, self._over, probe.was_reset, probe.was_abrupt, took)

    @property
    def closed(self) -> bool:
        """Whether the server has closed, as far as is known."""
        return self._over

    async def look(self) -> None:
        """Find out whether the server has closed, or said something, in the meantime."""
        if not self._over:
            await self._more(self.timing.quiet(_MOMENT))

    @property
    def _may_say_more(self) -> bool:
        """Whether more is to be taken: the server has not closed, and does not flood us."""
        return not self._over and len(self._said) <= _LONGEST_LISTING

    async def _more(self, seconds: float) -> bool:
        """Take what comes within *seconds*; return whether anything did."""
        said = await self.probe.octets(seconds)
        if said == b"":
            self._over = True
        self._said += said or b""
        return bool(said)

    def _end_of_body(self) -> int | None:
        """Return where the line behind the lone dot begins."""
        if self._said.startswith(b".\r\n"):
            return 3
        at = self._said.find(b"\r\n.\r\n")
        return None if at < 0 else at + 5

    # -- TLS and the end ------------------------------------------------------------------------

    async def secure(self, trust: Trust, name: str) -> TriedTls:
        """Begin TLS; what came before it is no part of what is said inside."""
        self.set_aside()
        return await self.probe.secure(trust, name)

    async def close(self) -> None:
        """Close the connection, without a word."""
        self.set_aside()
        await self.probe.close()
