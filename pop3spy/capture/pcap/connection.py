"""One TCP connection: segments as they were captured, octets as they were sent (RFC 9293).

A capture is not an end of the connection: it may hold a segment twice, late or not at all.  What
each side says is told in order, once, and never before what it had acknowledged: a command stands
behind the reply that its sender had seen.  A segment that does not turn up although the other side
acknowledges it was missed, and so was one behind which too much waits.

The two sides are 0 and 1; where the beginning was captured, 0 is the client.
"""

from typing import Final, Protocol

from pop3spy.capture.pcap.reassembly import Budget
from pop3spy.capture.pcap.stream import SEQUENCE, WINDOW, TcpStream
from pop3spy.errors import Unreached

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

PATIENCE: Final = 16
"""Packets that an acknowledged segment may be late: captures of two ports mix packets up."""
MOST: Final = 4 << 20
"""What may wait in one direction for a segment that nobody acknowledged: a large window."""
AGAIN: Final = 1.0
"""Seconds after which a client that gets no answer asks again (RFC 6298, section 2)."""
CERTAIN: Final = 10.0
"""Seconds without an answer after which none would have come."""


class ConnectionListener(Protocol):
    """Who hears what a connection carries."""

    @property
    def over(self) -> bool:
        """Whether it wants to hear no more."""

    def said(self, side: int, data: bytes, at: float) -> None:
        """Take octets of *side*, in order."""

    def missed(self, side: int, octets: int | None, at: float) -> None:
        """Note that so many octets of *side* were not captured; None: nobody knows how many."""

    def closed(self, side: int, at: float, *, reset: bool) -> None:
        """Note that *side* sent a FIN, or a RST, behind all that it said."""

    def ended(self, side: int, at: float, *, reset: bool) -> None:
        """Note that *side* was the first to close the connection, or *reset* it."""

    def unreachable(self, at: float, why: str, unreached: Unreached | None) -> None:
        """Note that the server never took part in it, and *unreached*: why, if that is certain."""

    def cut(self, at: float, why: str) -> None:
        """Note that nothing more is known of the connection."""


