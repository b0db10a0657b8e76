"""The sessions of a recording: which one is meant, and what happened in each."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, Protocol, TypeVar

from pop3spy.errors import CaptureError
from pop3spy.protocol.frames import CommandLine, Side
from pop3spy.replay.outcome import Hearing, Outcome
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Heard,
    Opened,
    Told,
    Unanswered,
)
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Item, Spoke, Tape

NOTHING_ASKED: Final = "no client asks anything in this recording"


def no_session(number: int, there: Iterable[int]) -> CaptureError:
    """Return what is to be told of a session that is not among those that are *there*."""
    known = ", ".join(map(str, there)) or "none"
    return CaptureError(f"no session {number} in this recording; there are: {known}")


class SessionListener(Protocol):
    """Takes the events of one session."""

    def take(self, event: Event) -> None:
        """Take in what happened."""


L = TypeVar("L", bound=SessionListener)


def listen(tape: Tape, session: int | None, make: Callable[[], L]) -> L:
    """Play one session of *tape* to a new listener and return that.

    Without a number it is the first session in which the client asked anything: who only looks
    whether a port is open has no conversation.  Raise CaptureError if there is no such session.
    """
    choice = _SessionChoice(session, make)
    play_back(choice.wanted(tape), choice.publish)
    return choice.made()


class _SessionChoice(Generic[L]):
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
            raise CaptureError(NOTHING_ASKED)
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
        if number in self._open:  # else somebody else than the client asked
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


Numbered = tuple[int, tuple[Outcome, ...]]
"""A session: its number, and what became of every command, the greeting first."""


def all_outcomes_of(tape: Tape, *, contents: bool = True) -> list[Numbered]:
    """Return every session in which the client asked anything, in the order in which they began.

    *contents* is as in ``outcomes_of``.  Raise CaptureError if there is no such session.
    """
    everything = _Everything(contents=contents)
    play_back(tape, everything.publish)
    return everything.made()


class _Everything:
    """Makes outcomes of all sessions; of one that has ended nothing else is kept."""

    def __init__(self, *, contents: bool) -> None:
        self._contents = contents
        self._open: dict[int, tuple[int, OutcomeListener]] = {}  # each with its place below
        self._sessions: list[Numbered] = []

    def publish(self, told: Told) -> None:
        """Give an event to the listener of its session."""
        if not isinstance(told, Event):
            return
        number = told.session.id
        if isinstance(told, Opened):
            self._open[number] = len(self._sessions), OutcomeListener(contents=self._contents)
            self._sessions.append((number, ()))
        self._open[number][1].take(told)
        if isinstance(told, Ended):
            self._finish(number)

    def made(self) -> list[Numbered]:
        """Return what there was in the whole recording."""
        for number in list(self._open):
            self._finish(number)
        asked = [(number, outcomes) for number, outcomes in self._sessions if len(outcomes) > 1]
        if not asked:
            raise CaptureError(NOTHING_ASKED)
        return asked

    def _finish(self, number: int) -> None:
        place, listener = self._open.pop(number)
        self._sessions[place] = number, listener.finish()


def asking(tape: Tape, seen: set[int]) -> Tape:
    """Yield *tape*, and put down in *seen* the sessions in which the client said anything."""
    for item in tape:
        if isinstance(item, Spoke) and item.chunk.side is Side.CLIENT:
            seen.add(item.session)
        yield item
