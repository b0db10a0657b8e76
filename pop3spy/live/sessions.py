"""The sessions of a proxy, and what was said in them: as much as fits."""

from collections import OrderedDict
from functools import partial
from typing import Final

from pop3spy.console.record import EventHistory
from pop3spy.session.bus import Reader
from pop3spy.session.events import Ended, Event, Noted, Told
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
        self._histories: OrderedDict[int, EventHistory] = OrderedDict()
        self._most = most
        self._octets = 0

    def __call__(self, session: Session) -> Reader:
        """Return what keeps what happens in *session*."""
        self.open[session.id] = session
        history = self._histories[session.id] = EventHistory()
        return partial(self._take_in, history)

    def _take_in(self, history: EventHistory, event: Event) -> None:
        self._keep(history, event)
        if isinstance(event, Ended):
            self._end(event.session)

    def _keep(self, history: EventHistory, told: Told) -> None:
        before = history.octets
        history.keep(told)
        self._octets += history.octets - before
        self._forget_some()

    def _end(self, session: Session) -> None:
        del self.open[session.id]
        self.ended[session.id] = session
        while len(self.ended) > ENDED:
            number, _ = self.ended.popitem(last=False)
            self._forget(number)

    def find(self, number: int) -> Session | None:
        """Return session *number*, None if nothing is known of it any more."""
        return self.open.get(number) or self.ended.get(number)

    def all(self) -> list[Session]:
        """Return those that are known: first those that are over."""
        return [*self.ended.values(), *self.open.values()]

    def note(self, event: Noted) -> None:
        """Keep what a person noted, in each session that is open."""
        if event.what != "noted":
            return
        for number in self.open:
            if history := self._histories.get(number):
                self._keep(history, event)

    def past(self, number: int) -> list[Told] | None:
        """Return all that happened in session *number*, and what was noted meanwhile.

        None if that is not known any more.
        """
        history = self._histories.get(number)
        return history.events if history else None

    def _forget_some(self) -> None:
        """Forget what was said in the oldest sessions, those that are over first."""
        while self._octets > self._most and self._histories:
            over = (number for number in self._histories if number in self.ended)
            self._forget(next(over, next(iter(self._histories))))

    def _forget(self, number: int) -> None:
        if history := self._histories.pop(number, None):
            self._octets -= history.octets
            history.forget()
