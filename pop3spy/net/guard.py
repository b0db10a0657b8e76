"""One gated side of a link: each frame is told, judged, and only then sent.

Rules: an octet is kept here until it has been sent, or until the gate has decided that it will not
be; while an act waits, nothing behind it is read; keepers come and go between lines and replies, so
that none is asked about half of one, or leaves with octets of it.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from pop3spy.gate.acts import (
    Act,
    Acts,
    Defer,
    End,
    Gate,
    Hold,
    Keeper,
    KeepsBack,
    Moment,
    Respond,
    Send,
    Wait,
)
from pop3spy.protocol.frames import BodyEnd, BodyPart, Frame, Opaque, Side, StatusLine, Why
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.reading import Reading
from pop3spy.session.substitute_frames import answer_to, in_place_of

ENOUGH = 262144
"""Octets that may wait here before no more should be taken in."""


class Way(Protocol):
    """Where a guard's octets go: the link."""

    def pass_on(self, side: Side, data: bytes) -> None:
        """Send to the peer of *side* what that side said."""

    def pass_finish(self, side: Side) -> None:
        """Tell the peer that *side* will say no more."""

    def end_by_gate(self, end: End, side: Side) -> None:
        """End the connections because the gate wants it, on account of *side*."""

    def slow(self, side: Side, *, slow: bool) -> None:
        """Take in no more from *side* for now, or again."""

    def opened(self, side: Side, data: bytes) -> None:
        """Send on what *side* says as it comes again, *data* first."""


