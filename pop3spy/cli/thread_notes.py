"""Notes that other threads have to tell, published where all others are."""

import asyncio

from pop3spy.session.bus import Bus
from pop3spy.session.events import Noted
from pop3spy.session.model import Session


class ThreadNotes:
    """Publishes on *bus* what any thread has to tell: in the thread of the loop, if one runs."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._loop: asyncio.AbstractEventLoop | None = None
        bus.subscribe(self._learn)

    def _learn(self, _: Session) -> None:
        """Know the loop in which sessions are told of."""
        self._loop = asyncio.get_running_loop()

    def publish(self, note: Noted) -> None:
        """Publish *note*."""
        if self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(self._bus.publish, note)
            except RuntimeError:  # it is closed, and nobody else publishes any more
                pass
            else:
                return
        self._bus.publish(note)
