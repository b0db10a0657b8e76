"""One session as the inspector shows it: the model, and what that does not keep.

Rules: 1. what is kept is bounded; 2. an event costs the traffic a look at it and no more: what
there is to tell is made later, of the sessions that said once that they changed.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from pop3spy.protocol.frames import Junk, Opaque, StatusLine
from pop3spy.protocol.text import escape
from pop3spy.session.closings import closing_text
from pop3spy.session.deeds import Deed
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Glimpsed,
    Heard,
    Intervened,
    Moved,
    Raised,
    Secured,
    SideClosed,
    Unanswered,
)
from pop3spy.session.inferred import inferred_text
from pop3spy.session.intervention_text import intervention_text, substitutes
from pop3spy.session.lines import line_text
from pop3spy.session.model import Session
from pop3spy.session.unread import Stretches, UnreadStretch

MARKS: Final = 500
"""Marks of a session that are kept."""
DEEDS: Final = 2000
"""Exchanges of a session of which is kept what a gate did."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What happened behind exchange ``after`` and is part of none; ``text`` is for people."""

    number: int
    after: int
    at: float
    kind: str
    side: str
    text: str


@dataclass(frozen=True, slots=True)
class WatchedDeed:
    """What a gate did about an exchange, and what went on because of it: a side and a line each.

    It is ``held`` if somebody has to decide first.
    """

    text: str
    lines: tuple[tuple[str, str], ...]
    held: bool = False


class Listener(Protocol):
    """Who tells others what changed."""

    awake: bool
    """Whether anybody is there to be told."""

    def changed(self, watched: "WatchedSession") -> None:
        """Know that something changed of which nobody was told yet."""


