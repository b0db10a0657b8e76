"""Recording, also of a session that is going on: what was said so far is written first."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from pop3spy.capture.files import Captures, Keeping
from pop3spy.console.registry import RefusalError
from pop3spy.session.bus import Bus, Reader
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Answered, Event, Heard, Noted, Told
from pop3spy.session.model import Session

MOST: Final = 4 << 20
"""Octets of a session that are kept, in case that it is to be recorded."""
_EVENT: Final = 200
"""Octets that an event takes in memory, with its part of the exchange; the frame has others."""


class EventHistory:
    """A reader that keeps what happened in *session*, as long as it is not too much.

    Of the events that come for every line only the values are kept, in a row behind their kind:
    millions of objects would have to be made room for, and looked at for garbage.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: list[object] | None = []
        self.octets = 0  # of what is kept, and something for each event

    def __call__(self, event: Event) -> None:
        """Keep *event*."""
        self.keep(event)

    def keep(self, told: Told) -> int:
        """Keep an event, or what a person noted; return how many more octets are kept now."""
        kept = self._kept
        if kept is None:
            return 0
        size = _EVENT
        if type(told) is Heard:
            kept += (Heard, told.at, told.frame, told.first, told.state, told.exchange)
            size += len(told.frame.raw)
        elif type(told) is Answered:
            kept += (Answered, told.at, told.exchange)
        else:
            kept.append(told)
            size += _size(told)
        self.octets += size
        if self.octets > MOST:
            size -= self.octets
            self.forget()
        return size

    def forget(self) -> None:
        """Keep nothing of the session, now or later."""
        self._kept, self.octets = None, 0

    @property
    def known(self) -> bool:
        """Whether all of it is still there."""
        return self._kept is not None

    @property
    def events(self) -> list[Told] | None:
        """All that happened until now; None if it was too much to be kept."""
        return None if self._kept is None else list(self._events(self._kept))

    def tell(self, reader: Reader) -> None:
        """Tell *reader* all that happened."""
        for told in self._events(self._kept or []):
            if not isinstance(told, Noted):
                reader(told)

    def _events(self, kept: list[Any]) -> Iterator[Told]:
        """Yield the events of which *kept* has the values."""
        values = iter(kept)
        for one in values:
            size = _VALUES.get(one) if isinstance(one, type) else None
            yield one if size is None else one(self._session, *islice(values, size))


_VALUES: Final = {Heard: 5, Answered: 2}
"""Of which events only the values are kept, and how many: all but the session."""


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
        self.history = EventHistory(session)
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
