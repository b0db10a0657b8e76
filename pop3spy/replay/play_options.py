"""How a recorded client is played, and what comes of it."""

from dataclasses import dataclass, field

from pop3spy.replay.compare import Difference
from pop3spy.replay.numbers import By
from pop3spy.replay.pace import AT_ONCE, Pace


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
    """

    by: By = By.NUMBER
    allow_delete: bool = False
    pace: Pace = AT_ONCE
    timed: bool = False
