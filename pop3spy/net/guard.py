"""One gated side of a link: each frame is told, judged, and only then sent.

Rules: an octet is kept until it has been sent, or until the gate has decided that it will not be;
while an act waits, nothing behind it is read; keepers come and go between lines and replies, so
that none is asked about half of one, or leaves with octets of it; what nobody acts on leaves as it
came, and a line without its end leaves at once if no keeper could act on one that begins so.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pop3spy.gate.acts import Beginning, End, Gate, Keeper, KeepsBack, Moment
from pop3spy.net.act_performer import ActPerformer
from pop3spy.net.outbox import Outbox
from pop3spy.protocol.frames import BodyEnd, BodyPart, Frame, Opaque, Side, StatusLine
from pop3spy.protocol.why import Why
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.events import Heard
from pop3spy.session.model import Exchange
from pop3spy.session.reading import Reading

ENOUGH = 262144
"""Octets that may wait here before no more should be taken in."""


class GatedLink(Protocol):
    """What a guard asks of its link."""

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
        link: GatedLink,
        outbox: Outbox,
        clock: Clock,
        wake: Callable[[], None],
        memory: dict[object, Any] | None = None,
    ) -> None:
        self.side = side
        self.link = link
        self.leaving: Callable[[], None] | None = None  # called once nothing is under way here
        self.finished = False  # the side will say no more, and its peer does not know
        self._reading = reading
        self._gate = gate
        self._outbox = outbox
        self._clock = clock
        self._memory = {} if memory is None else memory
        # Octets of the side, counted from where the frame begins that was not read yet.
        self._received = self._passed = reading.unfinished(side)
        self._read = 0
        self._at_once = b""  # what was read at once, and is not judged yet: nobody else has it
        self._keepers: Sequence[Keeper] = ()  # who judges what is under way
        self._amid = False  # more of that is to come
        self._may_go_on: Exchange | None = None  # answered, unless a body follows after all
        self._acts = ActPerformer(side, reading, outbox, clock, wake)
        self._slowed = False  # too much of it waits
        self._over = False  # neither side will say more
        self._gone = False  # an End was performed

    @property
    def busy(self) -> bool:
        """Whether an act waits."""
        return self._acts.busy

    @property
    def amid(self) -> bool:
        """Whether the peer has heard a part of a line, or of a reply, and not yet its end."""
        return self._passed > self._read or self._amid

    @property
    def _kept(self) -> int:
        """How many octets have come and have neither gone on nor been judged."""
        return self._received - self._passed

    def take(self, chunk: Chunk) -> tuple[Frame, Heard] | None:
        """Take in what came; return what is to be judged, if it could be read at once."""
        if self._gone:
            return None
        read = self._reading.at_once(chunk)
        if read is None:
            self._reading.append(chunk)
        else:
            self._at_once = chunk.data
        self._received += len(chunk.data)
        if self._kept > ENOUGH and not self._slowed:
            self._slowed = True
            self.link.slow(self.side, slow=True)
        return read

    def finish(self) -> None:
        """Know that the side will say no more."""
        self.finished = True

    def conclude(self) -> None:
        """Know that neither side will say more: what waits for ever, or for a reply, is over."""
        self._over = True
        if self._acts.waits_for_ever:
            self._acts.tell()
            self.stop()
            self.link.end_by_gate(End.CLOSE, self.side)

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
        self._at_once = b""
        self._amid = _goes_on(frame)
        self._passed = self._read
        if acts is None:
            self._outbox.add(self.side, frame.raw)
            self._reading.settle(frame)
        else:
            self._acts.begin(moment, heard, acts)
            self._end_if_wanted()

    def go_on(self) -> bool:
        """Do what had to wait until all that is whole was read; return whether more can be now."""
        if self.busy:
            went_on = self._acts.go_on()
            self._end_if_wanted()
            return went_on
        if self._gone:
            return False
        self._let_go_beginning()
        if self._slowed and self._kept <= ENOUGH:  # else the other side has to speak first
            self._slowed = False
            self.link.slow(self.side, slow=False)
        waits = self.side is Side.CLIENT and b"\n" in self._reading.waiting(self.side)
        if self.finished and (self._over or not waits):
            self.finished = False
            self._outbox.add(self.side, self._kept_back() + self._last_words())
            self._outbox.flush()
            self.link.pass_finish(self.side)
        if self.leaving and not self._amid:
            self.leaving()
        return False

    def cut_off(self) -> None:
        """Keep nothing of what has come: nobody is to hear it."""
        self._passed = self._received
        self._read = self._received
        self._amid = self._slowed = False
        self.link.slow(self.side, slow=False)

    def give_up(self) -> bytes:
        """Do nothing any more; return the octets that have not gone on."""
        held = self._acts.held
        self.stop()
        return self._kept_back() + held + self._take()

    def stop(self) -> None:
        """Do nothing any more."""
        self.leaving = None
        self._gone = True
        self._acts.stop()

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
        data = self._at_once or self._reading.last(self.side, self._kept) if self._kept else b""
        self._passed = self._received
        return data

    def _kept_back(self) -> bytes:
        """Return what keepers keep of a reply whose rest they will not judge."""
        if not self._amid:
            return b""
        self._amid = False
        lines = [
            k.give_back(self.side, self._memory) for k in self._keepers if isinstance(k, KeepsBack)
        ]
        return b"".join(reversed(lines))  # what the last one has came first

    def _end_if_wanted(self) -> None:
        """Let nothing more of this side go on if an act has ended the session."""
        if (end := self._acts.ended) is None or self._gone:
            return
        self._gone = True
        self._passed = self._received
        self.link.slow(self.side, slow=False)
        self._outbox.flush()
        self.link.end_by_gate(end, self.side)


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
