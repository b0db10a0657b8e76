"""One session of a recording: which one, and what happened in it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from pop3spy.errors import CaptureError
from pop3spy.protocol.frames import CommandLine
from pop3spy.replay.outcome import Hearing, Outcome
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Heard,
    Told,
    Unanswered,
)
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Item, Tape


def no_session(number: int, there: Iterable[int]) -> CaptureError:
    """Return what is to be told of a session that is not among those that are *there*."""
    known = ", ".join(map(str, there)) or "none"
    return CaptureError(f"no session {number} in this recording; there are: {known}")


class Listener(Protocol):
    """Takes the events of one session."""

    def take(self, event: Event) -> None:
        """Take in what happened."""


L = TypeVar("L", bound=Listener)


def listen(tape: Tape, session: int | None, make: Callable[[], L]) -> L:
    """Play one session of *tape* to a new listener and return that.

    Without a number it is the first session in which the client asked anything: who only looks
    whether a port is open has no conversation.  Raise CaptureError if there is no such session.
    """
    choice = _Choice(session, make)
    play_back(choice.wanted(tape), choice.publish)
    return choice.made()


class _Choice(Generic[L]):
    """Finds the session while the recording runs, and gives its listener the events."""

    def __init__(self, session: int | None, make: Callable[[], L]) -> None:
        self._session = session
        self._make = make
        self._listeners: dict[int, L] = {}
        self._seen: dict[int, None] = {}
        self._over = False

    def wanted(self, tape: Tape) -> Iterator[Item]:
        """Yield the items that the choice is still about."""
        for item in tape:
            self._seen[item.session] = None
            if self._session in (None, item.session):
                yield item
            if self._over:
                return

    def publish(self, told: Told) -> None:
        """Give an event to the listener of its session, if it may be the one."""
        if not isinstance(told, Event) or self._session not in (None, told.session.id):
            return
        number = told.session.id
        if number not in self._listeners:
            self._listeners[number] = self._make()
        self._listeners[number].take(told)
        if isinstance(told, Heard) and isinstance(told.frame, CommandLine):
            self._session = number
            self._listeners = {number: self._listeners[number]}
        elif isinstance(told, Ended):
            self._over = self._session == number
            if not self._over:
                del self._listeners[number]

    def made(self) -> L:
        """Return the listener that was chosen."""
        if self._session is None:
            raise CaptureError("no client asks anything in this recording")
        if self._session not in self._listeners:
            raise no_session(self._session, self._seen)
        return self._listeners[self._session]


class OutcomeListener:
    """Makes outcomes of events, and keeps no bodies."""

    def __init__(self, *, contents: bool = True) -> None:
        self._hearing = Hearing(contents=contents)
        self._open: dict[int, None] = {0: None}
        self._settled: list[Outcome] = []

    def take(self, event: Event) -> None:
        """Take in what happened."""
        match event:
            case Heard(session=session, frame=frame):
                if isinstance(frame, CommandLine):
                    self._open[frame.number] = None
                self._hearing.hear(frame, session.state)
            case Answered(exchange=exchange) | Unanswered(exchange=exchange):
                self._settle(exchange.number)
            case Blinded() | Ended():
                self.finish()

    def finish(self) -> tuple[Outcome, ...]:
        """Return everything, the greeting first; what is still open was not answered."""
        for number in list(self._open):
            self._settle(number)
        return tuple(sorted(self._settled, key=lambda outcome: outcome.number))

    def _settle(self, number: int) -> None:
        del self._open[number]
        self._settled.append(self._hearing.settle(number))


def outcomes_of(
    tape: Tape, session: int | None = None, *, contents: bool = True
) -> tuple[Outcome, ...]:
    """Return what became of every command of a recorded session, the greeting first.

    *contents* is false if the recording's bodies are not the true ones (masked or dropped).
    Raise CaptureError if there is no such session.
    """
    return listen(tape, session, lambda: OutcomeListener(contents=contents)).finish()