class Kept:
    """Octets that have come and have not gone on."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._start = 0  # so much of the first piece is gone
        self.size = 0

    def add(self, data: bytes) -> None:
        """Keep *data* behind the rest."""
        self._pieces.append(data)
        self.size += len(data)

    def forget(self, size: int) -> None:
        """Let the first *size* octets go."""
        self.size -= size
        self._start += size
        while self._pieces and self._start >= len(self._pieces[0]):
            self._start -= len(self._pieces.popleft())

    def take(self) -> bytes:
        """Return everything, and let it go."""
        data = b"".join(self._pieces)[self._start :]
        self.forget(self.size)
        return data


class Guard:
    """Reads, judges and sends on what *side* says.

    *ahead* octets of it that are in no frame yet have gone already; *wake* has ``frames`` asked for
    again; *memory* is what keepers remember of the session.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands between
        self,
        side: Side,
        ahead: int,
        reading: Reading,
        gate: Gate,
        way: Way,
        clock: Clock,
        wake: Callable[[], None],
        memory: dict[object, Any] | None = None,
    ) -> None:
        self.side = side
        self.again = True  # there may be something to read
        self.leaving: Callable[[], None] | None = None  # called once nothing is under way here
        self._ahead = ahead
        self._reading = reading
        self._gate = gate
        self._keepers: Sequence[Keeper] = ()  # who judges what is under way
        self._amid = False  # more of that is to come
        self.way = way
        self._clock = clock
        self._wake = wake
        self._memory = {} if memory is None else memory
        self._chunks: deque[Chunk] = deque()
        self._kept = Kept()
        self.finished = False  # the side will say no more, and its peer does not know
        self._moment: Moment | None = None  # what is being acted on
        self._acts: deque[Act] = deque()
        self._slowed = False  # too much of it waits
        self._waiting = False
        self._forever = False  # ... for nothing that could happen
        self._over = False  # neither side will say more
        self._sent = bytearray()
        self._answer = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._gone = False  # an End was performed

    @property
    def busy(self) -> bool:
        """Whether an act waits."""
        return self._moment is not None

    @property
    def amid(self) -> bool:
        """Whether the peer has heard a part of a line, or of a reply, and not yet its end."""
        return self._ahead > 0 or self._amid

    @property
    def waits(self) -> bool:
        """Whether anything here may go on once more has been read of the other side."""
        unread = self._kept.size > 0 or self._ahead > 0
        return unread or self.busy or self.finished or self.leaving is not None

    @property
    def ready(self) -> bool:
        """Whether asking for ``frames`` may bring something."""
        return self.again and not self._waiting

    def take(self, chunk: Chunk) -> None:
        """Take in what came."""
        self._chunks.append(chunk)
        self._kept.add(chunk.data)
        self.again = True
        if self._kept.size > ENOUGH and not self._slowed:
            self._slowed = True
            self.way.slow(self.side, slow=True)

    def finish(self) -> None:
        """Know that the side will say no more."""
        self.finished = True
        self.again = True

    def conclude(self) -> None:
        """Know that neither side will say more: what waits for ever, or for a reply, is over."""
        self._over = self.again = True
        if self._forever:
            self._tell()
            self.stop()
            self.way.end_by_gate(End.CLOSE, self.side)

    def frames(self) -> Iterator[None]:
        """Deal with one frame after the other, as long as none of them has to wait."""
        self.again = False
        if self.busy:
            self._perform()
        while not self.busy and not self._gone:
            if (read := self._reading.next(self.side)) is not None:
                self._judge(*read)
                yield
            elif self._chunks:
                self._reading.take(self._chunks.popleft())
            else:
                self._rest()
                return
        if self._gone:
            self._chunks.clear()
            self._kept.take()
            self.way.slow(self.side, slow=False)

    def cut_off(self) -> None:
        """Read what has come, and keep none of it: nobody is to hear it."""
        for chunk in self._chunks:
            self._reading.take(chunk)
        self._chunks.clear()
        self._kept.take()
        self._ahead = 0
        self._amid = self._slowed = False
        self.way.slow(self.side, slow=False)

    def give_up(self) -> bytes:
        """Do nothing any more; return the octets that have not gone on."""
        held = self._held()
        self.stop()
        return self._kept_back() + held + self._kept.take()

    def stop(self) -> None:
        """Do nothing any more."""
        self._acts.clear()
        self._moment = None
        self._waiting = False
        self._gone = True
        if self._timer:
            self._timer.cancel()

    def _rest(self) -> None:
        """Do what had to wait for everything that is whole."""
        if self._slowed and self._kept.size <= ENOUGH:  # else the other side has to speak first
            self._slowed = False
            self.way.slow(self.side, slow=False)
        client = self.side is Side.CLIENT
        if self.finished and (self._over or not (client and self._reading.waits)):
            self.finished = False
            self._ahead = self._kept.size  # a line without an end goes unjudged
            self.way.pass_on(self.side, self._kept_back() + self._kept.take())
            self.way.pass_finish(self.side)
        if self.leaving and not self._amid:
            self.leaving()

    def _held(self) -> bytes:
        """Return what has not gone on of a frame that was being acted on, unless it was changed."""
        if self._moment is None or self._answer:
            return b""
        raw, sent = self._moment.frame.raw, bytes(self._sent)
        return raw[len(sent) :] if raw.startswith(sent) else b""

    def _kept_back(self) -> bytes:
        """Return what keepers keep of a reply whose rest they will not judge."""
        if not self._amid:
            return b""
        self._amid = False
        lines = [
            k.give_back(self.side, self._memory) for k in self._keepers if isinstance(k, KeepsBack)
        ]
        return b"".join(reversed(lines))  # what the last one has came first

    def _judge(self, frame: Frame, shown: Frame) -> None:
        if gone := min(self._ahead, len(frame.raw)):  # it began to leave before there was a gate
            self._ahead -= gone
            self._kept.forget(len(frame.raw) - gone)
            self.way.pass_on(self.side, frame.raw[gone:])
            self._reading.settle(frame)
            return
        moment = Moment(self._reading.session, frame, shown, self._clock.now(), memory=self._memory)
        if (exchange := moment.exchange) and exchange.injected:
            self._kept.forget(len(frame.raw))  # the client did not ask
            return
        if not (self._amid and isinstance(frame, BodyPart | BodyEnd | Opaque)):
            self._keepers = self._gate.now
        self._amid = False  # should one of them fail, the others may have these octets already
        acts = self._gate.judge(moment, self._keepers)
        self._amid = _goes_on(frame)
        self._kept.forget(len(frame.raw))
        if acts is None:
            self.way.pass_on(self.side, frame.raw)
            self._reading.settle(frame)
        else:
            self._moment = moment
            self._acts.extend(acts)
            self._perform()

    # -- acts -----------------------------------------------------------------------------------

    def _perform(self) -> None:
        assert self._moment is not None
        while self._acts and not self._waiting:
            act = self._acts.popleft()
            match act:
                case Send(data):
                    self._sent += data
                    self.way.pass_on(self.side, data)
                case Respond(line) if self._reading.idle:
                    self._answer += line
                    self.way.pass_on(self.side.other, line)
                case Respond():  # replies that are on their way come first
                    self._acts.appendleft(act)
                    return
                case Wait(seconds):
                    self._pause(self._moment, seconds)
                case Hold(wait):
                    self._waiting = True
                    self._tell_notes(self._moment)
                    wait(self._go_on)
                case Defer(find):
                    self._acts.extendleft(reversed(find()))
                case End():
                    self._tell()
                    self._gone = True
                    self.way.end_by_gate(act, self.side)
                    return
        if not self._acts and not self._waiting:
            self._tell()

    def _pause(self, moment: Moment, seconds: float) -> None:
        self._waiting = True
        if seconds < math.inf:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._go_on, ())
        else:
            self._forever = True
            self._tell_notes(moment)

    def _go_on(self, acts: Acts) -> None:
        """Go on behind an act that waited, with *acts* first."""
        if self._waiting:
            self._waiting = False
            self._acts.extendleft(reversed(acts))
            self.again = True
            self._wake()

    def _tell(self) -> None:
        """Tell what became of the frame that was acted on."""
        moment, self._moment = self._moment, None
        assert moment is not None
        sent, answer = bytes(self._sent), bytes(self._answer)
        self._sent.clear()
        self._answer.clear()
        frame = moment.frame
        changed = sent != frame.raw
        if not changed:
            self._reading.settle(frame)
        if not (changed or answer or moment.notes):
            return
        by, did = moment.notes.pop() if moment.notes else (moment.by, "changed it")
        self._tell_notes(moment)
        self._reading.intervene(
            moment.shown,
            self._clock.now(),
            by,
            did,
            sent=in_place_of(frame, sent) if changed else None,
            answer=answer_to(frame, answer) if answer else None,
        )

    def _tell_notes(self, moment: Moment) -> None:
        for by, did in moment.notes:
            self._reading.intervene(moment.shown, self._clock.now(), by, did)
        moment.notes.clear()


def _goes_on(frame: Frame) -> bool:
    """Return whether more of the same line, or of the reply that it begins, is certain to come."""
    match frame:
        case BodyPart() | StatusLine(has_body=True):
            return True
        case Opaque(why=why) if why is not Why.TOO_LONG:
            return False
    return frame.truncated