class TcpConnection:
    """Takes the segments of both sides and tells its listener what they carry."""

    __slots__ = ("_asked", "_closer", "_late", "listener", "over", "streams")

    def __init__(self, listener: ConnectionListener, budget: Budget) -> None:
        self.listener = listener
        self.streams = (TcpStream(budget), TcpStream(budget))
        self.over = False
        self._closer: int | None = None
        self._asked: tuple[float, float] | None = None  # when the client did, first and last
        self._late = 0

    def begins_with(self, side: int, seq: int) -> bool:
        """Return whether a SYN of *side* with this number may be part of this connection."""
        return self.streams[side].start in (-1, seq + 1 & SEQUENCE)

    def segment(  # noqa: PLR0913, PLR0917 - what a header says; called for every packet
        self, side: int, seq: int, ack: int, flags: int, data: bytes, size: int, at: float
    ) -> None:
        """Take a segment of *side* with *size* octets, of which *data* were captured."""
        stream, other = self.streams[side], self.streams[1 - side]
        if flags & (SYN | RST | FIN) or stream.next < 0 or other.next < 0:
            if flags & RST:
                if stream.is_near(seq):
                    self._reset(side, seq, at)
                return
            seq = self._begin_or_end(side, seq, ack, flags, size, at)
        due, behind = stream.next, -1
        if flags & ACK and (ahead := ack - other.next & SEQUENCE) and ahead < WINDOW:
            behind = other.next + ahead
            other.acked = max(other.acked, behind)
        if data:
            if seq == due & SEQUENCE and behind < 0 and not stream.pieces.taken:
                stream.next = due + len(data)
                self.listener.said(side, data, at)
            else:
                stream.set_aside(seq, data, -1 if self._is_again(side, seq) else behind)
        if (
            stream.pieces.taken
            or other.pieces.taken
            or stream.acked > stream.next
            or other.acked > other.next
            or stream.fin >= 0
            or other.fin >= 0
        ):
            self._settle(at)

    def cut(self, at: float, why: str) -> None:
        """End it: nothing more will come."""
        self._finish(at)
        if self._closed:
            self._conclude(at)
        elif self._asked and not self.answered and at - self._asked[0] >= AGAIN:
            certain = at - self._asked[0] >= CERTAIN
            unreached = Unreached.UNANSWERED if certain else None
            self.listener.unreachable(self._asked[1], "the server never answered", unreached)
        else:
            self.listener.cut(at, why)

    def reject(self, at: float, unreached: Unreached) -> None:
        """End it: the network says that no connection comes about."""
        self._finish(at)
        why = "the network cannot reach the server"
        if unreached is Unreached.REFUSED:
            why = "the server refused the connection"
        self.listener.unreachable(at, why, unreached)

    @property
    def answered(self) -> bool:
        """Whether there was more than a client that asked for a connection."""
        client, server = self.streams
        return server.start >= 0 or client.next != client.start or bool(client.pieces)

    @property
    def waits(self) -> bool:
        """Whether anything waits for what is missing before it."""
        return any(stream.pieces for stream in self.streams)

    def wait_less(self, at: float) -> None:
        """Take what is missing first for missed, and tell what waits for nothing else."""
        self._give_up(at)
        self._settle(at)

    def release(self) -> None:
        """Let go of what waits, untold."""
        for stream in self.streams:
            stream.pieces.clear()

    # -- beginning and end ------------------------------------------------------------------------

    def _begin_or_end(  # noqa: PLR0913, PLR0917 - as above
        self, side: int, seq: int, ack: int, flags: int, size: int, at: float
    ) -> int:
        """Take what SYN, FIN and first segments say; return the number of the first octet."""
        stream, other = self.streams[side], self.streams[1 - side]
        if flags & SYN:
            seq = seq + 1 & SEQUENCE
            if side == 0:
                self._asked = self._asked[0] if self._asked else at, at
        if stream.next < 0:
            stream.begin(seq)
            if not flags & SYN:
                self.listener.missed(side, None, at)
        if other.next < 0 and flags & ACK:
            other.begin(ack)
        end = stream.position(seq) + size
        if flags & FIN and stream.fin < 0 and 0 <= end - stream.next < WINDOW:
            stream.fin, stream.fin_at = end, at
            if self._closer is None:
                self._closer = side
        return seq

    def _reset(self, side: int, seq: int, at: float) -> None:
        if side == 1 and self._asked and not self.answered:
            self.reject(at, Unreached.REFUSED)
            return
        self._finish(at)
        stream = self.streams[side]
        missing = stream.position(seq) - stream.next if stream.next >= 0 else 0
        if 1 < missing < WINDOW:  # one may be a FIN
            self.listener.missed(side, missing, at)
        self.listener.closed(side, at, reset=True)
        if self._closer is None:
            self.listener.ended(side, at, reset=True)
        else:
            self._conclude(at)

    def _conclude(self, at: float) -> None:
        assert self._closer is not None
        self.over = True
        self.listener.ended(self._closer, at, reset=False)

    @property
    def _closed(self) -> bool:
        return all(stream.closed for stream in self.streams)

    def _close(self) -> bool:
        """Close the sides that have said all; return whether any has."""
        closed = False
        for side in (1, 0) if self._closer == 1 else (0, 1):
            stream = self.streams[side]
            if not stream.closed and 0 <= stream.fin <= stream.next:
                stream.closed = closed = True
                stream.next += 1  # a FIN has a number too
                self.listener.closed(side, stream.fin_at, reset=False)
        return closed

    def _finish(self, at: float) -> None:
        """Tell what still waits."""
        self.over = True
        while self._tell(at) or self._close() or self._give_up(at):
            pass

    # -- order ------------------------------------------------------------------------------------

    def _settle(self, at: float) -> None:
        """Tell what can be told now, and do not wait for ever for the rest."""
        moved = self._go_on(at)
        waits = self._waits(0) or self._waits(1)
        self._late = self._late + 1 if waits and not moved else 0
        while self._late > PATIENCE or max(each.pieces.taken for each in self.streams) > MOST:
            self._late = 0
            self._give_up(at)
            self._go_on(at)
        if all(stream.fin >= 0 and stream.acked > stream.fin for stream in self.streams):
            self._finish(at)  # both sides have all, so what is missing will not come
        if self._closed:
            self._conclude(at)

    def _go_on(self, at: float) -> bool:
        moved = False
        while self._tell(at) or self._close():
            moved = True
        return moved

    def _is_again(self, side: int, seq: int) -> bool:
        """Return whether a due segment was sent before, when it was not captured.

        It acknowledges what the other side said behind it, and so cannot wait for that.
        """
        stream = self.streams[side]
        return stream.position(seq) <= stream.next < self._awaited(side)

    def _tell(self, at: float) -> bool:
        """Tell what is due; return whether there was any."""
        moved, again = False, True
        while again:
            again = False
            for side, stream in enumerate(self.streams):
                due = stream.next
                other = self.streams[1 - side]
                while stream.pieces:
                    start, data, behind = stream.pieces.first
                    if start > due or behind > other.next:
                        break
                    stream.pieces.pop()
                    due = stream.next = start + len(data)
                    self.listener.said(side, data, at)
                    moved = again = True
        return moved

    def _waits(self, side: int) -> bool:
        """Return whether the other side has octets of *side* that were not captured.

        One octet behind which nothing comes may be a FIN.
        """
        stream, other = self.streams[side], self.streams[1 - side]
        return stream.acked > stream.next + (not stream.pieces and not other.pieces)

    def _give_up(self, at: float) -> bool:
        """Tell what was missed, of which nothing more is expected; return whether any was."""
        for wanted in (self._waits, self._has_more):
            for side, stream in enumerate(self.streams):
                if wanted(side) and (gap := stream.gap(self._awaited(side))):
                    stream.next += gap
                    self.listener.missed(side, gap, at)
                    return True
        for stream in self.streams:
            if stream.pieces:  # each side waits for the other: there is no order to be kept
                stream.pieces.free()
                return True
        return False

    def _awaited(self, side: int) -> int:
        """Return up to where *side* must be told for the other side to go on, if it must."""
        other = self.streams[1 - side]
        if not other.pieces:
            return -1
        start, _, behind = other.pieces.first
        return behind if start <= other.next else -1

    def _has_more(self, side: int) -> bool:
        return bool(self.streams[side].pieces)
