"""The events of nothing: what rules are asked about when nobody speaks, and then somebody does."""

from dataclasses import dataclass

from pop3spy.session.events import Event, Heard


@dataclass(slots=True)
class Silence(Event):
    """Nobody has said anything since the time ``since``; it is not on the bus."""

    since: float


@dataclass(slots=True)
class Resumed(Event):
    """What was ``heard`` begins behind a silence since the time ``since``; it is not on the bus."""

    since: float
    heard: Heard

    @property
    def silence(self) -> float:
        """How long nobody had said anything, in seconds."""
        return self.heard.first - self.since
