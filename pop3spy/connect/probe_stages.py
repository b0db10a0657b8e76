"""The stages that a probe goes through: what each takes, and when it is reached."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from pop3spy.connect.console import Console
from pop3spy.connect.logins import best_method, log_in
from pop3spy.connect.stage import Stage
from pop3spy.connect.talk import ServerReply
from pop3spy.console.registry import RefusalError
from pop3spy.export.unstuff import Unstuffer
from pop3spy.protocol.states import State


@dataclass(frozen=True, slots=True)
class RetrievedMessage:
    """The message that a probe retrieved: its number, its octets and their SHA-256, unstuffed."""

    number: int
    octets: int
    sha256: str


class ProbedSession:
    """A session that a probe goes through: the console, and the message that it is about.

    *wanted* is a message number, ``first`` or ``last``.  With ``harmless`` false a message may
    still be marked as deleted, so QUIT must not be said.
    """

    def __init__(self, console: Console, wanted: str) -> None:
        self.console = console
        self.harmless = True
        self.retrieved: RetrievedMessage | None = None
        self._wanted = wanted

    @property
    def number(self) -> int:
        """The number of the message; raise RefusalError if there is none."""
        if self._wanted.isdigit():
            return int(self._wanted)
        session = self.console.session
        listing = session.maildrop.last_list if session else None
        if listing is None or not listing.numbers:
            raise RefusalError(f"there is no {self._wanted} message: nothing is listed")
        return min(listing.numbers) if self._wanted == "first" else listing.highest

    async def say(self, *words: bytes) -> ServerReply:
        """Say a command and return the reply."""
        return await self.console.command(*words)


Reach = Callable[[ProbedSession], Awaitable[bool]]
"""Does what a stage takes, and returns whether it was reached."""


async def _connect(probed: ProbedSession) -> bool:
    console = probed.console
    session = console.session
    return console.state is State.AUTHORIZATION and session is not None and not session.refused


async def _tls(probed: ProbedSession) -> bool:
    """Be inside TLS; where the URL has not asked for it, STLS does."""
    console = probed.console
    if console.session is not None and console.session.tls is None:
        await probed.say(b"STLS")
    return console.session is not None and console.session.tls is not None


async def _auth(probed: ProbedSession) -> bool:
    return await log_in(probed.console, await best_method(probed.console), "")


def _saying(verb: bytes) -> Reach:
    async def reach(probed: ProbedSession) -> bool:
        reply = await probed.say(verb)
        return reply.ok and reply.whole

    return reach


async def _top(probed: ProbedSession) -> bool:
    reply = await probed.say(b"TOP", b"%d" % probed.number, b"0")
    return reply.ok and reply.whole


async def _retr(probed: ProbedSession) -> bool:
    """Retrieve the message; nothing of it is kept but its size and its digest."""
    console, number = probed.console, probed.number
    unstuffer, digest, size = Unstuffer(), hashlib.sha256(), 0

    def take(part: bytes) -> None:
        nonlocal size
        content = unstuffer.feed(part)
        size += len(content)
        digest.update(content)

    console.must_have_its_turn()
    console.view.folded = True
    try:
        reply = await console.ask(b"RETR %d\r\n" % number, take)
    finally:
        console.view.folded = False
    if not (reply.ok and reply.whole):
        return False
    probed.retrieved = RetrievedMessage(number, size, digest.hexdigest())
    return True


async def _dele_and_rset(probed: ProbedSession) -> bool:
    """Mark the message and take the mark back; until that is certain, nothing is harmless."""
    number = b"%d" % probed.number
    probed.harmless = False
    marked = (await probed.say(b"DELE", number)).ok
    unmarked = (await probed.say(b"RSET")).ok
    probed.harmless = unmarked
    return marked and unmarked


STAGES: Final[dict[str, tuple[Stage, Reach]]] = {
    "connect": (Stage.GREETING, _connect),
    "tls": (Stage.TLS, _tls),
    "capa": (Stage.CAPABILITIES, _saying(b"CAPA")),
    "auth": (Stage.LOGIN, _auth),
    "stat": (Stage.TRANSACTION, _saying(b"STAT")),
    "list": (Stage.TRANSACTION, _saying(b"LIST")),
    "uidl": (Stage.TRANSACTION, _saying(b"UIDL")),
    "top": (Stage.TRANSACTION, _top),
    "retr": (Stage.TRANSACTION, _retr),
    "dele+rset": (Stage.TRANSACTION, _dele_and_rset),
}
"""The stages by what --quit-after calls them, each with those before it behind it."""

OPTIONAL: Final = frozenset({"tls", "capa", "uidl", "top"})
"""Stages that a session goes on without, unless it is to end there: RFC 1939 asks for none."""

ON_DEMAND: Final = frozenset({"tls", "retr"})
"""Stages that are left out on the way: TLS is for the URL to ask, RETR marks mail as read."""
