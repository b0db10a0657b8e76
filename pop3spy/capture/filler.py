"""Octets that stand in for bodies that a capture dropped, and how many of them there may be."""

from collections.abc import Iterator
from typing import Final

from pop3spy.protocol.unread_filler import repeated


class OverBudgetError(Exception):
    """A recording speaks of more than it can be about; the message says of what."""


class FillerBudget:
    """How many octets the records of one recording may stand for.

    A record of a hundred octets may speak of gigabytes.  Those that are read line by line cost some
    16 ns each, what is encrypted a twentieth of that.
    """

    _FREE: Final = 1 << 28
    _A_RECORD: Final = 1 << 20
    """Octets that each record adds: more than one read of a socket brings."""
    _CHEAP: Final = 16

    def __init__(self) -> None:
        self._left = float(self._FREE)

    def earn(self) -> None:
        """Take note of another record."""
        self._left += self._A_RECORD

    def spend(self, octets: int, *, cheap: bool = False) -> None:
        """Take *octets* of filler into account; raise OverBudgetError if there are too many."""
        self._left -= octets / self._CHEAP if cheap else octets
        if self._left < 0:
            raise OverBudgetError(
                f"this stands for {octets:,} octets, too many for a recording of its size"
            )


def body_filler(octets: int, lines: int, stuffed: int) -> Iterator[bytes]:
    """Yield a body, or some of it, of so many octets, lines and stuffed dots.

    Its last line takes what is left over.  That has an end if any line has, unless there are more
    stuffed dots than ends of lines.
    """
    line_end = b"\r\n" if octets >= 2 * lines + 2 * stuffed else b"\n"
    ended = lines > 0 and stuffed <= lines
    dotted = stuffed > 0 and stuffed >= lines  # the last line is
    dots = min(stuffed, lines) - (dotted and ended)
    yield from repeated(b".." + line_end, dots)
    plain = max(0, lines - stuffed - 1)
    yield from repeated(line_end, plain)
    left = octets - dots * (2 + len(line_end)) - plain * len(line_end)
    yield from repeated(b"..", int(dotted))
    yield from repeated(b"x", left - 2 * dotted - len(line_end) * ended)
    yield from repeated(line_end, int(ended))
