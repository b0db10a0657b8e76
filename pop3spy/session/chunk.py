"""Bytes as they arrived, and when."""

import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pop3spy.protocol.frames import Side


@dataclass(slots=True)
class Chunk:
    """What one read of one side gave; ``at`` is in seconds since the clock started."""

    side: Side
    data: bytes
    at: float


class Clock:
    """Seconds since the program started, which never run backwards, and the date they stand for."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC)
        self._zero = time.monotonic_ns()

    def now(self) -> float:
        """Return the seconds since the start."""
        return (time.monotonic_ns() - self._zero) / 1e9

    def date(self, at: float) -> datetime:
        """Return the date, in UTC, of *at* seconds after the start."""
        return self.started + timedelta(seconds=at)


class Arrivals:
    """When each octet of one side came, for octets that are still to be read."""

    __slots__ = ("_chunks", "_received", "_taken")

    def __init__(self) -> None:
        self._chunks: deque[tuple[int, float]] = deque()  # where a chunk ends, when it came
        self._received = 0
        self._taken = 0

    def add(self, size: int, at: float) -> None:
        """Note that *size* octets came."""
        self._received += size
        self._chunks.append((self._received, at))

    def take(self, size: int) -> tuple[float, float]:
        """Return when the first and the last of the next *size* octets came, and forget them."""
        chunks = self._chunks
        first = last = chunks[0][1]
        self._taken += size
        while chunks[0][0] < self._taken:
            chunks.popleft()
            last = chunks[0][1]
        if chunks[0][0] == self._taken:
            chunks.popleft()
        return first, last
