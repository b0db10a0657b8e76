"""The last events that were told to pages, so that one that lost its connection misses nothing.

Rules: 1. an id is the boot and a number, as in ``9f3a.1204``, so that one of an earlier run is
known as such; 2. who is further behind than the ring reaches is told so, and begins anew.
"""

import secrets
from collections import deque
from itertools import islice
from typing import Final

EVENTS: Final = 10_000
"""Events that are kept."""
OCTETS: Final = 8 << 20
"""Octets of them that are kept."""


class EventRing:
    """Keeps at most so many *events* and *octets*; ``last`` is the number of the latest event."""

    def __init__(self, events: int = EVENTS, octets: int = OCTETS) -> None:
        self.boot = secrets.token_hex(4)
        self.last = 0
        self.octets = 0
        self._most = events, octets
        self._kept: deque[bytes] = deque()

    @property
    def id(self) -> str:
        """The id of the latest event."""
        return f"{self.boot}.{self.last}"

    def add(self, name: str, data: str) -> None:
        """Take in an event called *name*; *data* is JSON on one line."""
        self.last += 1
        told = f"id: {self.boot}.{self.last}\nevent: {name}\ndata: {data}\n\n".encode()
        self._kept.append(told)
        self.octets += len(told)
        events, octets = self._most
        while len(self._kept) > events or self.octets > octets:
            self.octets -= len(self._kept.popleft())

    def clear(self) -> None:
        """Forget what was told: whoever comes back has to begin anew."""
        self.last += 1
        self._kept.clear()
        self.octets = 0

    def number_of(self, given: str) -> int | None:
        """Return the number in an id that was *given*, None if it is not one of this run."""
        boot, _, number = given.partition(".")
        if boot != self.boot or not (number.isascii() and number.isdigit()) or len(number) > 18:  # noqa: PLR2004 - as many as an int64 has
            return None
        return int(number)

    def after(self, number: int, most: int) -> list[bytes] | None:
        """Return what was told behind event *number*; None if that is not kept, or is over *most*.

        So is what was told behind an event that never was.
        """
        missing = self.last - number
        if not 0 <= missing <= min(most, len(self._kept)):
            return None
        return list(islice(self._kept, len(self._kept) - missing, None))
