"""A client's connection joined to a server's.

Rules: 1. bytes first: what came from one side has been sent to the other before anything reads it;
2. the tape keeps the order in which the two sides spoke; 3. whatever fails while reading, the bytes
go on (fail open); 4. a slow side slows only the other side of its own link.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator

from pop3spy.net.half import Half
from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import State
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.failure import describe
from pop3spy.session.model import Ending, How
from pop3spy.session.reading import Reading

BURST = 400
"""Frames that are read before other links have their turn."""
TAPE = 4 << 20
"""Octets that may wait to be read; with more, the link stops taking in new ones."""

_DONE = object()
_CLOSED = {Side.CLIENT: How.CLIENT_CLOSED, Side.SERVER: How.SERVER_CLOSED}
_RESET = {Side.CLIENT: How.CLIENT_RESET, Side.SERVER: How.SERVER_RESET}


class Link:
    """Passes bytes both ways, and reads them afterwards.

    *ended* is called once, when both sides are gone and everything has been read.
    """

    def __init__(
        self, reading: Reading, clock: Clock, ended: Callable[["Link"], None], idle: float = 0
    ) -> None:
        self._reading = reading
        self._clock = clock
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._halves: dict[Side, Half] = {}
        self._finished: set[Side] = set()
        self._lost: set[Side] = set()
        self._ending: Ending | None = None
        self._tape: deque[Chunk] = deque()
        self._taped = 0
        self._frames: Iterator[None] | None = None
        self._observing = False
        self._stopping = False
        self._idle = idle
        self._heard_at = clock.now()
        self._timer = self._loop.call_later(idle, self._check_idle) if idle else None

    @property
    def number(self) -> int:
        """The session's number."""
        return self._reading.session.id

    # -- what the halves tell -------------------------------------------------------------------

    def join(self, half: Half) -> "Link":
        """Take in one end; until both are there, nothing is read from the first."""
        if self._lost:  # the client is gone already
            half.abort()
            return self
        self._halves[half.side] = half
        other = self._halves.get(half.side.other)
        if other is None:
            half.hold("alone", hold=True)
        else:
            other.hold("alone", hold=False)
        return self

    def received(self, side: Side, data: bytes) -> None:
        """Pass *data* on, and keep it to be read."""
        if other := self._halves.get(side.other):
            other.write(data)
        self._heard_at = now = self._clock.now()
        if self._reading.session.blind:
            return
        self._tape.append(Chunk(side, data, now))
        self._taped += len(data)
        if self._taped > TAPE:
            self._hold("behind", hold=True)
        self._observe_soon()

    def finished(self, side: Side) -> None:
        """Pass a half-close on; close when both sides have finished."""
        self._end_with(_CLOSED[side])
        self._finished.add(side)
        if other := self._halves.get(side.other):
            other.finish()
        if len(self._finished) == len(Side):
            self.close()

    def lost(self, side: Side, error: Exception | None) -> None:
        """Pass a close on as a close, and a reset as a reset."""
        self._lost.add(side)
        if error is not None:
            self._end_with(_RESET[side])
        other = self._halves.get(side.other)
        if other is not None and side.other not in self._lost:
            if error is None:
                other.close()
            else:
                other.reset()
        self._observe_soon()

    def clogged(self, side: Side, *, clogged: bool) -> None:
        """Stop reading from the other side while this one does not take what is sent."""
        if other := self._halves.get(side.other):
            other.hold("clogged", hold=clogged)

    # -- how it ends ----------------------------------------------------------------------------

    def refuse(self, ending: Ending, line: bytes = b"") -> None:
        """End a session that has no server: say *line* to the client, if anything, and close."""
        self._end_with(ending.how, ending.why)
        client = self._halves[Side.CLIENT]
        client.write(line)
        client.finish()
        self._finished.add(Side.SERVER)
        # Octets that were never read would turn the close into a reset, which overtakes the line.
        client.hold("alone", hold=False)
        self._loop.call_later(1, client.close)

    def stop(self) -> None:
        """Close as soon as no reply is outstanding."""
        self._stopping = True
        self._observe_soon()

    def close(self) -> None:
        """Close both sides once everything has been sent."""
        for half in self._halves.values():
            half.close()

    def abort(self, ending: Ending) -> None:
        """Close both sides now."""
        self._end_with(ending.how, ending.why)
        for half in self._halves.values():
            half.abort()

    def _end_with(self, how: How, why: str = "") -> None:
        if self._ending is None:  # the first cause is the one to tell
            self._ending = Ending(how, why)

    def _check_idle(self) -> None:
        left = self._heard_at + self._idle - self._clock.now()
        if left > 0:
            self._timer = self._loop.call_later(left, self._check_idle)
        else:
            self.abort(Ending(How.TIMEOUT, f"nobody spoke for {self._idle:g} s"))

    # -- reading along --------------------------------------------------------------------------

    def _observe_soon(self) -> None:
        if not self._observing:
            self._observing = True
            self._loop.call_soon(self._observe)

    def _observe(self) -> None:
        """Read some of the tape; come back if that was not all of it."""
        try:
            more = self._read(BURST)
        except Exception as error:  # noqa: BLE001 - fail open: a bug in reading must not stop bytes
            self._blind(describe(error))
            more = False
        if more:
            self._loop.call_soon(self._observe)
            return
        self._observing = False
        self._hold("behind", hold=False)
        if len(self._lost) == len(self._halves):
            self._conclude()
        elif self._stopping and self._reading.quiet:
            self._end_with(How.SHUTDOWN)
            self.close()

    def _read(self, frames: int) -> bool:
        """Read so many frames; return whether there are more."""
        for _ in range(frames):
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
        self._reading.blind(self._clock.now(), why)

    def _hold(self, reason: str, *, hold: bool) -> None:
        for half in self._halves.values():
            half.hold(reason, hold=hold)

    def _conclude(self) -> None:
        ending = self._ending or Ending(How.CLIENT_CLOSED)
        if ending.how in _CLOSED.values() and self._reading.session.state is State.UPDATE:
            ending = Ending(How.QUIT)
        if self._timer:
            self._timer.cancel()
        self._halves.clear()  # no cycle keeps a closed session in memory
        self._reading.end(self._clock.now(), ending)
        self._ended(self)
