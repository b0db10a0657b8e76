"""Reads along: whatever passes is kept in order and read when the loop has time for it.

Rule: a failure here is told and ends the reading, never the passing (fail open).
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from pop3spy.gate.acts import Gate
from pop3spy.net.guard import GatedLink, Guard
from pop3spy.net.loop_turn import LoopTurn
from pop3spy.net.outbox import Outbox
from pop3spy.protocol.frames import Frame, Side
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.events import Heard
from pop3spy.session.failure import describe
from pop3spy.session.how import Closing, Ending
from pop3spy.session.reading import Reading
from pop3spy.session.tls import Tls

BURST = 400
"""Frames that are read before others have their turn."""
TAPE = 1 << 20
"""Octets that may wait to be read before no more should be taken in."""


def _nobody_waits() -> None:
    """Do nothing: the session is over."""


class Observer:
    """Reads one session's bytes, in the *turn* of all sessions that share one.

    *caught_up* is called each time all of them have been read.
    """

    def __init__(
        self,
        reading: Reading,
        clock: Clock,
        caught_up: Callable[[], None],
        turn: LoopTurn | None = None,
    ) -> None:
        self.session = reading.session
        self._reading = reading
        self._clock = clock
        self._caught_up = caught_up
        self._turn = turn or LoopTurn()
        self._tape: deque[Chunk | Callable[[], None]] = deque()
        self._taped = 0
        self._more = False  # there may be a frame to read, or something at a gate to let go
        self._clogged: set[Side] = set()  # who does not take what is sent to it
        self.behind = False  # too much waits to be read
        self._guards: dict[Side, Guard] = {}
        self._outbox: Outbox | None = None  # there is one while a side is gated
        self._memory: dict[object, Any] = {}  # what keepers remember of this session
        self._scheduled = False

    def unread(self) -> int:
        """Return how many octets wait to be read."""
        return self._taped

    @property
    def quiet(self) -> bool:
        """Whether everything was read and no reply is outstanding."""
        return not self._tape and self._reading.quiet

    @property
    def idle(self) -> bool:
        """Whether everything was read, nothing waits here, and the server owes no reply.

        Behind a command that is held, the reply to another would be taken for its own; behind half
        a line, another would be its rest.
        """
        waiting = any(guard.busy or guard.amid for guard in self._guards.values())
        return not (self._tape or waiting) and self._reading.idle

    def inject(self, raw: bytes, by: str, at: float | None = None) -> None:
        """Read *raw* as a command that goes to the server and that the client did not say."""
        if not self.session.blind:
            self._reading.inject(raw, at=self._clock.now() if at is None else at, by=by)

    def hear(self, side: Side, data: bytes, *, at_once: bool = False) -> float:
        """Keep *data* to be read; return the time that it is said to have come at.

        *at_once*: it has been sent, and is read before this returns, unless anything waits.
        """
        now = self._clock.now()
        if not self.session.blind:
            self._tape.append(Chunk(side, data, now))
            self._taped += len(data)
            if self._taped > TAPE:
                self.behind = True
            if not self._scheduled:
                self._scheduled = True
                if at_once:
                    self._observe()
                else:
                    self._turn.soon(self._observe)
        return now

    def later(self, call: Callable[[], None]) -> None:
        """Call *call* once everything that was heard before now has been read."""
        self._tape.append(call)
        self.soon()

    def closed(self, closing: Closing) -> None:
        """Tell that a side sent a FIN or a RST; everything that it said before has been read."""
        self._reading.side_closed(closing)

    def clogged(self, side: Side, *, clogged: bool) -> None:
        """Know whether *side* takes what is sent to it, and tell when neither side does."""
        before = len(self._clogged) == len(Side)
        (self._clogged.add if clogged else self._clogged.discard)(side)
        both = len(self._clogged) == len(Side)
        if both is not before:
            self.later(partial(self._reading.clogged, self._clock.now(), both=both))

    def shut(self, side: Side, gate: Gate, link: GatedLink) -> None:
        """Let *gate* judge what *side* says from here on; *link* is where it goes then."""
        if self.session.blind:
            link.opened(side, self._taped_of(side))
        if self.session.blind or side in self._guards:
            return
        self._outbox = self._outbox or Outbox(link.pass_on)
        self._reading.gate(side, gated=True)
        self._guards[side] = Guard(
            side, self._reading, gate, link, self._outbox, self._clock, self.soon, self._memory
        )

    def stay(self, side: Side) -> bool:
        """Judge on what *side* says; return whether it was about to be judged no more."""
        guard = self._guards.get(side)
        if guard is None or guard.leaving is None:
            return False
        guard.leaving = None
        return True

    def open(self, side: Side, link: GatedLink) -> None:
        """Judge nothing more of *side* as soon as nothing of it is under way."""
        if guard := self._guards.get(side):
            guard.leaving = lambda: self._leave(guard)
        else:
            link.opened(side, b"")

    def finish(self, side: Side, link: GatedLink) -> None:
        """Pass on that *side* has finished, behind everything that it said."""
        if guard := self._guards.get(side):
            guard.finish()
        else:
            link.pass_finish(side)

    def conclude(self) -> None:
        """Know that neither side will say more."""
        for guard in list(self._guards.values()):
            guard.conclude()

    def _leave(self, guard: Guard) -> None:
        link = guard.link
        guard.leaving = None  # it would keep the guard, and so the session, in memory
        del self._guards[guard.side]
        if not self.session.blind:
            self._reading.gate(guard.side, gated=False)
        self._flush()
        link.opened(guard.side, guard.give_up() + self._taped_of(guard.side))
        if guard.finished:
            link.pass_finish(guard.side)

    def _taped_of(self, side: Side) -> bytes:
        """Return what *side* has said that was not taken in yet."""
        chunks = (item for item in self._tape if isinstance(item, Chunk))
        return b"".join(chunk.data for chunk in chunks if chunk.side is side)

    def secured(self, tls: Tls, at: float) -> None:
        """Tell that TLS began; everything that was said before has been read."""
        try:
            if not self.session.blind:
                self._reading.secured(tls, at)
        except Exception as error:  # noqa: BLE001 - as below
            self._blind(describe(error))

    def cut_off(self, side: Side) -> None:
        """Take what *side*, which is gated, has said up to now as what its peer never hears."""
        self._guards[side].cut_off()
        kept: deque[Chunk | Callable[[], None]] = deque()
        for item in self._tape:
            if isinstance(item, Chunk) and item.side is side:
                self._taped -= len(item.data)
                self._reading.append(item)
            else:
                kept.append(item)
        self._tape = kept
        self._reading.cut_off(side, self._clock.now())

    def tell(self, side: Side, data: bytes, at: float) -> None:
        """Read what *side* said at a time before anything that was heard; it has gone its way."""
        if not self.session.blind:
            self._reading.hear(Chunk(side, data, at))

    def soon(self) -> None:
        """Read, let go on what may, and call ``caught_up``, at the loop's next turn."""
        self._more = True
        if not self._scheduled:
            self._scheduled = True
            self._turn.soon(self._observe)

    def end(self, ending: Ending) -> None:
        """Tell that the session is over; everything has been read."""
        try:
            self._reading.end(self._clock.now(), ending)
        except Exception as error:  # noqa: BLE001 - as below; the second call reads nothing
            self._blind(describe(error))
            self._reading.end(self._clock.now(), ending)
        for guard in self._guards.values():
            guard.stop()
        self._guards.clear()
        self._outbox = None
        self._caught_up = _nobody_waits  # no cycle keeps a closed session in memory

    def _observe(self) -> None:
        try:
            more = self._read_some()
        except Exception as error:  # noqa: BLE001 - a bug in reading must not stop bytes
            self._blind(describe(error))
            more = False
        if more:
            self._turn.soon(self._observe)
            return
        self._scheduled = self.behind = False
        self._caught_up()

    def _read_some(self) -> bool:
        """Read some frames; return whether there may be more."""
        for _ in range(BURST):
            if self._more:
                if (read := self._read()) is not None:
                    if self._guards and (guard := self._guards.get(read[0].side)):
                        guard.judge(*read)
                elif not (self._guards and self._guards_go_on()):
                    self._more = False
            elif self._tape:
                self._take_next()
            else:
                return False
        return True

    def _read(self) -> tuple[Frame, Heard] | None:
        return None if self.session.blind else self._reading.read()

    def _guards_go_on(self) -> bool:
        """Let go on what had to wait for all that was read now; return whether more can be."""
        more = [guard.go_on() for guard in list(self._guards.values())]
        self._flush()
        return any(more)

    def _take_next(self) -> None:
        item = self._tape[0]
        if not isinstance(item, Chunk):
            self._tape.popleft()
            self._more = True  # what had to wait for that
            item()
            return
        guard = self._guards.get(item.side) if self._guards else None
        read = guard.take(item) if guard else self._reading.at_once(item)
        if guard is None and read is None:
            self._reading.append(item)
        if guard or read is None:
            self._more = True
        self._tape.popleft()  # only now: if it could not be taken in, it still has to go on
        self._taped -= len(item.data)
        if guard and read:
            guard.judge(*read)

    def _flush(self) -> None:
        if self._outbox:
            self._outbox.flush()

    def _blind(self, why: str) -> None:
        self.session.blind = True
        for guard in list(self._guards.values()):
            self._leave(guard)
        while self._tape:  # what is called may want what comes behind it
            item = self._tape.popleft()
            if not isinstance(item, Chunk):
                item()
        self._taped = 0
        self._reading.blind(self._clock.now(), f"reading failed, the bytes go on: {why}")
