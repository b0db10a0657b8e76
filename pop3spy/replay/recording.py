"""The sessions of a recording: which one is meant, and what happened in each."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, TypeVar

from pop3spy.errors import CaptureError
from pop3spy.protocol.frames import CommandLine, Junk, Side
from pop3spy.protocol.why import Why
from pop3spy.replay.outcome import ExchangeReader, Outcome, outcome_of_greeting
from pop3spy.replay.tls_sides import TlsWatch, is_unread_tls
from pop3spy.session.bus import Reader
from pop3spy.session.events import Answered, Blinded, Ended, Event, Heard, Unanswered
from pop3spy.session.model import Exchange, Session
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Began, Item, Spoke, Tape

_NOTHING_ASKED: Final = "no client asks anything in this recording"
_ALL_INSIDE: Final = (
    "what is said in this recording is inside TLS, which nobody read; the proxy reads it with a"
    " certificate of its own, see docs/tls.md"
)

R = TypeVar("R", bound=Reader)


class NothingAskedError(CaptureError):
    """No session of a recording has a command that can be read; *unread*: for they are in TLS."""

    def __init__(self, *, unread: bool) -> None:
        super().__init__(_ALL_INSIDE if unread else _NOTHING_ASKED)


def no_session(number: int, there: Iterable[int]) -> CaptureError:
    """Return what is to be told of a session that is not among those that are *there*."""
    known = ", ".join(map(str, dict.fromkeys(there))) or "none"
    return CaptureError(f"no session {number} in this recording; there are: {known}")


def read_session(tape: Tape, session: int | None, make: Callable[[Session], R]) -> R:
    """Play one session of *tape* to the reader that *make* makes of it, and return that.

    Without a number it is the first session in which the client asked anything: who only looks
    whether a port is open has no conversation.  Raise CaptureError if there is no such session.
    """
    choice = _SessionChoice(session, make)
    play_back(choice.wanted(tape), choice)
    return choice.chosen()


class _SessionChoice(Generic[R]):
    """Finds the session while the recording runs; those that may be it are read until then."""

    def __init__(self, number: int | None, make: Callable[[Session], R]) -> None:
        self._number = number
        self._make = make
        self._chosen: R | None = None
        self._there: list[int] = []
        self._over = False
        self._unread = False

    def wanted(self, tape: Tape) -> Iterator[Item]:
        """Yield the items that the choice is still about."""
        for item in tape:
            if isinstance(item, Began):
                self._there.append(item.session)
            if self._number in (None, item.session):
                yield item
            if self._over:
                return

    def __call__(self, session: Session) -> Reader:
        """Return what reads *session*."""
        reader = self._make(session)
        if self._number is not None:
            self._chosen = reader

        def read(event: Event) -> None:
            self._unread = self._unread or is_unread_tls(event)
            if self._chosen is None or self._chosen is reader:
                reader(event)
                self._consider(event, reader)

        return read

    def chosen(self) -> R:
        """Return the reader of the session that was chosen."""
        if self._chosen is not None:
            return self._chosen
        if self._number is None:
            raise NothingAskedError(unread=self._unread)
        raise no_session(self._number, self._there)

    def _consider(self, event: Event, reader: R) -> None:
        if isinstance(event, Heard) and isinstance(event.frame, CommandLine):
            self._chosen, self._number = reader, event.session.id
        elif isinstance(event, Ended):
            self._over = self._chosen is reader


class OutcomeReader:
    """A reader of events that makes the outcomes of one session, and keeps no bodies.

    *contents* is as in ``ExchangeReader``; ``unread`` says that something was said inside TLS that
    nobody read.
    """

    def __init__(self, session: Session, *, contents: bool = True) -> None:
        self.number = session.id
        self._session: Session | None = session  # until it is finished
        self._contents = contents
        self._odd_greeting = False
        self._reply: ExchangeReader | None = None  # to whom the server spoke last
        self._outcomes: list[Outcome] = []
        self._tls = TlsWatch()
        self.unread = False

    def __call__(self, event: Event) -> None:
        """Take in what happened."""
        self._tls(event)
        self.unread = self.unread or is_unread_tls(event)
        match event:
            case Heard(frame=Junk(why=Why.BANNER)):
                self._odd_greeting = True
            case Heard(frame=frame, exchange=Exchange() as exchange):
                if frame.side is Side.SERVER:
                    self._reply = self._reader_of(exchange)
                    self._reply.add(frame)
            case Answered(exchange=exchange) | Unanswered(exchange=exchange):
                self._settle(exchange)
            case Blinded() | Ended():
                self.finish()

    def finish(self) -> tuple[Outcome, ...]:
        """Return everything, the greeting first; what is outstanding gets no more of a reply."""
        if session := self._session:
            for exchange in session.outstanding.values():
                self._settle(exchange)
            self._outcomes.append(outcome_of_greeting(session.greeting, odd=self._odd_greeting))
            self._outcomes.sort(key=lambda outcome: outcome.number)
            self._outcomes = [self._tls.sided(each) for each in self._outcomes]
            self._session = self._reply = None
        return tuple(self._outcomes)

    def _reader_of(self, exchange: Exchange) -> ExchangeReader:
        if self._reply and self._reply.exchange is exchange:
            return self._reply
        return ExchangeReader(exchange, contents=self._contents)

    def _settle(self, exchange: Exchange) -> None:
        if self._session and not exchange.injected:  # else somebody else than the client asked
            self._outcomes.append(self._reader_of(exchange).outcome())


def outcomes_of(
    tape: Tape, session: int | None = None, *, contents: bool = True
) -> tuple[Outcome, ...]:
    """Return what became of every command of a recorded session, the greeting first.

    *contents* is false if the recording's bodies are not the true ones (masked or dropped).
    Raise CaptureError if there is no such session.
    """
    return read_session(tape, session, lambda it: OutcomeReader(it, contents=contents)).finish()


Numbered = tuple[int, tuple[Outcome, ...]]
"""A session: its number, and what became of every command, the greeting first."""


def all_outcomes_of(tape: Tape, *, contents: bool = True) -> list[Numbered]:
    """Return every session in which the client asked anything, in the order in which they began.

    *contents* is as in ``outcomes_of``.  Raise CaptureError if there is no such session.
    """
    readers: list[OutcomeReader] = []

    def read(session: Session) -> Reader:
        readers.append(OutcomeReader(session, contents=contents))
        return readers[-1]

    play_back(tape, read)
    found = [(reader.number, reader.finish()) for reader in readers]
    asked = [(number, outcomes) for number, outcomes in found if len(outcomes) > 1]
    if not asked:
        raise NothingAskedError(unread=any(each.unread for each in readers))
    return asked


def asking(tape: Tape, seen: set[int]) -> Tape:
    """Yield *tape*, and put down in *seen* the sessions in which the client said anything."""
    for item in tape:
        if isinstance(item, Spoke) and item.chunk.side is Side.CLIENT:
            seen.add(item.session)
        yield item
