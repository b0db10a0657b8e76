"""A recorded conversation, cut into turns.

Bodies are kept in memory, as the pieces in which they came, up to MOST octets a script: whoever
plays a recording needs them again and again.
"""

from dataclasses import dataclass
from typing import Final

from pop3spy.protocol.commands import Command
from pop3spy.protocol.frames import Spans
from pop3spy.protocol.states import Effect, State
from pop3spy.replay.outcome import Outcome

MOST: Final = 256 << 20
"""Octets of a session beyond which no script is made of it."""


@dataclass(frozen=True, slots=True)
class ReplyPiece:
    """Octets that came at once, ``wait`` seconds behind what had come before them."""

    data: bytes
    wait: float


@dataclass(frozen=True, slots=True)
class RecordedReply:
    """What the server answered: ``line`` is the status line or the challenge, with its end.

    ``pieces`` are all its octets, stuffed dots and lone dot included, cut as they came; ``before``
    counts those of lines without a status before the line, and where no status came, ``line`` is
    the last of them.  ``tail`` is what the server said right behind the reply, though nobody had
    asked.  A reply may not be ``complete``; ``closes`` says that the server hung up behind it.
    """

    line: bytes
    pieces: tuple[ReplyPiece, ...]
    complete: bool = True
    tail: tuple[ReplyPiece, ...] = ()
    closes: bool = False
    before: int = 0

    @property
    def raw(self) -> bytes:
        """All octets of the reply."""
        return b"".join(piece.data for piece in self.pieces)

    @property
    def body(self) -> bytes:
        """The wire text between the status line and the lone dot."""
        text = self.raw[self.before + len(self.line) :]
        return text[: text.rfind(b".")] if self.complete else text


@dataclass(frozen=True, slots=True)
class Continuation:
    """The server asked on, and the client answered: inside AUTH, or with a message (XTND XMIT).

    ``answer`` has its line ends; where it was a secret it is filler, and ``hidden`` says so.
    """

    reply: RecordedReply
    answer: bytes = b""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A command, what was answered to it, and how long the client had waited before it.

    ``line`` has its end, and filler where ``masks`` says so; ``at`` is in seconds since the
    session began; ``reply`` is None if there was none.
    """

    index: int
    line: bytes
    masks: Spans
    command: Command
    at: float
    pause: float
    asks: tuple[Continuation, ...]
    reply: RecordedReply | None
    outcome: Outcome

    @property
    def state(self) -> State:
        """The state of RFC 1939 in which it was answered."""
        return self.outcome.state.phase


@dataclass(frozen=True, slots=True)
class Script:
    """One session: the greeting and the steps; ``user`` is a name that no line tells.

    In a script of several sessions, others than the first begin with the steps of ``begins``.
    """

    session: int
    greeting: RecordedReply | None
    welcome: Outcome
    steps: tuple[Step, ...]
    user: str | None = None
    begins: frozenset[int] = frozenset()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What became of everything, the greeting first."""
        return (self.welcome, *(step.outcome for step in self.steps))

    @property
    def refused(self) -> bool:
        """Whether the greeting sent the client away, and the server answered nothing behind it."""
        return self.welcome.ok is False and not any(step.reply for step in self.steps)

    def logs_in(self, login: Step) -> bool:
        """Return whether a step logged in.

        Where the reply has no status, what was asked behind it tells.
        """
        if login.command.effect is not Effect.LOGIN or not login.outcome.odd:
            return login.command.effect is Effect.LOGIN and login.outcome.ok is True
        for step in self.steps[login.index + 1 :]:
            if step.command.effect is Effect.LOGIN:
                return False
            if step.state is State.TRANSACTION:
                return True
        return False
