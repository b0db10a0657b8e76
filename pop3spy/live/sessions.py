"""The sessions of a proxy, and what was said in them: as much as fits."""

from collections import OrderedDict
from typing import Final

from pop3spy.console.record import EventHistory
from pop3spy.session.events import Ended, Event, Opened, Told
from pop3spy.session.model import Session

ENDED: Final = 50
"""Sessions that are remembered when they are over."""
MOST: Final = 64 << 20
"""Octets that are kept of all sessions together, in case that one is to be exported."""


class SessionList:
    """A subscriber that knows every session that is open, and the last that are not."""

    def __init__(self, most: int = MOST) -> None:
        self.open: dict[int, Session] = {}
        self.ended: OrderedDict[int, Session] = OrderedDict()
        self._pasts: OrderedDict[int, EventHistory] = OrderedDict()
        self._most = most
        self._octets = 0

    def __call__(self, event: Told) -> None:
        """Take in what happened."""
        if not isinstance(event, Event):
            return
        session = event.session
        if isinstance(event, Opened):
            self.open[session.id] = session
            self._pasts[session.id] = EventHistory()
        if past := self._pasts.get(session.id):
            before = past.octets
            past(event)
            self._octets += past.octets - before
            self._forget_some()
        if isinstance(event, Ended):
            self.open.pop(session.id, None)
            self.ended[session.id] = session
            while len(self.ended) > ENDED:
                number, _ = self.ended.popitem(last=False)
                self._forget(number)

    def find(self, number: int) -> Session | None:
        """Return session *number*, None if nothing is known of it any more."""
        return self.open.get(number) or self.ended.get(number)

    def past(self, number: int) -> list[Event] | None:
        """Return all that happened in session *number*; None if that is not known any more."""
        past = self._pasts.get(number)
        return past.events if past else None

    def _forget_some(self) -> None:
        """Forget what was said in the oldest sessions, those that are over first."""
        while self._octets > self._most and self._pasts:
            over = (number for number in self._pasts if number in self.ended)
            self._forget(next(over, next(iter(self._pasts))))

    def _forget(self, number: int) -> None:
        if past := self._pasts.pop(number, None):
            self._octets -= past.octets
