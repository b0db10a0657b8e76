"""Recording, also of a session that is going on: what was said so far is written first."""

from collections import deque
from typing import Final

from pop3spy.capture.files import Captures, Keeping
from pop3spy.console.registry import RefusalError
from pop3spy.session.bus import Bus, Reader
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Event, Heard, Noted, Told
from pop3spy.session.model import Session

MOST: Final = 4 << 20
"""Octets of a session that are kept, in case that it is to be recorded."""
_EVENT: Final = 400
"""Octets that an event takes in memory, without those of its frame."""


class EventHistory:
    """A reader that keeps what happened in a session, as long as it is not too much."""

    def __init__(self) -> None:
        self._events: deque[Told] | None = deque()
        self.octets = 0  # of what is kept, and something for each event

    def __call__(self, event: Event) -> None:
        """Keep *event*."""
        self.keep(event)

    def keep(self, told: Told) -> int:
        """Keep an event, or what a person noted; return how many more octets are kept now."""
        if self._events is None:
            return 0
        self._events.append(told)
        size = _EVENT + (len(told.frame.raw) if type(told) is Heard else _size(told))
        self.octets += size
        if self.octets > MOST:
            size -= self.octets
            self.forget()
        return size

    def forget(self) -> None:
        """Keep nothing of the session, now or later."""
        self._events, self.octets = None, 0

    @property
    def known(self) -> bool:
        """Whether all of it is still there."""
        return self._events is not None

    @property
    def events(self) -> list[Told] | None:
        """All that happened until now; None if it was too much to be kept."""
        return None if self._events is None else list(self._events)

    def tell(self, reader: Reader) -> None:
        """Tell *reader* all that happened."""
        for told in self._events or ():
            if not isinstance(told, Noted):
                reader(told)


def _size(told: Told) -> int:
    """Return the characters of what was noted; other events have nothing of their own."""
    return len(str(told.facts.get("text", ""))) if type(told) is Noted else 0


class SessionRecording:
    """Writes captures of what is on the *bus*, as *keeping* says; close it."""

    def __init__(self, bus: Bus, clock: Clock, keeping: Keeping) -> None:
        self._bus = bus
        self._clock = clock
        self._keeping = keeping
        self._last: _RecordedSession | None = None
        self._captures: Captures | None = None
        bus.subscribe(self)

    def __call__(self, session: Session) -> Reader:
        """Return what records *session*, or keeps what happens in it until it is to be recorded."""
        self._last = recorded = _RecordedSession(session)
        if self._captures is not None:
            recorded.begin(self._captures)
        return recorded

    def start(self, path: str) -> None:
        """Record in the new file *path* from the session's beginning on.

        Raise RefusalError if that goes on already or the beginning is not known any more,
        ConfigError if nothing can be written there.
        """
        if self._captures is not None:
            raise RefusalError("this is being recorded already")
        if self._last is not None and not self._last.history.known:
            raise RefusalError("too much was said already; :reconnect first, then :record")
        self._captures = captures = Captures(path, self._keeping, self._clock)
        self._bus.subscribe_to_notes(captures.note)
        if self._last is not None:
            self._last.begin(captures)

    def close(self) -> None:
        """Write what is left; raise OSError if that cannot be done."""
        if self._captures is not None:
            self._captures.close()


class _RecordedSession:
    """A reader that keeps what happens in *session*, and from ``begin`` on lets it be recorded."""

    def __init__(self, session: Session) -> None:
        self.history = EventHistory()
        self._session = session
        self._capture: Reader | None = None

    def __call__(self, event: Event) -> None:
        """Record *event*, or keep it."""
        (self._capture or self.history)(event)

    def begin(self, captures: Captures) -> None:
        """Record what was said so far, and go on with what is said from now on."""
        self._capture = captures(self._session)
        self.history.tell(self._capture)
        self.history.forget()
