"""Lets through what belongs to the exchanges that a filter means.

What is said in an exchange waits until the exchange can be judged; then all of it goes on at once.
So exchanges come in the order in which they were judged, each with its own times.  What a gate did
about the last frame of a side is told behind the end of the exchange, and belongs to it all the
same.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from pop3spy.filters.expression import Filter
from pop3spy.filters.terms import Progress
from pop3spy.protocol.frames import BodyPart, Side
from pop3spy.session.bus import Reader, Subscriber
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Glimpsed,
    Heard,
    Intervened,
    Opened,
    Raised,
    Secured,
    SideClosed,
    Unanswered,
)
from pop3spy.session.model import Exchange, Session

MOST_EVENTS: Final = 1000
MOST_OCTETS: Final = 1 << 18
"""What waits of one exchange: of a reply no more is kept, and who sends more is shown unjudged.

Of what a gate did about the rest of a reply, it is kept what was done, and not what went on.
"""


class ExchangeFilter:
    """A subscriber that passes on to *subscriber* what *wanted* means.

    That is every event of such an exchange, and the beginning and the end of its session; of a
    session without one *subscriber* hears nothing.  With *whole* a body waits whole, however large
    it is; otherwise its beginning does, which is more than a transcript shows.
    """

    def __init__(self, wanted: Filter, subscriber: Subscriber, *, whole: bool = False) -> None:
        self._wanted = wanted
        self._subscriber = subscriber
        self._whole = whole

    def __call__(self, _: Session) -> Reader:
        """Return what passes on a session."""
        return _FilteredSession(self._wanted, self._subscriber, whole=self._whole)


@dataclass(slots=True)
class _PendingExchange:
    """What was said in an exchange; ``wanted`` is None until it has been judged."""

    wanted: bool | None = None
    events: list[Event] = field(default_factory=list)
    octets: int = 0  # of its body
    over: bool = False


class _FilteredSession:
    """A reader of events that passes on those of the exchanges that are wanted."""

    def __init__(self, wanted: Filter, subscriber: Subscriber, *, whole: bool) -> None:
        self._wanted = wanted
        self._subscriber = subscriber
        self._whole = whole
        self._soon = wanted.settled and wanted.known is Progress.ASKED  # the command tells it
        self._head: Opened | None = None  # until it was passed on
        self._reader: Reader | None = None  # made for the first event that is passed on
        self._pending: dict[int, _PendingExchange] = {}  # events of these may still come
        self._last: dict[Side, Exchange | None] = {}  # what each side spoke in last

    def __call__(self, event: Event) -> None:
        """Pass on *event*, keep it, or leave it out."""
        match event:
            case Opened():
                self._head = event
            case Heard() | Intervened():
                if event.exchange is not None:
                    self._said(event, event.exchange)
                if isinstance(event, Heard):
                    self._goes_on(event)
            case Answered() | Unanswered():
                self._over(event, event.exchange)
            case Raised(exchange=exchange) if exchange is not None:
                self._raised(event, exchange)
            case Blinded():
                self._pass_on(event)
            case Secured() | Glimpsed() | SideClosed() | Raised() | Ended() if self._head is None:
                self._pass_on(event)

    def _said(self, event: Heard | Intervened, exchange: Exchange) -> None:
        pending = self._pending.setdefault(exchange.number, _PendingExchange())
        if self._soon and pending.wanted is None:
            self._judge_soon(event, exchange, pending)
        frame = event.frame
        if isinstance(frame, BodyPart) and pending.wanted is None and not self._whole:
            pending.octets += len(frame.raw)
            if pending.octets > MOST_OCTETS:
                if isinstance(event, Intervened):
                    event = replace(event, frame=replace(frame, raw=b""), sent=None)
                elif frame.side is Side.SERVER:
                    return
                else:  # it is told by its size, which must be right
                    self._judged(pending, wanted=True)
        self._add(event, pending)

    def _judge_soon(
        self, event: Heard | Intervened, exchange: Exchange, pending: _PendingExchange
    ) -> None:
        """Let the exchange go on if its command, or what the server hears of it, tells enough.

        A command that is not meant may be changed into one that is, until its reply begins.
        """
        if self._wanted.means(event.session, exchange):
            self._judged(pending, wanted=True)
        elif isinstance(event, Heard) and event.frame.side is Side.SERVER:
            self._judged(pending, wanted=False)

    def _over(self, event: Answered | Unanswered, exchange: Exchange) -> None:
        pending = self._pending.setdefault(exchange.number, _PendingExchange())
        if pending.wanted is None:
            self._judged(pending, wanted=self._wanted.means(event.session, exchange))
        self._add(event, pending)
        pending.over = True
        self._forget(exchange)

    def _raised(self, event: Event, exchange: Exchange) -> None:
        """Pass on what was found in an exchange that is wanted, if only because of that."""
        pending = self._pending.get(exchange.number)
        if pending is not None:
            self._add(event, pending)
        elif self._wanted.means(event.session, exchange):
            self._pass_on(event)

    def _goes_on(self, event: Heard) -> None:
        """Know that nothing more is told of what this side said before."""
        side = event.frame.side
        before, self._last[side] = self._last.get(side), event.exchange
        if before is not None:
            self._forget(before)

    def _forget(self, exchange: Exchange) -> None:
        """Forget *exchange* if it is over, and neither side has spoken in it last."""
        pending = self._pending.get(exchange.number)
        if pending and pending.over and all(exchange is not last for last in self._last.values()):
            del self._pending[exchange.number]

    def _add(self, event: Event, pending: _PendingExchange) -> None:
        if pending.wanted:
            self._pass_on(event)
        elif pending.wanted is None:
            pending.events.append(event)
            if len(pending.events) > MOST_EVENTS and not self._whole:
                self._judged(pending, wanted=True)

    def _judged(self, pending: _PendingExchange, *, wanted: bool) -> None:
        pending.wanted = wanted
        events, pending.events = pending.events, []
        if wanted:
            for event in events:
                self._pass_on(event)

    def _pass_on(self, event: Event) -> None:
        if self._reader is None:
            self._reader = self._subscriber(event.session) or _nobody
        if self._head is not None:
            head, self._head = self._head, None
            self._reader(head)
        self._reader(event)


def _nobody(_: Event) -> None:
    """Read nothing: the subscriber wants nothing of this session."""
