"""Octets that came out of order, until what is before them has come."""

from bisect import bisect_right
from typing import Final

OVERHEAD: Final = 512
"""Octets that a piece counts for besides its own, so that many tiny ones are bounded too."""

Piece = tuple[int, bytes, int]
"""Where it begins, its octets, and what must have been told before it."""


class Budget:
    """What all that wait together take up."""

    __slots__ = ("taken",)

    def __init__(self) -> None:
        self.taken = 0


class ReassemblyBuffer:
    """Disjoint pieces in order; where two say different things, the first to come counts."""

    __slots__ = ("_budget", "_pieces", "octets", "taken")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._pieces: list[Piece] = []
        self.octets = 0
        self.taken = 0

    def __bool__(self) -> bool:
        """Return whether any wait."""
        return bool(self._pieces)

    @property
    def first(self) -> Piece:
        """The piece that is due first."""
        return self._pieces[0]

    @property
    def end(self) -> int:
        """Where the last piece ends."""
        start, data, _ = self._pieces[-1]
        return start + len(data)

    def add(self, start: int, data: bytes, behind: int = -1) -> None:
        """Take the octets of *data* that no piece has yet."""
        pieces = self._pieces
        index = bisect_right(pieces, start, key=_start)
        if index:
            at, before, _ = pieces[index - 1]
            known = max(0, at + len(before) - start)
            start, data = start + known, data[known:]
        while data:
            free = pieces[index][0] - start if index < len(pieces) else len(data)
            if free > 0:
                self._insert(index, (start, data[:free], behind))
                index += 1
            if free >= len(data):
                return
            at, following, _ = pieces[index]
            known = at + len(following) - start
            start, data, index = start + known, data[known:], index + 1

    def pop(self) -> Piece:
        """Remove the first piece and return it."""
        piece = self._pieces.pop(0)
        self._count(-1, len(piece[1]))
        return piece

    def free(self) -> None:
        """Let the first piece stand behind nothing."""
        start, data, _ = self._pieces[0]
        self._pieces[0] = start, data, -1

    def join(self) -> bytes:
        """Return the octets of all of them."""
        return b"".join([data for _, data, _ in self._pieces])

    def clear(self) -> None:
        """Let go of all."""
        self._count(-len(self._pieces), self.octets)
        self._pieces.clear()

    def _insert(self, index: int, piece: Piece) -> None:
        self._pieces.insert(index, piece)
        self._count(1, len(piece[1]))

    def _count(self, pieces: int, octets: int) -> None:
        octets = octets if pieces > 0 else -octets
        self.octets += octets
        self.taken += octets + pieces * OVERHEAD
        self._budget.taken += octets + pieces * OVERHEAD


def _start(piece: Piece) -> int:
    return piece[0]
