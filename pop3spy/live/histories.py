"""What happened in the sessions of a proxy, event by event: as much as fits, for whoever saves it.

A report and an export are made of it, and they may be asked for long after something was said.
"""

from collections import OrderedDict
from typing import Final

from pop3spy.console.record import EventHistory
from pop3spy.session.bus import Reader
from pop3spy.session.events import Ended, Event, Noted, Told
from pop3spy.session.model import Session

MOST: Final = 64 << 20
"""Octets that are kept of all sessions together."""


class Histories:
    """A subscriber that keeps what happens in each session, and of the last *ended* that are over.

    Where all of them have more than *most* octets, those that were over first are forgotten first,
    then those that began first.
    """

    def __init__(self, ended: int, most: int = MOST) -> None:
        self._open: OrderedDict[int, EventHistory] = OrderedDict()
        self._over: OrderedDict[int, EventHistory] = OrderedDict()
        self._ended = ended
        self._most = most
        self._octets = 0

    def __call__(self, session: Session) -> Reader:
        """Return what keeps what happens in *session*."""
        number = session.id
        history = self._open[number] = EventHistory(session)

        def read(event: Event) -> None:
            self._octets += history.keep(event)
            if self._octets > self._most:
                self._forget_some()
            if type(event) is Ended:
                self._end(number)

        return read

    def note(self, event: Noted) -> None:
        """Keep what a person noted, in each session that is open."""
        if event.what == "noted":
            for history in list(self._open.values()):
                self._octets += history.keep(event)
            self._forget_some()

    def past(self, number: int) -> list[Told] | None:
        """Return all that happened in session *number*, and what was noted meanwhile.

        None if that is not known any more.
        """
        history = self._open.get(number) or self._over.get(number)
        return history.events if history else None

    def _forget_some(self) -> None:
        while self._octets > self._most and (self._over or self._open):
            self._forget_oldest(self._over or self._open)

    def _end(self, number: int) -> None:
        if (history := self._open.pop(number, None)) is None:
            return
        self._over[number] = history
        while len(self._over) > self._ended:
            self._forget_oldest(self._over)

    def _forget_oldest(self, histories: OrderedDict[int, EventHistory]) -> None:
        _, oldest = histories.popitem(last=False)
        self._octets -= oldest.octets
        oldest.forget()
