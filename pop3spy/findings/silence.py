"""The events of nothing: what rules are asked about when nobody speaks, and then somebody does."""

from dataclasses import dataclass
from itertools import pairwise

from pop3spy.session.events import Event, Heard


@dataclass(slots=True)
class Silence(Event):
    """Nobody has said anything since the time ``since``; it is not on the bus."""

    since: float


@dataclass(slots=True)
class Resumed(Event):
    """Nobody had said anything from ``since`` until ``until``; it is not on the bus.

    What was ``heard`` was said behind that silence, or its last octets were.
    """

    since: float
    until: float
    heard: Heard

    @property
    def silence(self) -> float:
        """How long nobody had said anything, in seconds."""
        return self.until - self.since


def longest_silence(heard: Heard, before: float) -> tuple[float, float]:
    """Return from when until when nobody spoke, of all pauses from *before* to the last octet."""
    times = [before, heard.first, *(at for _, at in heard.frame.cuts), heard.at]
    return max(pairwise(times), key=lambda pause: pause[1] - pause[0])
