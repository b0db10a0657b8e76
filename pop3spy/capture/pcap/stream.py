"""One direction of a TCP connection: what is due next, and what waits for it (RFC 9293)."""

from typing import Final

from pop3spy.capture.pcap.reassembly import Budget, ReassemblyBuffer

SEQUENCE: Final = 0xFFFFFFFF
"""Sequence numbers wrap around here (RFC 9293, section 3.4); positions in a stream do not."""
WINDOW: Final = 1 << 30
"""The largest window there is (RFC 7323, section 2.3); what is further off is no sequence."""

_HALF: Final = 0x80000000
_RESET: Final = 1 << 24
"""How far from what is due a RST may be; few windows are larger, and a capture may lack some."""


class TcpStream:
    """What one side says; ``next`` is the position that is due, -1 while nobody knows it."""

    __slots__ = ("acked", "closed", "fin", "fin_at", "next", "pieces", "start")

    def __init__(self, budget: Budget) -> None:
        self.start = -1
        self.next = -1
        self.acked = -1  # what the other side says that it has
        self.fin = -1  # where this side ends, once that is known
        self.fin_at = 0.0  # when that was
        self.closed = False
        self.pieces = ReassemblyBuffer(budget)

    def begin(self, seq: int) -> None:
        """Let the octet numbered *seq* be the first."""
        self.start = self.next = seq & SEQUENCE

    def position(self, seq: int) -> int:
        """Return where the octet numbered *seq* is, which is near the one that is due."""
        return self.next + ((seq - self.next + _HALF) & SEQUENCE) - _HALF

    def is_near(self, seq: int) -> bool:
        """Return whether a RST with this number is of this connection, not of one before it.

        A host refuses it outside of the window (RFC 9293, section 3.10.7.4), which is not known.
        """
        return self.next < 0 or abs(self.position(seq) - self.next) < _RESET

    def set_aside(self, seq: int, data: bytes, behind: int) -> None:
        """Let octets wait that are not due, or must stand *behind* what the other side says."""
        start = self.position(seq)
        known = self.next - start
        if known < len(data) and -known < WINDOW:
            self.pieces.add(max(start, self.next), data[known:] if known > 0 else data, behind)

    def gap(self, limit: int = -1) -> int:
        """Return how many octets are missing before the next thing that is known.

        That is a piece, the end, the last octet that was acknowledged, or *limit*.
        """
        known = [self.acked, self.fin, limit]
        if self.pieces:
            known.append(self.pieces.first[0])
        if self.next in known[1:]:
            return 0
        return (
            min((position for position in known if position > self.next), default=self.next)
            - self.next
        )
