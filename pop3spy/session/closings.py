"""Which closings of a side people are told of: those of which the end of a session says not all."""

from typing import Final

from pop3spy.session.events import Ended, Event, Heard, Intervened, SideClosed
from pop3spy.session.how import Ending, How

SOON: Final = 0.1
"""Seconds within which the end of a session comes at once."""


def closing_text(event: SideClosed) -> str:
    """Return what a side did: ``the server closed its side``."""
    did = "reset the connection" if event.reset else "closed its side"
    return f"the {event.side.name.lower()} {did}"


class Closings:
    """Keeps the closings of one session or several until it is known whether to tell them.

    One is told as soon as anything was said behind it, or ``SOON`` has passed.  If the session ends
    before, that says it all, unless it ended otherwise than by a reset and there was one.
    ``waiting`` are those that may yet be told.
    """

    def __init__(self) -> None:
        self.waiting: list[SideClosed] = []
        self._aged: list[SideClosed] = []  # those that waited when ``overdue`` was asked last

    def before(self, event: Event) -> list[SideClosed]:
        """Return what is to be told before *event*, which is kept if it is a closing."""
        due: list[SideClosed] = []
        if self.waiting:
            due = [closing for closing in self.waiting if _is_due(closing, event)]
            over = event.session if isinstance(event, Ended) else None
            self.waiting = [
                closing
                for closing in self.waiting
                if closing not in due and closing.session is not over
            ]
        if isinstance(event, SideClosed):
            self.waiting = [*self.waiting, event]
        return due

    def overdue(self) -> list[SideClosed]:
        """Return those that have waited since this was asked last: they are to be told now."""
        due = [closing for closing in self.waiting if closing in self._aged]
        self.waiting = self._aged = [closing for closing in self.waiting if closing not in due]
        return due


def _is_due(closing: SideClosed, event: Event) -> bool:
    if event.at - closing.at >= SOON:
        return True
    if event.session is not closing.session:
        return False
    match event:
        case Heard() | Intervened():
            return event.at > closing.at
        case Ended(ending=ending):
            return not _is_told_by(ending, closing)
    return False


def _is_told_by(ending: Ending, closing: SideClosed) -> bool:
    reset = ending.how is How.by_peer(closing.side, reset=True)
    return not closing.reset or reset or ending.how is How.QUIT
