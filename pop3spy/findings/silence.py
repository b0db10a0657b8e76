"""The event of nothing: what rules are asked about when nobody speaks."""

from dataclasses import dataclass

from pop3spy.session.events import Event


@dataclass(slots=True)
class Silence(Event):
    """Nobody has said anything since the time ``since``; it is not on the bus."""

    since: float
