"""The sessions that the inspector can show: those that are open, and the last that are not."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from pop3spy.live.histories import Histories
from pop3spy.session.bus import Reader
from pop3spy.session.events import Told
from pop3spy.session.model import Session
from pop3spy.web.watched import Listener, WatchedSession

ENDED: Final = 1000
"""Sessions that are kept when they are over."""
EXCHANGES: Final = 100_000
"""Exchanges that are kept of those together."""
BODIES: Final = 16 << 20
"""Octets that are kept of the beginnings of bodies."""
_BODY: Final = 200
"""Octets that it takes to keep a body, however short that is."""


class Nobody:
    """Nobody is told of changes: of a recording there are none."""

    awake = False

    def changed(self, watched: WatchedSession) -> None:
        """Do nothing."""


class KeptSessions:
    """A subscriber that keeps as much of every session as the inspector shows.

    Of those that are over, the last *ended* are kept, as long as they have not more than
    *exchanges*; ``forgotten`` counts the others.  Of their *bodies* so many octets are kept, those
    of the sessions that had one last.  *listener* is told of changes.  ``histories`` are what
    happened event by event, where somebody keeps that.
    """

    def __init__(
        self,
        listener: Listener | None = None,
        *,
        ended: int = ENDED,
        exchanges: int = EXCHANGES,
        bodies: int = BODIES,
    ) -> None:
        self.open: dict[int, Session] = {}
        self.forgotten = 0
        self.ended = 0
        self.listener = listener or Nobody()
        self.histories: Histories | None = None
        self._most = ended, exchanges, bodies
        self._open: dict[int, WatchedSession] = {}
        self._ended: OrderedDict[int, WatchedSession] = OrderedDict()
        self._exchanges = 0
        self._bodies: OrderedDict[int, OrderedDict[int, bytes]] = OrderedDict()  # by session
        self._octets = 0

    def __call__(self, session: Session) -> Reader:
        """Return what keeps *session*."""
        self.open[session.id] = session
        watched = WatchedSession(session, self.listener, self._keep, self._end)
        self._open[session.id] = watched
        return watched

    def watched(self, number: int) -> WatchedSession | None:
        """Return session *number*, None if it is not kept."""
        return self._open.get(number) or self._ended.get(number)

    @property
    def numbers(self) -> list[int]:
        """The numbers of those that are kept, the newest first."""
        return sorted((*self._open, *self._ended), reverse=True)

    def newest_first(self, before: int | None = None) -> Iterator[WatchedSession]:
        """Yield those that are kept, the newest first; with *before* those of lower numbers."""
        for number in self.numbers:
            if before is None or number < before:
                yield self._open.get(number) or self._ended[number]

    def body(self, session: int, exchange: int) -> bytes | None:
        """Return the beginning of a body; None if nothing of it is kept."""
        bodies = self._bodies.get(session)
        return bodies.get(exchange) if bodies else None

    # -- what a console asks --------------------------------------------------------------------

    def find(self, number: int) -> Session | None:
        """Return session *number*, None if nothing is known of it any more."""
        watched = self.watched(number)
        return watched.session if watched else None

    def all(self) -> list[Session]:
        """Return those that are known: first those that are over."""
        return [watched.session for watched in (*self._ended.values(), *self._open.values())]

    def past(self, number: int) -> list[Told] | None:
        """Return all that happened in session *number*; None if that is not known any more."""
        return self.histories.past(number) if self.histories else None

    # -- what is kept ---------------------------------------------------------------------------

    def _keep(self, watched: WatchedSession, exchange: int, head: bytes) -> None:
        self._bodies.setdefault(watched.session.id, OrderedDict())[exchange] = head
        self._bodies.move_to_end(watched.session.id)
        self._octets += _BODY + len(head)
        while self._octets > self._most[2]:
            number, bodies = next(iter(self._bodies.items()))
            self._octets -= _BODY + len(bodies.popitem(last=False)[1])
            if not bodies:
                del self._bodies[number]

    def _end(self, watched: WatchedSession) -> None:
        number = watched.session.id
        del self.open[number], self._open[number]
        self._ended[number] = watched
        self.ended += 1
        self._exchanges += len(watched.session.exchanges)
        ended, exchanges, _ = self._most
        while len(self._ended) > ended or (self._exchanges > exchanges and len(self._ended) > 1):
            _, oldest = self._ended.popitem(last=False)
            self._exchanges -= len(oldest.session.exchanges)
            if (bodies := self._bodies.pop(oldest.session.id, None)) is not None:
                self._octets -= sum(_BODY + len(body) for body in bodies.values())
            self.forgotten += 1