class WatchedSession:
    """A reader of *session*, which tells *listener* once that something changed.

    ``silent`` is whether that was told to others since.  ``seen`` is the last exchange that they
    were told of, ``again`` those of them that changed, ``news`` what else they have not heard of,
    and ``missed`` that there was too much of that.  *keep* is given the beginning of a body, which
    is forgotten else, and *over* the session itself when it has ended.
    """

    __slots__ = (
        *("session", "marks", "deeds", "silent", "seen", "again", "news", "missed"),
        *("summarised_at", "ended_at", "_listener", "_keep", "_over", "_stretches", "_marked"),
    )

    def __init__(
        self,
        session: Session,
        listener: Listener,
        keep: Callable[["WatchedSession", int, bytes], None],
        over: Callable[["WatchedSession"], None],
    ) -> None:
        self.session = session
        self.marks: deque[Mark] = deque(maxlen=MARKS)
        self.deeds: dict[int, list[WatchedDeed]] = {}
        self.silent = True
        self.seen = 0
        self.again: set[int] = set()
        self.news: list[Mark | Raised] = []
        self.missed = False
        self.summarised_at = -1.0
        self.ended_at: float | None = None
        self._listener = listener
        self._keep = keep
        self._over = over
        self._stretches = Stretches()
        self._marked = 0

    def __call__(self, event: Event) -> None:
        """Take in *event*."""
        if type(event) is Heard:  # two of three, and of most of them nothing is to be kept
            if self._stretches or not event.frame.number:
                self._heard(event)
        elif (take := _TAKEN.get(type(event))) is not None:
            take(self, event)
        if self.silent and self._listener.awake:
            self.silent = False
            self._listener.changed(self)

    @property
    def last(self) -> int:
        """The number of the last exchange, 0 before there is any."""
        exchanges = self.session.exchanges
        return exchanges[-1].number if exchanges else 0

    def forget_news(self) -> None:
        """Know that whoever comes now is told everything anyhow."""
        self.silent, self.missed = True, False
        self.news.clear()
        self.again.clear()
        self.seen = self.last

    # -- what happens ---------------------------------------------------------------------------

    def _heard(self, event: Heard) -> None:
        frame = event.frame
        if self._stretches:
            for stretch in self._stretches.end_before(frame):
                self._unread(event.at, stretch)
        if frame.number or event.exchange is not None:
            return
        match frame:
            case StatusLine():
                self._mark(event.at, "greeting", "S", line_text(frame), after=0)
            case Junk():
                self._mark(event.at, "odd", frame.side.value, line_text(frame))
            case Opaque():
                self._stretches.add(frame, event.first, event.at)

    def _unread(self, at: float, stretch: UnreadStretch) -> None:
        self._mark(at, "unread", stretch.side.value, stretch.total)

    def _answered(self, event: Answered) -> None:
        body = event.exchange.body
        number = event.exchange.number
        if body is not None and body.head:
            self._keep(self, number, body.head)
        if number <= self.seen:
            self._told_again(number)

    def _unanswered(self, event: Unanswered) -> None:
        self._told_again(event.exchange.number)

    def _told_again(self, number: int | None) -> None:
        if number is not None and number <= self.seen and self._listener.awake:
            self.again.add(number)

    def _moved(self, event: Moved) -> None:
        if event.inferred:
            self._mark(event.at, "state", "", inferred_text(event.after))

    def _intervened(self, event: Intervened) -> None:
        lines = tuple((frame.side.value, text) for frame, text in substitutes(event))
        told = intervention_text(event)
        if event.exchange is None:
            self._mark(event.at, "gate", "", " · ".join([told, *map("» ".join, lines)]))
            return
        number = event.exchange.number
        if number in self.deeds or len(self.deeds) < DEEDS:
            deed = WatchedDeed(told, lines, event.did.deed is Deed.HELD)
            self.deeds.setdefault(number, []).append(deed)
        self._told_again(number)

    def _secured(self, event: Secured) -> None:
        self._mark(event.at, "tls", event.tls.side[:1].upper(), escape(str(event.tls)))

    def _glimpsed(self, event: Glimpsed) -> None:
        self._mark(event.at, "tls", event.glimpse.side[:1].upper(), escape(str(event.glimpse)))

    def _blinded(self, event: Blinded) -> None:
        self._mark(event.at, "blind", "", f"nothing is read from here on: {escape(event.why)}")

    def _side_closed(self, event: SideClosed) -> None:
        self._mark(event.at, "closed", event.side.value, closing_text(event))

    def _raised(self, event: Raised) -> None:
        self._told_again(event.finding.exchange)
        self._add_news(event)

    def _ended(self, event: Ended) -> None:
        for stretch in self._stretches.end():
            self._unread(event.at, stretch)
        self.ended_at = event.at
        self._over(self)

    def _mark(self, at: float, kind: str, side: str, text: str, after: int | None = None) -> None:
        self._marked += 1
        after = self.last if after is None else after
        mark = Mark(self._marked, after, at, kind, side, text)
        self.marks.append(mark)
        self._add_news(mark)

    def _add_news(self, one: Mark | Raised) -> None:
        if not self._listener.awake:
            return
        self.news.append(one)
        if len(self.news) > MARKS:
            self.news.clear()
            self.missed = True


_TAKEN: Final[dict[type[Event], Callable[..., None]]] = {
    Answered: WatchedSession._answered,  # noqa: SLF001 - its own
    Unanswered: WatchedSession._unanswered,  # noqa: SLF001
    Moved: WatchedSession._moved,  # noqa: SLF001
    Intervened: WatchedSession._intervened,  # noqa: SLF001
    Secured: WatchedSession._secured,  # noqa: SLF001
    Glimpsed: WatchedSession._glimpsed,  # noqa: SLF001
    Blinded: WatchedSession._blinded,  # noqa: SLF001
    SideClosed: WatchedSession._side_closed,  # noqa: SLF001
    Raised: WatchedSession._raised,  # noqa: SLF001
    Ended: WatchedSession._ended,  # noqa: SLF001
}
