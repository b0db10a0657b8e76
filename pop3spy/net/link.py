"""A client's connection joined to a server's.

Rules: 1. bytes first: what came from one side has been sent to the other before anything reads it;
2. a close is passed on as a close, a half-close as a half-close, a reset as a reset; 3. a slow side
slows only the other side of its own link; 4. a side that is gated is read first, and its octets go
when the gate has decided about them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from pop3spy.errors import TlsError
from pop3spy.gate.acts import End, Gate
from pop3spy.net.half import Half
from pop3spy.net.loop_turn import LoopTurn
from pop3spy.net.observer import Observer
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Clock
from pop3spy.session.ending import ending_of_link
from pop3spy.session.how import Closing, Ending, How
from pop3spy.session.reading import Reading
from pop3spy.session.tls import Tls

APOLOGY = 1.0
"""Seconds that a client has to take the reason why it is sent away."""
LARGE = 65536
"""Octets beyond which a read is read at once, if the system has taken them whole."""
Said = tuple[Side, bytes, float]
"""What a side said, and when, in seconds since the clock started."""


class Link:
    """Passes bytes both ways, and reads them afterwards.

    *idle* is how many seconds nobody may speak, 0 for ever; *ended* is called once, when both
    sides are gone and everything has been read.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it joins
        self,
        reading: Reading,
        clock: Clock,
        ended: Callable[["Link"], None],
        idle: float = 0,
        gate: Gate | None = None,
        turn: LoopTurn | None = None,
    ) -> None:
        self.session = reading.session
        self._observer = Observer(reading, clock, self._caught_up, turn)
        self.unread = self._observer.unread
        self._clock = clock
        self._ended = ended
        self._gate = gate or Gate()
        self._gated: set[Side] = set()  # whose octets wait until they are judged
        self._leaving: set[Side] = set()  # ... but soon will not any more
        self._injections: deque[tuple[bytes, str]] = deque()  # the first may be on its way
        self._injecting = False
        self._halves: dict[Side, Half] = {}
        self._held_back = False  # both sides: too much waits to be read
        self._silent: set[Side] = set()  # who said that no more will come
        self._finished: set[Side] = set()  # ... and whose peer knows
        self._closings: dict[Side, Callable[[], None]] = {}  # not told: it is being judged
        self._lost: set[Side] = set()
        self._early: list[bytes] = []  # what the client said before its server was there
        self._ending: Ending | None = None
        self._stopping = False
        self._negotiating = False  # TLS with the server, on account of the client
        self._idle = idle
        self.heard_at = clock.now()
        self._timer: asyncio.TimerHandle | None = None
        if idle:
            self._set_timer(idle, self._check_idle)
        self.regate()

    # -- what the halves tell -------------------------------------------------------------------

    def join(self, half: Half) -> "Link":
        """Take in the client, and later its server."""
        if self._lost:  # the client is gone already
            half.abort()
            return self
        self._halves[half.side] = half
        if client := self._halves.get(half.side.other):
            half.write(b"".join(self._early))
            self._early.clear()
            if client.side in self._finished:
                half.finish()
            client.hold("alone", hold=False)
        return self

    def received(self, side: Side, data: bytes) -> None:
        """Pass *data* on, and let it be read."""
        at_once = False
        if side not in self._gated:
            self.pass_on(side, data)
            # So much has gone by now; read while it is in the core's cache, it costs half as much.
            at_once = len(data) > LARGE and self._is_sent(side)
        self.heard_at = self._observer.hear(side, data, at_once=at_once)
        if self._observer.behind:
            self._hold_all(hold=True)

    def closed(
        self, side: Side, *, reset: bool, close_notify: bool | None = None, at: float | None = None
    ) -> None:
        """Tell of a FIN or a RST behind everything that *side* said before it."""
        at = self._clock.now() if at is None else at
        tell = partial(self._observer.closed, Closing(side, at, reset, close_notify))
        if side in self._gated - self._finished and not reset:
            self._closings[side] = tell
            return
        self._tell_closing(side)
        self._observer.later(tell)

    def finished(self, side: Side) -> None:
        """Pass a half-close on; close when both sides have finished."""
        self._end_with(How.by_peer(side))
        self._silent.add(side)
        if side in self._gated:
            self._observer.later(lambda: self._observer.finish(side, self))
        else:
            self.pass_finish(side)
        if len(self._silent) == len(Side):
            self._observer.later(self._observer.conclude)

    def lost(self, side: Side, error: Exception | None) -> None:
        """Pass a close on as a close, and a reset as a reset."""
        self._lost.add(side)
        if isinstance(error, TlsError):
            self._end_with(How.TLS, str(error))
        elif error is not None:
            self._end_with(How.by_peer(side, reset=True))
        told = side is Side.SERVER and self._negotiating  # its client is going to be told why
        other = None if told else self._halves.get(side.other)
        if other is not None and side.other not in self._lost:
            if error is None or isinstance(error, TlsError):
                other.close(farewell=not self._abrupt(side))
            else:
                other.reset()
        self._observer.soon()

    def clogged(self, side: Side, *, clogged: bool) -> None:
        """Stop reading from the other side while this one does not take what is sent."""
        self._observer.clogged(side, clogged=clogged)
        if other := self._halves.get(side.other):
            other.hold("clogged", hold=clogged)

    # -- the gate, and what goes to the peers ---------------------------------------------------

    def regate(self) -> None:
        """Gate the sides that somebody wants to judge now, and no others."""
        sides = self._wanted
        for side in Side:
            wanted = side in sides
            if wanted and side in self._gated:
                if self._observer.stay(side):
                    self._leaving.discard(side)
            elif wanted and not self._observer.session.blind:
                self._gated.add(side)
                self._observer.later(partial(self._observer.shut, side, self._gate, self))
            elif side in self._gated and side not in self._leaving:
                self._leaving.add(side)
                self._observer.later(partial(self._open, side))

    @property
    def _wanted(self) -> frozenset[Side]:
        return frozenset(Side) if self._injections else self._gate.sides

    def inject(self, raw: bytes, by: str) -> None:
        """Send the command *raw*, a line with its end, as soon as no reply is outstanding.

        The client learns nothing of it; *by* is told as who sent it.  It is dropped at the end.
        """
        self._injections.append((raw, by))
        self.regate()
        self._observer.soon()

    def _inject_some(self) -> None:
        """Send what is to be injected, one after the other's reply; then gate as before."""
        if not self._injections or not self._observer.idle or len(self._gated) < len(Side):
            return
        if self._injecting:
            self._injections.popleft()
            self._injecting = False
        if Side.CLIENT in self._finished or self._observer.session.said_goodbye:
            self._injections.clear()  # the server listens no more
        if not self._injections:
            self.regate()
        elif server := self._halves.get(Side.SERVER):
            self._injecting = True
            raw, by = self._injections[0]
            self._observer.inject(raw, by)
            server.write(raw)

    def pass_on(self, side: Side, data: bytes) -> None:
        """Send to the peer of *side* what that side said."""
        if not data:
            return
        if other := self._halves.get(side.other):
            other.write(data)
        elif side.other not in self._finished:  # the server may still come
            self._early.append(data)
            self._halves[side].hold("alone", hold=True)

    def _is_sent(self, side: Side) -> bool:
        """Return whether the system has taken all that goes to the peer of *side*."""
        other = self._halves.get(side.other)
        return other is not None and other.sent

    def pass_finish(self, side: Side) -> None:
        """Tell the peer that *side* will say no more; close when both sides have finished."""
        self._finished.add(side)
        self._tell_closing(side)
        if other := self._halves.get(side.other):
            other.finish(farewell=not self._abrupt(side))
        if len(self._finished) == len(Side):
            self.close()

    def _tell_closing(self, side: Side) -> None:
        """Tell of a FIN that had to wait for what *side* had said before."""
        if tell := self._closings.pop(side, None):
            self._observer.later(tell)

    def _abrupt(self, side: Side) -> bool:
        """Return whether *side* hung up in a way that the peer, if it has TLS, should learn of."""
        return side in self._halves and self._halves[side].abrupt

    def slow(self, side: Side, *, slow: bool) -> None:
        """Take in no more from *side* while too much of it waits at the gate."""
        if half := self._halves.get(side):
            half.hold("gated", hold=slow)

    def opened(self, side: Side, data: bytes) -> None:
        """Send on what *side* says as it comes again, *data* first."""
        self._gated.discard(side)
        self._leaving.discard(side)
        self.pass_on(side, data)
        self.slow(side, slow=False)
        self.regate()  # somebody may have come in the meantime

    def end_by_gate(self, end: End, side: Side) -> None:
        """End the connections because the gate wants it, on account of *side*."""
        if end is End.FINISH:
            self.pass_finish(side)
            return
        self._end_with(How.GATE)
        for half in self._halves.values():
            if end is End.RESET:
                half.reset()
            else:
                half.close()

    def _open(self, side: Side) -> None:
        if side in self._wanted:  # somebody has changed their mind
            self._leaving.discard(side)
        else:
            self._observer.open(side, self)

    # -- TLS ------------------------------------------------------------------------------------

    def half(self, side: Side) -> Half:
        """Return the connection of *side*, which is there."""
        return self._halves[side]

    def negotiate(self) -> None:
        """Hear nothing in clear any more: what was said up to now is told and goes nowhere.

        Both sides are gated.  The client is heard again once TLS with it begins.
        """
        for side in Side:
            self._observer.cut_off(side)
        self._negotiating = True
        self._halves[Side.CLIENT].hold("negotiating", hold=True)

    def cut_off_client(self) -> None:
        """Hear nothing in clear any more from the client: what it said is told and goes nowhere."""
        self._observer.cut_off(Side.CLIENT)

    def negotiated(self) -> None:
        """Go on: the server is ready, and TLS with the client has begun."""
        self._negotiating = False
        self._halves[Side.CLIENT].hold("negotiating", hold=False)

    def tell(self, said: Iterable[Said], by: str) -> None:
        """Tell of what *by* and the server have said to each other, before anybody else spoke."""
        for side, data, at in said:
            if side is Side.SERVER:
                self._observer.later(partial(self._observer.tell, side, data, at))
            else:
                self._observer.later(partial(self._observer.inject, data, by, at))

    def secured(self, tls: Tls) -> None:
        """Tell that TLS has begun."""
        self._observer.later(partial(self._observer.secured, tls, self._clock.now()))

    def fail(self, error: TlsError) -> None:
        """Remember why this is going to end."""
        self._end_with(How.TLS, str(error))

    # -- how it ends ----------------------------------------------------------------------------

    def refuse(self, ending: Ending, line: bytes = b"") -> None:
        """End a session that has no server: say *line* to the client, if anything, and close."""
        if not (client := self._halves.get(Side.CLIENT)):
            return
        self._ending = ending
        client.write(line)
        self.finished(Side.SERVER)
        # Octets that nobody reads would turn the close into a reset, which overtakes the line.
        client.hold("alone", hold=False)
        self._set_timer(APOLOGY, client.close)

    def stop(self) -> None:
        """Close as soon as no reply is outstanding; without a server there is none."""
        self._stopping = True
        self._observer.soon()

    def close(self) -> None:
        """Close both sides once they have what was sent to them."""
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
        left = self.heard_at + self._idle - self._clock.now()
        if left > 0:
            self._set_timer(left, self._check_idle)
        else:
            self.abort(Ending(How.TIMEOUT, f"nobody spoke for {self._idle:g} s"))

    def _caught_up(self) -> None:
        """Go on taking bytes in, or end if there will be none."""
        if self._held_back:
            self._hold_all(hold=False)
        if self._gated and self._gate.personal:
            self.regate()
        if self._injections:
            self._inject_some()
        if self._lost and self._halves and len(self._lost) == len(self._halves):
            if not self._closings:
                self._conclude()
            for side in list(self._closings):
                self._tell_closing(side)
        elif self._stopping and (self._observer.quiet or Side.SERVER not in self._halves):
            self._end_with(How.SHUTDOWN)
            self.close()

    def _conclude(self) -> None:
        ending = ending_of_link(self._ending, reached=Side.SERVER in self._halves)
        if self._timer:
            self._timer.cancel()
        self._halves.clear()  # no cycle keeps a closed session in memory
        self._gate = Gate()
        self._ended(self)  # first: whatever fails in telling, nobody waits for this link any more
        self._observer.end(ending)

    def _hold_all(self, *, hold: bool) -> None:
        self._held_back = hold
        for half in self._halves.values():
            half.hold("behind", hold=hold)

    def _set_timer(self, seconds: float, call: Callable[[], None]) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, call)
