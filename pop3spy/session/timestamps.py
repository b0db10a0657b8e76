"""Dates as machines are told of them: ``2026-11-23T10:00:00.000000Z``."""

import math
from datetime import MAXYEAR

from pop3spy.session.chunk import Clock


class Timestamps:
    """Says which date the seconds of *clock* stand for, in UTC and to the microsecond.

    The text of the last second is kept: nearly always the next event is of the same one, and making
    the text anew takes ten times as long.
    """

    __slots__ = ("_clock", "_kept", "_microsecond", "_second")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._microsecond = clock.started.microsecond
        self._second = math.nan  # counted from the second in which the clock started
        self._kept = ""

    def text(self, at: float) -> str:
        """Return the date of *at* seconds after the start."""
        fraction, whole = math.modf(at)  # apart, they are rounded as timedelta rounds them
        carry, microsecond = divmod(self._microsecond + round(fraction * 1e6), 1_000_000)
        second = whole + carry
        if second == self._second:
            return f"{self._kept}{str(microsecond).zfill(6)}Z"
        return self._begin(second, at)

    def _begin(self, second: float, at: float) -> str:
        date = self._clock.date(at)
        text = date.isoformat(timespec="microseconds")[:26]
        if date.year < MAXYEAR:  # in that one stands all that is beyond the calendar
            self._second, self._kept = second, text[:20]
        return f"{text}Z"
