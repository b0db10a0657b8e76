"""Recording, also of a session that is going on: what was said so far is written first."""

from collections import deque
from typing import Final

from pop3spy.capture.files import Captures, Keeping
from pop3spy.console.registry import RefusalError
from pop3spy.session.bus import Bus, Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Event, Heard, Opened, Told

MOST: Final = 4 << 20
"""Octets of a session that are kept, in case that it is to be recorded."""
_EVENT: Final = 400
"""Octets that an event takes in memory, without those of its frame."""


class EventHistory:
    """A subscriber that keeps what happened in this session, as long as it is not too much."""

    def __init__(self) -> None:
        self._events: deque[Event] | None = deque()
        self.octets = 0  # of what is kept, and something for each event

    def __call__(self, event: Told) -> None:
        """Keep *event*."""
        if not isinstance(event, Event):
            return
        if isinstance(event, Opened):
            self._events, self.octets = deque(), 0
        if self._events is None:
            return
        self._events.append(event)
        self.octets += _EVENT + (len(event.frame.raw) if isinstance(event, Heard) else 0)
        if self.octets > MOST:
            self._events, self.octets = None, 0

    @property
    def known(self) -> bool:
        """Whether all of it is still there."""
        return self._events is not None

    @property
    def events(self) -> list[Event] | None:
        """All that happened until now; None if it was too much to be kept."""
        return None if self._events is None else list(self._events)

    def tell(self, subscriber: Subscriber) -> None:
        """Tell *subscriber* all that happened."""
        for event in self._events or ():
            subscriber(event)


class SessionRecording:
    """Writes captures of what is on the *bus*, as *keeping* says; close it."""

    def __init__(self, bus: Bus, clock: Clock, keeping: Keeping) -> None:
        self._bus = bus
        self._clock = clock
        self._keeping = keeping
        self._past = EventHistory()
        self._captures: Captures | None = None
        bus.subscribe(self._past)

    def start(self, path: str) -> None:
        """Record in the new file *path* from the session's beginning on.

        Raise RefusalError if that goes on already or the beginning is not known any more,
        ConfigError if nothing can be written there.
        """
        if self._captures is not None:
            raise RefusalError("this is being recorded already")
        if not self._past.known:
            raise RefusalError("too much was said already; :reconnect first, then :record")
        self._captures = Captures(path, self._keeping, self._clock)
        self._past.tell(self._captures)
        self._bus.subscribe(self._captures)

    def close(self) -> None:
        """Write what is left; raise OSError if that cannot be done."""
        if self._captures is not None:
            self._captures.close()
