"""What is waited for of a server, and since when: a silence that can be told while it lasts.

Rule: nothing here is an event.  Whoever reads a recording sees how long a reply took, and needs
nobody who says that it has not come yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from pop3spy.protocol.frames import BodyEnd, Challenge, Frame, SaslLine, Side, StatusLine
from pop3spy.protocol.states import State
from pop3spy.session.bus import Reader
from pop3spy.session.deeds import Deed
from pop3spy.session.events import Answered, Ended, Event, Heard, Intervened, Unanswered
from pop3spy.session.lines import line_text
from pop3spy.session.model import Exchange, Session

FIRST: Final = 10.0
"""Seconds of silence until it is told unasked."""
GROWTH: Final = 3
"""It is told again when it has lasted so many times as long."""
_LONGEST: Final = 40
"""Characters of a command that are told."""
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class OwedReply:
    """What a session waits for: the reply to *exchange*, or the rest of it; None is the greeting.

    Nothing was heard of it *since*, in seconds since the clock started.
    """

    session: Session
    exchange: Exchange | None
    since: float

    def lasted(self, now: float) -> float:
        """Return for how many seconds nothing has come."""
        return max(0.0, now - self.since)

    def text(self, now: float) -> str:
        """Return it in words: ``waiting 12 s for the rest of RETR 1``."""
        return f"waiting {_whole_seconds(self.lasted(now))} for {self._what()}"

    def _what(self) -> str:
        exchange = self.exchange
        if exchange is None:
            return "the greeting"
        said = line_text(exchange.said)
        if len(said) > _LONGEST:
            said = f"{said[: _LONGEST - 1]}…"
        if exchange.status is None or not exchange.status.final:
            return f"the reply to {said}"
        return f"the rest of {said}"


class OwedReplies:
    """A subscriber that knows of every open session what it waits for."""

    def __init__(self) -> None:
        self._open: dict[int, _SessionWait] = {}

    def __call__(self, session: Session) -> Reader:
        """Return what reads along in *session*."""
        waiting = self._open[session.id] = _SessionWait(session)
        return partial(self._read, waiting)

    def _read(self, waiting: "_SessionWait", event: Event) -> None:
        waiting.read(event)
        if isinstance(event, Ended):
            self._open.pop(event.session.id, None)

    @property
    def open(self) -> int:
        """How many sessions are open."""
        return len(self._open)

    def of(self, session: Session) -> OwedReply | None:
        """Return what *session* waits for; None if the server owes nothing there."""
        waiting = self._open.get(session.id)
        return waiting.wait() if waiting else None

    def due(self, now: float) -> Iterator[OwedReply]:
        """Yield what has lasted long enough to be told, again if it was told before."""
        for waiting in self._open.values():
            if waiting.is_due(now) and (wait := waiting.wait()) is not None:
                yield wait


class _SessionWait:
    """One session: when it was the server's turn, and what of that has been told."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._heard_at = session.opened_at  # since when it is the server's turn
        self._next = FIRST  # seconds of silence to be told next
        self._asks = False  # it is the client's turn, inside AUTH or before a message
        self._known: set[int] = set()  # exchanges: others may be shown elsewhere
        self._held: set[int] = set()  # those of which the server has heard nothing

    def read(self, event: Event) -> None:
        """Take in what happened."""
        match event:
            case Heard(frame=frame, exchange=exchange):
                self._heard(frame, exchange, event.at)
            case Intervened(exchange=Exchange() as exchange):
                if event.did.deed is Deed.HELD:
                    self._held.add(exchange.number)
                elif exchange.number in self._held:
                    self._held.discard(exchange.number)
                    self._begin(event.at)
            case Answered(exchange=exchange) | Unanswered(exchange=exchange):
                self._known.discard(exchange.number)
                self._held.discard(exchange.number)
                self._next = FIRST

    def _heard(self, frame: Frame, exchange: Exchange | None, at: float) -> None:
        if exchange is not None:
            self._known.add(exchange.number)
        if frame.side is Side.SERVER:
            self._asks = isinstance(frame, Challenge) or (
                isinstance(frame, StatusLine) and not frame.final
            )
            self._begin(at)
        elif isinstance(frame, SaslLine | BodyEnd):
            self._asks = False
            self._begin(at)

    def _begin(self, at: float) -> None:
        self._heard_at, self._next = at, FIRST

    def wait(self) -> OwedReply | None:
        """Return what the server owes, if it owes anything."""
        session = self._session
        if session.blind or session.ending or session.state in (State.TLS, State.OPAQUE):
            return None
        if session.state is State.GREETING and session.greeting is None:
            return OwedReply(session, None, self._heard_at)
        exchange = next(filter(_is_due, session.outstanding.values()), None)
        if self._asks or exchange is None or exchange.number not in self._known - self._held:
            return None
        return OwedReply(session, exchange, max(self._heard_at, exchange.asked_at))

    def is_due(self, now: float) -> bool:
        """Return whether a silence has lasted so long that it is to be told; then it has been."""
        wait = self.wait()
        if wait is None or (lasted := wait.lasted(now)) < self._next:
            return False
        while self._next <= lasted:
            self._next *= GROWTH
        return True


def _is_due(exchange: Exchange) -> bool:
    """Return whether more has to come in reply to *exchange*."""
    status = exchange.status
    return status is None or not status.final or bool(status.has_body)


def _whole_seconds(time: float) -> str:
    seconds = int(time)
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min {seconds % _MINUTE} s"
    return f"{seconds // _HOUR:,} h {seconds % _HOUR // _MINUTE} min"
