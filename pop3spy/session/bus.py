"""Hands each event to whoever wants it, in order; one that fails harms nobody else.

Rules:

1. A subscriber makes a reader of each session, or None if it wants nothing of that; the reader is
   dropped when the session has ended.
2. What a reader publishes while an event is handed out comes to everybody behind that event.
3. A subscriber that fails is told of once and asked again next time: a full disk may empty.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pop3spy.session.events import Ended, Event, Noted, Told
from pop3spy.session.model import Session

Reader = Callable[[Event], None]
"""Takes the events of one session."""
Subscriber = Callable[[Session], Reader | None]
"""Makes a reader of a session that has just begun, or that goes on when it subscribes."""
NoteReader = Callable[[Noted], None]
"""Takes what concerns the program and no session."""
Complaint = Callable[[Subscriber | NoteReader, Exception], None]


@dataclass(slots=True)
class _Audience:
    """Who reads one session: each reader with the subscriber that made it."""

    session: Session
    readers: list[tuple[Reader, Subscriber]] = field(default_factory=list)


class Bus:
    """One for the process: events carry their session."""

    def __init__(self, complain: Complaint) -> None:
        self._complain = complain
        self._subscribers: list[Subscriber] = []
        self._note_readers: list[NoteReader] = []
        self._audiences: dict[int, _Audience] = {}
        self._ended: list[int] = []
        self._waiting: deque[Told] = deque()
        self._busy = False
        self._failures: Counter[int] = Counter()

    def subscribe(self, subscriber: Subscriber) -> None:
        """Let *subscriber* read every session from now on, after those who came before it."""
        self._subscribers.append(subscriber)
        for audience in self._audiences.values():
            self._add(subscriber, audience)

    def subscribe_to_notes(self, reader: NoteReader) -> None:
        """Let *reader* have all that concerns the program and no session."""
        self._note_readers.append(reader)

    def failures(self) -> Iterator[tuple[Subscriber | NoteReader, int]]:
        """Yield each who has failed, and how often."""
        everybody: tuple[Subscriber | NoteReader, ...] = (*self._subscribers, *self._note_readers)
        for reader in everybody:
            if times := self._failures[id(reader)]:
                yield reader, times

    def failed(self, subscriber: Subscriber | NoteReader, error: Exception) -> None:
        """Know that *subscriber* failed, be it with an event or behind one; the first is told."""
        self._failures[id(subscriber)] += 1
        if self._failures[id(subscriber)] == 1:
            self._complain(subscriber, error)

    def publish(self, event: Told) -> None:
        """Hand *event* to everybody who reads its session, or notes."""
        if self._busy:
            self._waiting.append(event)
            return
        self._busy = True
        try:
            self._hand_out(event)
            while self._waiting:
                self._hand_out(self._waiting.popleft())
        finally:
            self._busy = False
            self._waiting.clear()
        for number in self._ended:
            self._audiences.pop(number, None)
        self._ended.clear()

    def _hand_out(self, event: Told) -> None:
        if isinstance(event, Noted):
            self._hand_out_note(event)
            return
        session = event.session
        audience = self._audiences.get(session.id) or self._gather(session)
        for reader, subscriber in audience.readers:
            try:
                reader(event)
            except Exception as error:  # noqa: BLE001 - a reader of events must not harm traffic
                self.failed(subscriber, error)
        if isinstance(event, Ended):
            self._ended.append(session.id)

    def _hand_out_note(self, note: Noted) -> None:
        for reader in self._note_readers:
            try:
                reader(note)
            except Exception as error:  # noqa: BLE001 - as above
                self.failed(reader, error)

    def _gather(self, session: Session) -> _Audience:
        audience = self._audiences[session.id] = _Audience(session)
        for subscriber in self._subscribers:
            self._add(subscriber, audience)
        return audience

    def _add(self, subscriber: Subscriber, audience: _Audience) -> None:
        try:
            reader = subscriber(audience.session)
        except Exception as error:  # noqa: BLE001 - as above
            self.failed(subscriber, error)
        else:
            if reader is not None:
                audience.readers.append((reader, subscriber))


def all_of(*subscribers: Subscriber) -> Subscriber:
    """Return a subscriber that is all of these, one after the other."""

    def begin(session: Session) -> Reader:
        made = [subscriber(session) for subscriber in subscribers]
        readers = [reader for reader in made if reader is not None]

        def read(event: Event) -> None:
            for reader in readers:
                reader(event)

        return read

    return begin
