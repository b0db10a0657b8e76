"""One gated side of a link: each frame is told, judged, and only then sent.

Rules: an octet is kept until it has been sent, or until the gate has decided that it will not be;
while an act waits, nothing behind it is read; keepers come and go between lines and replies, so
that none is asked about half of one, or leaves with octets of it; what nobody acts on leaves as it
came, and a line without its end leaves at once if no keeper could act on one that begins so.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pop3spy.gate.acts import (
    Act,
    Acts,
    Beginning,
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
from pop3spy.net.outbox import Outbox
from pop3spy.protocol.frames import BodyEnd, BodyPart, Frame, Opaque, Side, StatusLine, Why
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.events import Heard
from pop3spy.session.model import Exchange
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
        """Take in no more from *side* while it is *slow*."""

    def opened(self, side: Side, data: bytes) -> None:
        """Send on what *side* says as it comes again, *data* first."""


class Guard:
    """Judges what *side* says, and lets it go by *outbox*.

    What it said before and has no end has gone already; *wake* has ``go_on`` asked for again;
    *memory* is what keepers remember of the session.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands between
        self,
        side: Side,
        reading: Reading,
        gate: Gate,
        way: Way,
        outbox: Outbox,
        clock: Clock,
        wake: Callable[[], None],
        memory: dict[object, Any] | None = None,
    ) -> None:
        self.side = side
        self.way = way
        self.leaving: Callable[[], None] | None = None  # called once nothing is under way here
        self.finished = False  # the side will say no more, and its peer does not know
        self._reading = reading
        self._gate = gate
        self._outbox = outbox
        self._clock = clock
        self._wake = wake
        self._memory = {} if memory is None else memory
        # Octets of the side, counted from where the frame begins that was not read yet.
        self._received = self._passed = reading.unfinished(side)
        self._read = 0
        self._keepers: Sequence[Keeper] = ()  # who judges what is under way
        self._amid = False  # more of that is to come
        self._may_go_on: Exchange | None = None  # answered, unless a body follows after all
        self._moment: Moment | None = None  # what is being acted on
        self._heard: Heard
        self._acts: deque[Act] = deque()
        self._sent = bytearray()
        self._answer = bytearray()
        self._slowed = False  # too much of it waits
        self._waiting = False
        self._forever = False  # ... for nothing that could happen
        self._timer: asyncio.TimerHandle | None = None
        self._over = False  # neither side will say more
        self._gone = False  # an End was performed

    @property
    def busy(self) -> bool:
        """Whether an act waits."""
        return self._moment is not None

    @property
    def amid(self) -> bool:
        """Whether the peer has heard a part of a line, or of a reply, and not yet its end."""
        return self._passed > self._read or self._amid

    @property
    def _kept(self) -> int:
        """How many octets have come and have neither gone on nor been judged."""
        return self._received - self._passed

    def take(self, chunk: Chunk) -> None:
        """Take in what came."""
        if self._gone:
            return
        self._reading.append(chunk)
        self._received += len(chunk.data)
        if self._kept > ENOUGH and not self._slowed:
            self._slowed = True
            self.way.slow(self.side, slow=True)

    def finish(self) -> None:
        """Know that the side will say no more."""
        self.finished = True

    def conclude(self) -> None:
        """Know that neither side will say more: what waits for ever, or for a reply, is over."""
        self._over = True
        if self._forever:
            self._tell()
            self.stop()
            self.way.end_by_gate(End.CLOSE, self.side)

    def judge(self, frame: Frame, heard: Heard) -> None:
        """Deal with *frame*, of which *heard* was told."""
        began, self._read = self._read, self._read + len(frame.raw)
        if self._passed > began:  # it began to leave before anybody could judge it
            self._outbox.add(self.side, frame.raw[self._passed - began :])
            self._passed = max(self._passed, self._read)
            self._reading.settle(frame)
            return
        exchange = heard.exchange
        self._may_go_on = exchange if _may_go_on(frame) else None
        if exchange is not None and exchange.injected:
            self._passed = self._read  # the client did not ask
            return
        if not (self._amid and isinstance(frame, BodyPart | BodyEnd | Opaque)):
            self._keepers = self._gate.now
        self._amid = False  # should one of them fail, the others may have these octets already
        session, at = self._reading.session, self._clock.now()
        moment = Moment(session, frame, heard.frame, at, exchange, memory=self._memory)
        acts = self._gate.judge(moment, self._keepers)
        self._amid = _goes_on(frame)
        self._passed = self._read
        if acts is None:
            self._outbox.add(self.side, frame.raw)
            self._reading.settle(frame)
        else:
            self._moment, self._heard = moment, heard
            self._acts.extend(acts)
            self._perform()

    def go_on(self) -> bool:
        """Do what had to wait until all that is whole was read; return whether more can be now."""
        if self.busy:
            before = len(self._acts)
            self._perform()
            return not self.busy or len(self._acts) < before
        if self._gone:
            return False
        self._let_go_beginning()
        if self._slowed and self._kept <= ENOUGH:  # else the other side has to speak first
            self._slowed = False
            self.way.slow(self.side, slow=False)
        waits = self.side is Side.CLIENT and b"\n" in self._reading.waiting(self.side)
        if self.finished and (self._over or not waits):
            self.finished = False
            self._outbox.add(self.side, self._kept_back() + self._last_words())
            self._outbox.flush()
            self.way.pass_finish(self.side)
        if self.leaving and not self._amid:
            self.leaving()
        return False

    def cut_off(self) -> None:
        """Keep nothing of what has come: nobody is to hear it."""
        self._passed = self._received
        self._read = self._received
        self._amid = self._slowed = False
        self.way.slow(self.side, slow=False)

    def give_up(self) -> bytes:
        """Do nothing any more; return the octets that have not gone on."""
        held = self._held()
        self.stop()
        return self._kept_back() + held + self._take()

    def stop(self) -> None:
        """Do nothing any more."""
        self._acts.clear()
        self._moment = None
        self._waiting = False
        self._gone = True
        self._reading.hold(self.side, held=False)
        if self._timer:
            self._timer.cancel()

    def _let_go_beginning(self) -> None:
        """Send a line without its end, if no keeper could act on one that begins so."""
        client = self.side is Side.CLIENT
        if not self._kept or (client and self._reading.client_waits):
            return
        due = None if client else self._reading.due
        exchanges = (due, self._may_go_on) if self._may_go_on else (due,)
        if not any(self._may_be_acted_on(exchange) for exchange in exchanges):
            self._outbox.add(self.side, self._take())

    def _may_be_acted_on(self, exchange: Exchange | None) -> bool:
        """Return whether the line that has begun may be acted on, if *exchange* is its own."""
        if exchange is not None and exchange.injected:
            return True
        keepers = self._keepers if self._amid else self._gate.now
        return self._gate.may_act_on(self._beginning(exchange), keepers)

    def _beginning(self, exchange: Exchange | None) -> Beginning:
        reading, data = self._reading, self._reading.waiting(self.side)
        return Beginning(reading.session, self.side, data, exchange, in_body=self._amid)

    def _last_words(self) -> bytes:
        """Return what was kept of a side that has broken off, as far as its peer may hear it."""
        by = self._gate.withholder(self._beginning(None)) if self._kept else None
        if by is None:
            return self._take()
        self._passed = self._received
        self._reading.withhold(self.side, self._clock.now(), by.by)
        return b""

    def _take(self) -> bytes:
        """Return what was kept, which goes on now."""
        data = self._reading.last(self.side, self._kept) if self._kept else b""
        self._passed = self._received
        return data

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

    # -- acts -----------------------------------------------------------------------------------

    def _perform(self) -> None:
        """Do what is to be done, as far as nothing waits; behind what does, nothing is read."""
        assert self._moment is not None
        while self._acts and not self._waiting:
            act = self._acts.popleft()
            match act:
                case Send(data):
                    self._sent += data
                    self._outbox.add(self.side, data)
                case Respond(line) if self._reading.idle:
                    self._answer += line
                    self._outbox.add(self.side.other, line)
                    self._outbox.flush()
                case Respond():  # replies that are on their way come first
                    self._acts.appendleft(act)
                    break
                case Wait(seconds):
                    self._pause(self._moment, seconds)
                case Hold(wait):
                    self._waiting = True
                    self._tell_notes(self._moment)
                    self._outbox.flush()
                    wait(self._resume)
                case Defer(find):
                    self._acts.extendleft(reversed(find()))
                case End():
                    self._end(act)
                    return
        if not self._acts and not self._waiting:
            self._tell()
        self._reading.hold(self.side, held=self.busy)

    def _end(self, end: End) -> None:
        self._tell()
        self._acts.clear()
        self._gone = True
        self._passed = self._received
        self._reading.hold(self.side, held=True)
        self.way.slow(self.side, slow=False)
        self._outbox.flush()
        self.way.end_by_gate(end, self.side)

    def _pause(self, moment: Moment, seconds: float) -> None:
        self._waiting = True
        self._outbox.flush()
        if seconds < math.inf:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._resume, ())
        else:
            self._forever = True
            self._tell_notes(moment)

    def _resume(self, acts: Acts) -> None:
        """Go on behind an act that waited, with *acts* first."""
        if self._waiting:
            self._waiting = False
            self._acts.extendleft(reversed(acts))
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
        by, did = moment.notes.pop() if moment.notes else (moment.by, Done(Deed.CHANGED))
        self._tell_notes(moment)
        self._reading.intervene(
            self._heard,
            self._clock.now(),
            by,
            did,
            sent=in_place_of(frame, sent) if changed else None,
            answer=answer_to(frame, answer) if answer else None,
        )

    def _tell_notes(self, moment: Moment) -> None:
        for by, did in moment.notes:
            self._reading.intervene(self._heard, self._clock.now(), by, did)
        moment.notes.clear()


def _may_go_on(frame: Frame) -> bool:
    """Return whether more of the reply may come, though nothing says so."""
    return isinstance(frame, BodyPart) or (isinstance(frame, StatusLine) and frame.has_body is None)


def _goes_on(frame: Frame) -> bool:
    """Return whether more of the same line, or of the reply that it begins, is certain to come."""
    match frame:
        case BodyPart() | StatusLine(has_body=True):
            return True
        case Opaque(why=why) if why is not Why.TOO_LONG:
            return False
    return frame.truncated
