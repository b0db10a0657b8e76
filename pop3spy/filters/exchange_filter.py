"""Lets through what belongs to the exchanges that a filter means.

What is said in an exchange waits until the exchange can be judged; then all of it goes on at once.
So exchanges come in the order in which they were judged, each with its own times.  What a gate did
about the last frame of a side is told behind the end of the exchange, and belongs to it all the
same.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from pop3spy.filters.expression import Filter
from pop3spy.filters.terms import Progress
from pop3spy.protocol.frames import BodyPart, CommandLine, Frame, Side
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Glimpsed,
    Heard,
    Intervened,
    Opened,
    Secured,
    Told,
    Unanswered,
)
from pop3spy.session.model import Exchange

MOST_EVENTS: Final = 1000
MOST_OCTETS: Final = 1 << 18
"""What waits of one exchange: of a reply no more is kept, and who sends more is shown unjudged.

Of what a gate did about the rest of a reply, it is kept what was done, and not what went on.
"""


@dataclass(slots=True)
class _PendingExchange:
    """What was said in an exchange; ``wanted`` is None until it has been judged."""

    wanted: bool | None = None
    events: list[Event] = field(default_factory=list)
    octets: int = 0  # of its body


@dataclass(slots=True)
class _FilteredSession:
    """One session: how it began, until that was passed on, and its exchanges that have no end.

    ``last`` is the exchange that each side spoke in last, with its number.
    """

    head: Opened | None
    open: dict[int, _PendingExchange] = field(default_factory=dict)
    last: dict[Side, tuple[int, _PendingExchange]] = field(default_factory=dict)

    def find(self, frame: Frame) -> _PendingExchange | None:
        """Return the exchange of *frame*, which is the last that its side said."""
        if (waiting := self.open.get(frame.number)) is None:
            number, last = self.last.get(frame.side, (0, None))
            return last if number == frame.number else None
        return waiting


class ExchangeFilter:
    """A subscriber that passes on to *reader* what *wanted* means.

    That is every event of such an exchange, and the beginning and the end of its session.  With
    *whole* a body waits whole, however large it is; otherwise its beginning does, which is more
    than a transcript shows.
    """

    def __init__(
        self, wanted: Filter, reader: Callable[[Told], None], *, whole: bool = False
    ) -> None:
        self._wanted = wanted
        self._reader = reader
        self._whole = whole
        self._soon = wanted.settled and wanted.known is Progress.ASKED  # the command tells it
        self._sessions: dict[int, _FilteredSession] = {}

    def __call__(self, event: Told) -> None:  # noqa: C901 - one branch an event
        """Pass on *event*, keep it, or leave it out."""
        if not isinstance(event, Event):
            self._reader(event)
            return
        number = event.session.id
        filtered = self._sessions.get(number)
        if filtered is None:
            head = event if isinstance(event, Opened) else None
            filtered = self._sessions[number] = _FilteredSession(head)
        match event:
            case Heard(frame=CommandLine() as line):
                self._asked(event, line, filtered)
            case Intervened(frame=None, sent=CommandLine() as line):
                self._asked(event, line, filtered)
            case Heard(frame=frame) | Intervened(frame=Frame() as frame):
                self._heard(event, frame, filtered)
            case Secured() | Glimpsed() if filtered.head is None:
                self._reader(event)
            case Answered() | Unanswered():
                self._over(event, filtered)
            case Blinded():
                self._pass_on(event, filtered)
            case Ended():
                del self._sessions[number]
                if filtered.head is None:
                    self._reader(event)

    def _asked(
        self, event: Heard | Intervened, line: CommandLine, filtered: _FilteredSession
    ) -> None:
        waiting = filtered.open[line.number] = _PendingExchange()
        filtered.last[line.side] = line.number, waiting
        self._add(event, waiting, filtered)
        self._judge_soon(event, line, waiting, filtered)

    def _heard(self, event: Heard | Intervened, frame: Frame, filtered: _FilteredSession) -> None:
        waiting = filtered.find(frame)
        if waiting is None:
            return
        if isinstance(event, Heard):
            filtered.last[frame.side] = frame.number, waiting
            if self._soon and waiting.wanted is None and frame.side is Side.SERVER:
                self._judged(waiting, filtered, wanted=False)  # nobody changes the command any more
        if isinstance(frame, BodyPart) and waiting.wanted is None and not self._whole:
            waiting.octets += len(frame.raw)
            if waiting.octets > MOST_OCTETS:
                if isinstance(event, Intervened):
                    event = replace(event, frame=replace(frame, raw=b""), sent=None)
                elif frame.side is Side.SERVER:
                    return
                else:  # it is told by its size, which must be right
                    self._judged(waiting, filtered, wanted=True)
        self._add(event, waiting, filtered)
        if isinstance(event, Intervened) and isinstance(event.sent, CommandLine):
            self._judge_soon(event, event.sent, waiting, filtered)

    def _judge_soon(
        self, event: Event, line: CommandLine, waiting: _PendingExchange, filtered: _FilteredSession
    ) -> None:
        """Let the exchange go on if its command, or what the server hears of it, tells enough.

        A command that is not meant may still be changed into one that is.
        """
        if self._soon and waiting.wanted is None:
            state = event.session.state
            exchange = Exchange(line, event.at, state, state)
            if self._wanted.means(event.session, exchange):
                self._judged(waiting, filtered, wanted=True)

    def _over(self, event: Answered | Unanswered, filtered: _FilteredSession) -> None:
        waiting = filtered.open.pop(event.exchange.number, _PendingExchange())
        if waiting.wanted is None:
            wanted = self._wanted.means(event.session, event.exchange)
            self._judged(waiting, filtered, wanted=wanted)
        self._add(event, waiting, filtered)

    def _add(self, event: Event, waiting: _PendingExchange, filtered: _FilteredSession) -> None:
        if waiting.wanted:
            self._pass_on(event, filtered)
        elif waiting.wanted is None:
            waiting.events.append(event)
            if len(waiting.events) > MOST_EVENTS and not self._whole:
                self._judged(waiting, filtered, wanted=True)

    def _judged(
        self, waiting: _PendingExchange, filtered: _FilteredSession, *, wanted: bool
    ) -> None:
        waiting.wanted = wanted
        events, waiting.events = waiting.events, []
        if wanted:
            for event in events:
                self._pass_on(event, filtered)

    def _pass_on(self, event: Event, filtered: _FilteredSession) -> None:
        if filtered.head is not None:
            head, filtered.head = filtered.head, None
            self._reader(head)
        self._reader(event)
