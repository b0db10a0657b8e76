"""Bytes as they arrived, and when."""

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pop3spy.protocol.facts import NO_FACTS, Facts
from pop3spy.protocol.frames import Cuts, Side, Spans


@dataclass(slots=True)
class Chunk:
    """What one read of one side gave; ``at`` is in seconds since the clock started."""

    side: Side
    data: bytes
    at: float


class Clock:
    """Seconds since the program started, which never run backwards, and the date they stand for.

    That of a recording has the date on which it *started*.  *ticks* counts nanoseconds.  ``run``
    names what it is the clock of: a recording by that date, and a run of the program so that it is
    told from those of other machines as well.
    """

    def __init__(
        self, started: datetime | None = None, ticks: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self.started: Final = started or datetime.now(UTC)
        date = f"{self.started:%Y%m%dT%H%M%S.%fZ}"
        self.run: Final = date if started else f"{date}-{os.urandom(4).hex()}"
        self._ticks = ticks
        self._zero = ticks()

    def now(self) -> float:
        """Return the seconds since the start."""
        return (self._ticks() - self._zero) / 1e9

    def epoch(self) -> float:
        """Return the seconds since 1970 by these dates, which no clock that is set changes."""
        return self.started.timestamp() + self.now()

    def date(self, at: float) -> datetime:
        """Return the date, in UTC, of *at* seconds after the start, or the last that there is."""
        return date_after(self.started, at)


def date_after(started: datetime, at: float) -> datetime:
    """Return the date of *at* seconds after *started*, in UTC, or the last that there is."""
    try:
        return started + timedelta(seconds=at)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


class Arrivals:
    """When each octet of one side came, and whether it is filler, for octets still to be read.

    ``told`` are the facts that a recording has of them, with the octets where each begins.
    """

    __slots__ = ("_chunks", "_masks", "_received", "_taken", "told")

    def __init__(self) -> None:
        self._chunks: deque[tuple[int, float]] = deque()  # where a chunk ends, when it came
        self._masks: deque[tuple[int, int]] = deque()
        self.told: deque[tuple[int, Facts]] = deque()
        self._received = 0
        self._taken = 0

    def add(self, size: int, at: float, masks: Spans = (), facts: Facts = NO_FACTS) -> None:
        """Note that *size* octets came, in which *masks* are filler, of which *facts* are known."""
        for start, end in masks:
            self._masks.append((self._received + start, self._received + end))
        if facts is not NO_FACTS:
            self.told.append((self._received, facts))
        if size:
            self._received += size
            self._chunks.append((self._received, at))

    def take(self, size: int) -> tuple[float, float, Cuts]:
        """Return when the first and the last of the next *size* octets came, and forget them.

        The cuts are where, in octets from their beginning, a later read began, and when it came.
        """
        chunks = self._chunks
        end, first = chunks[0]
        start = self._taken
        self._taken += size
        if self._taken <= end:  # as nearly always: it came in one read
            if self._taken == end:
                chunks.popleft()
            return first, first, ()
        last = first
        cuts = []
        while chunks[0][0] < self._taken:
            end, _ = chunks.popleft()
            last = chunks[0][1]
            cuts.append((end - start, last))
        if chunks[0][0] == self._taken:
            chunks.popleft()
        return first, last, tuple(cuts)

    @property
    def masked(self) -> bool:
        """Whether there is filler among what is still to be read."""
        return bool(self._masks)

    def masks(self, size: int) -> Spans:
        """Return where in the next *size* octets filler stands, and forget that."""
        found: list[tuple[int, int]] = []
        while self._masks and self._masks[0][0] < self._taken + size:
            start, end = self._masks.popleft()
            span = start - self._taken, min(end - self._taken, size)
            if found and found[-1][1] == span[0]:  # the filler came in several pieces
                span = found.pop()[0], span[1]
            found.append(span)
            if end > self._taken + size:
                self._masks.appendleft((self._taken + size, end))
                break
        return tuple(found)

    def facts(self, size: int) -> Facts:
        """Return what is known of the next *size* octets, and forget that."""
        facts = NO_FACTS
        while self.told and self.told[0][0] < self._taken + size:
            _, later = self.told.popleft()
            facts = facts if facts is not NO_FACTS else later
        return facts

    def without_masks(self, data: bytes) -> bytes:
        """Return *data*, which is what comes next, with blanks in place of filler."""
        blanked = bytearray(data)
        for start, end in self._masks:
            begin, stop = max(0, start - self._taken), min(end - self._taken, len(data))
            blanked[begin:stop] = b" " * (stop - begin)
        return bytes(blanked)
