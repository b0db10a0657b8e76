"""Tells pages what changes, so many times a second, and never more than they can take.

Rules: 1. an event makes nothing but a mark; what is to be told is made in a turn, which has a
bound, and what does not fit is told to be missing; 2. a page has no queue of its own but a place in
the ring, so a slow one costs nothing; 3. while nobody looks, nothing is made.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from pop3spy.session.events import Noted
from pop3spy.session.json_text import json_text
from pop3spy.web import forms
from pop3spy.web.control import state_of
from pop3spy.web.kept_sessions import KeptSessions
from pop3spy.web.ring import EventRing
from pop3spy.web.watched import Mark, WatchedSession

TURN: Final = 0.05
"""Seconds between two turns."""
MOST: Final = 100
"""Exchanges that are told of in a turn, of all sessions together."""
SUMMARY: Final = 1.0
"""Seconds between two summaries of a session that goes on."""
LINGER: Final = 30.0
"""Seconds for which changes are told to the ring when the last page has gone: it may be back."""
BEHIND: Final = 5000
"""Sessions that may wait to be told of; of more, pages are told everything anew."""
NOTES: Final = 100
"""Notes that a new page is told of."""

State = Callable[[], dict[str, Any]]


class Feed:
    """Tells of *sessions* in ``ring``; those of a recording are told of as they are, and no more.

    *now* is the time in seconds.  ``state`` returns what a person has set, which is told when it
    changes.  Whoever joins is woken when there is more.
    """

    def __init__(
        self,
        now: Callable[[], float],
        sessions: KeptSessions | None = None,
        *,
        linger: float = LINGER,
    ) -> None:
        self.ring = EventRing()
        self.awake = False
        self.over = False
        self.sessions = sessions or KeptSessions(self)
        self.notes: deque[dict[str, Any]] = deque(maxlen=NOTES)
        self.state: State = partial(state_of, None, control=False)
        self.now = now
        self._linger = linger
        self._changed: deque[WatchedSession] = deque()
        self._waiting: set[asyncio.Event] = set()
        self._turn: asyncio.TimerHandle | None = None
        self._sleep: asyncio.TimerHandle | None = None
        self._last_state: dict[str, Any] = {}
        self._pages = 0
        self._woken_for = 0  # the event of which pages were told last that it is there

    # -- what happens ---------------------------------------------------------------------------

    def changed(self, watched: WatchedSession) -> None:
        """Know that *watched* has something to tell."""
        self._changed.append(watched)
        if len(self._changed) > BEHIND:
            self._forget_changes()
            self.ring.clear()
        self._soon()

    def note(self, event: Noted) -> None:
        """Take in what concerns the program."""
        told = forms.note(event)
        self.notes.append(told)
        if self.awake:
            self.ring.add("note", json_text(told))
            self._soon()

    def end(self) -> None:
        """Tell the rest, and that the proxy has stopped."""
        self.over = True
        for timer in (self._turn, self._sleep):
            if timer is not None:
                timer.cancel()
        self._take_turn()
        self.ring.add("stopped", "{}")
        self._wake()

    # -- who looks ------------------------------------------------------------------------------

    @property
    def pages(self) -> int:
        """How many look."""
        return self._pages

    def join(self, page: asyncio.Event) -> None:
        """Set *page* from now on whenever there is more."""
        self._pages += 1
        self._waiting.add(page)
        if self._sleep is not None:
            self._sleep.cancel()
            self._sleep = None
        if not self.awake:
            self.awake = True
            self.ring.clear()
            for number in self.sessions.open:
                if watched := self.sessions.watched(number):
                    watched.forget_news()
            self._last_state = self.state()
        self._soon()  # turns have stopped if nobody was here for a moment

    def leave(self, page: asyncio.Event) -> None:
        """Set *page* no more."""
        self._pages -= 1
        self._waiting.discard(page)
        if not self._pages and not self.over:
            loop = asyncio.get_running_loop()
            self._sleep = loop.call_later(self._linger, self._fall_asleep)

    def _fall_asleep(self) -> None:
        self.awake = False
        self._sleep = None
        self._forget_changes()
        if self._turn:
            self._turn.cancel()
            self._turn = None

    def _forget_changes(self) -> None:
        for watched in self._changed:
            watched.forget_news()
        self._changed.clear()

    # -- turns ----------------------------------------------------------------------------------

    def _soon(self) -> None:
        if self._turn is None and not self.over:
            self._turn = asyncio.get_running_loop().call_later(TURN, self._take_turn)

    def _take_turn(self) -> None:
        """Tell what changed, as much of it as one turn may."""
        self._turn = None
        room = MOST
        for _ in range(len(self._changed)):
            if room <= 0 and not self.over:
                break
            watched = self._changed.popleft()
            room -= 1 + self._tell(watched, room)
        if (state := self.state()) != self._last_state:
            self._last_state = state
            self.ring.add("control", json_text(state))
        if self.ring.last != self._woken_for:
            self._wake()
        if self.awake and self._pages:
            self._soon()  # what is set may change without an event

    def _tell(self, watched: WatchedSession, room: int) -> int:
        """Tell what changed in *watched*; return how many exchanges that were."""
        watched.silent = True
        told = self._tell_exchanges(watched, max(room, 1))
        number = watched.session.id
        if watched.missed:
            watched.missed = False
            self.ring.add("more", json_text({"session": number}))
        news, watched.news = watched.news, []
        for one in news:
            if isinstance(one, Mark):
                self.ring.add("mark", json_text(forms.mark(watched, one)))
            else:
                self.ring.add("finding", json_text(forms.raised(one)))
        now = self.now()
        if self.over or watched.session.ending or now - watched.summarised_at >= SUMMARY:
            watched.summarised_at = now
            counted = forms.counts(self.sessions)
            self.ring.add("session", json_text(forms.summary(watched) | {"counts": counted}))
        else:
            watched.silent = False  # its summary is due before long
            self._changed.append(watched)
        return told

    def _tell_exchanges(self, watched: WatchedSession, room: int) -> int:
        """Tell of exchanges that are new or changed; of more than *room*, that there are more."""
        session, seen, again = watched.session, watched.seen, watched.again
        last = watched.last
        if last - seen + len(again) > room:
            watched.seen = last
            again.clear()
            self.ring.add("more", json_text({"session": session.id}))
            return 1
        told = []
        first = min(again, default=seen + 1)
        for exchange in reversed(session.exchanges):  # a long session has many that are not told
            if exchange.number < first:
                break
            if exchange.number > seen or exchange.number in again:
                told.append(exchange)
        watched.seen = last
        again.clear()
        for exchange in reversed(told):
            body = self.sessions.body(session.id, exchange.number) is not None
            self.ring.add("exchange", forms.exchange_text(watched, exchange, body=body))
        return len(told)

    def _wake(self) -> None:
        self._woken_for = self.ring.last
        for page in self._waiting:
            page.set()
