"""Reads along: whatever passes is kept in order and read when the loop has time for it.

Rule: a failure here is told and ends the reading, never the passing (fail open).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator

from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.failure import describe
from pop3spy.session.model import Ending
from pop3spy.session.reading import Reading

BURST = 400
"""Frames that are read before others have their turn."""
TAPE = 1 << 20
"""Octets that may wait to be read before no more should be taken in."""

_DONE = object()


def _nobody_waits() -> None:
    """Do nothing: the session is over."""


class Observer:
    """Reads one session's bytes; *caught_up* is called each time all of them have been read."""

    def __init__(self, reading: Reading, clock: Clock, caught_up: Callable[[], None]) -> None:
        self.session = reading.session
        self._reading = reading
        self._clock = clock
        self._caught_up = caught_up
        self._loop = asyncio.get_running_loop()
        self._tape: deque[Chunk] = deque()
        self._taped = 0
        self._frames: Iterator[None] | None = None
        self._scheduled = False

    @property
    def behind(self) -> bool:
        """Whether too much waits to be read."""
        return self._taped > TAPE

    @property
    def quiet(self) -> bool:
        """Whether everything was read and no reply is outstanding."""
        return not self._tape and self._frames is None and self._reading.quiet

    def hear(self, side: Side, data: bytes) -> float:
        """Keep *data* to be read; return the time that it is said to have come at."""
        now = self._clock.now()
        if not self.session.blind:
            self._tape.append(Chunk(side, data, now))
            self._taped += len(data)
            self.soon()
        return now

    def soon(self) -> None:
        """Read, and call ``caught_up``, at the loop's next turn."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._observe)

    def end(self, ending: Ending) -> None:
        """Tell that the session is over; everything has been read."""
        try:
            self._reading.end(self._clock.now(), ending)
        except Exception as error:  # noqa: BLE001 - as below; the second call reads nothing
            self._blind(describe(error))
            self._reading.end(self._clock.now(), ending)
        self._caught_up = _nobody_waits  # no cycle keeps a closed session in memory

    def _observe(self) -> None:
        try:
            more = self._read_some()
        except Exception as error:  # noqa: BLE001 - a bug in reading must not stop bytes
            self._blind(describe(error))
            more = False
        if more:
            self._loop.call_soon(self._observe)
            return
        self._scheduled = False
        self._caught_up()

    def _read_some(self) -> bool:
        """Read some frames; return whether there may be more."""
        for _ in range(BURST):
            if self._frames is None:
                if not self._tape:
                    return False
                chunk = self._tape.popleft()
                self._taped -= len(chunk.data)
                self._frames = self._reading.feed(chunk)
            if next(self._frames, _DONE) is _DONE:
                self._frames = None
        return True

    def _blind(self, why: str) -> None:
        self._tape.clear()
        self._taped = 0
        self._frames = None
        self._reading.blind(self._clock.now(), f"reading failed, the bytes go on: {why}")
