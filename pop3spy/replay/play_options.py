"""How a recorded client is played, and what comes of it."""

from dataclasses import dataclass, field

from pop3spy.protocol.commands import Turn
from pop3spy.replay.difference import Difference
from pop3spy.replay.numbers import By
from pop3spy.replay.outcome import TlsSide
from pop3spy.replay.pace import AT_ONCE, Pace
from pop3spy.replay.script import Step


@dataclass(frozen=True, slots=True)
class Say:
    """What to send next: after a *pause* in seconds, or when so many are *due* since the start."""

    data: bytes = field(repr=False)
    pause: float = 0.0
    due: float | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A recorded command that was not said, and why."""

    exchange: int
    command: str
    why: str


@dataclass(frozen=True, slots=True)
class Played:
    """What playing came to; ``exchanges`` is how many were compared."""

    exchanges: int
    differences: tuple[Difference, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """How a client is played.

    In recorded time (*timed*) it does not wait for replies but where it must: inside AUTH.
    *auth* are the ways to log in, the best first, where it is not to be as recorded; *host* is the
    server's name, which DIGEST-MD5 needs.  With *tls* there is TLS before anything is said.
    """

    by: By = By.NUMBER
    allow_delete: bool = False
    pace: Pace = AT_ONCE
    timed: bool = False
    auth: tuple[str, ...] = ()
    host: str = "localhost"
    tls: bool = False

    def forbids(self, step: Step) -> str:
        """Return why the command of *step* must not be said, or nothing."""
        command = step.command
        if command.verb == "DELE" and not self.allow_delete:
            return "it would delete a message"
        if command.turn is Turn.DATA:
            return "it would send mail"
        if command.turn is Turn.TLS:
            return "TLS begins as the address says, not as recorded"
        if self.tls and step.outcome.side is TlsSide.BEFORE:
            return "it was said before TLS, which is there from the first now"
        return ""
