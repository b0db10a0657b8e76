"""What keepers want done about a frame, done in order; behind what waits, nothing is read."""

import asyncio
import math
from collections import deque
from collections.abc import Callable

from pop3spy.gate.acts import Act, Acts, Defer, End, Hold, Moment, Respond, Send, Wait
from pop3spy.net.outbox import Outbox
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Clock
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.events import Heard
from pop3spy.session.reading import Reading
from pop3spy.session.substitute_frames import answer_to, in_place_of


class ActPerformer:
    """Performs the acts about one frame of *side* at a time, and tells what became of it.

    *wake* has ``go_on`` asked for again; ``ended`` is the act that has ended the session.
    """

    def __init__(
        self,
        side: Side,
        reading: Reading,
        outbox: Outbox,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self.ended: End | None = None
        self.waits_for_ever = False  # for nothing that could happen
        self._side = side
        self._reading = reading
        self._outbox = outbox
        self._clock = clock
        self._wake = wake
        self._moment: Moment | None = None  # what is being acted on
        self._heard: Heard
        self._acts: deque[Act] = deque()
        self._sent = bytearray()
        self._answer = bytearray()
        self._waiting = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether an act waits."""
        return self._moment is not None

    @property
    def held(self) -> bytes:
        """What has not gone on of the frame that is being acted on, unless it was changed."""
        if self._moment is None or self._answer:
            return b""
        raw, sent = self._moment.frame.raw, bytes(self._sent)
        return raw[len(sent) :] if raw.startswith(sent) else b""

    def begin(self, moment: Moment, heard: Heard, acts: Acts) -> None:
        """Do *acts* about the frame of *moment*, of which *heard* was told."""
        self._moment, self._heard = moment, heard
        self._acts.extend(acts)
        self._perform(moment)

    def go_on(self) -> bool:
        """Do what had to wait; return whether anything was done."""
        assert self._moment is not None
        before = len(self._acts)
        self._perform(self._moment)
        return not self.busy or len(self._acts) < before

    def stop(self) -> None:
        """Do nothing any more."""
        self._acts.clear()
        self._moment = None
        self._waiting = False
        self._reading.hold(self._side, held=False)
        if self._timer:
            self._timer.cancel()

    def _perform(self, moment: Moment) -> None:
        while self._acts and not self._waiting:
            act = self._acts.popleft()
            match act:
                case Send(data):
                    self._sent += data
                    self._outbox.add(self._side, data)
                case Respond(line):
                    if not self._respond(line):
                        self._acts.appendleft(act)
                        break
                case Wait(seconds):
                    self._pause(moment, seconds)
                case Hold(wait):
                    self._waiting = True
                    self._tell_notes(moment)
                    self._outbox.flush()
                    wait(self._resume)
                case Defer(find):
                    self._acts.extendleft(reversed(find()))
                case End():
                    self.ended = act
                    self._acts.clear()
        if not self._acts and not self._waiting:
            self.tell()
        self._reading.hold(self._side, held=self.busy or self.ended is not None)

    def _respond(self, line: bytes) -> bool:
        """Answer, or return False: replies that are on their way come first."""
        other = self._side.other
        if any(closing.side is other for closing in self._reading.session.closings):
            return True  # then this side hears no answer
        if not self._reading.idle:
            return False
        self._answer += line
        self._outbox.add(other, line)
        self._outbox.flush()
        return True

    def _pause(self, moment: Moment, seconds: float) -> None:
        self._waiting = True
        self._outbox.flush()
        if seconds < math.inf:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._resume, ())
        else:
            self.waits_for_ever = True
            self._tell_notes(moment)

    def _resume(self, acts: Acts) -> None:
        """Go on behind an act that waited, with *acts* first."""
        if self._waiting:
            self._waiting = False
            self._acts.extendleft(reversed(acts))
            self._wake()

    def tell(self) -> None:
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
