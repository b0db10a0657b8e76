"""The sessions of a proxy, and what was said in them: as much as fits."""

from collections import OrderedDict
from typing import Final

from pop3spy.live.histories import MOST, Histories
from pop3spy.session.bus import Reader
from pop3spy.session.events import Ended, Event, Noted, Told
from pop3spy.session.model import Session

ENDED: Final = 50
"""Sessions that are remembered when they are over."""


class SessionList:
    """A subscriber that knows every session that is open, and the last that are not."""

    def __init__(self, most: int = MOST) -> None:
        self.open: dict[int, Session] = {}
        self.ended: OrderedDict[int, Session] = OrderedDict()
        self._histories = Histories(ENDED, most)

    def __call__(self, session: Session) -> Reader:
        """Return what keeps what happens in *session*."""
        self.open[session.id] = session
        keep = self._histories(session)

        def read(event: Event) -> None:
            keep(event)
            if isinstance(event, Ended):
                self._end(session)

        return read

    def _end(self, session: Session) -> None:
        del self.open[session.id]
        self.ended[session.id] = session
        while len(self.ended) > ENDED:
            self.ended.popitem(last=False)

    def find(self, number: int) -> Session | None:
        """Return session *number*, None if nothing is known of it any more."""
        return self.open.get(number) or self.ended.get(number)

    def all(self) -> list[Session]:
        """Return those that are known: first those that are over."""
        return [*self.ended.values(), *self.open.values()]

    def note(self, event: Noted) -> None:
        """Keep what a person noted, in each session that is open."""
        self._histories.note(event)

    def past(self, number: int) -> list[Told] | None:
        """Return all that happened in session *number*, and what was noted meanwhile.

        None if that is not known any more.
        """
        return self._histories.past(number)
