"""The longest line of a body, searched in jumps of the longest that a line may be."""

import re
from typing import Final

LONGEST: Final = 998
"""How long a line may be without its line end, in octets (RFC 5322, section 2.1.1)."""

# Greedy: each step jumps ahead and goes back to the last LF, so most octets are never looked at.
# Possessive: nothing is remembered for another try.
_SHORT_LINES: Final = re.compile(rb"(?s)(?:.{0,%d}\n)*+" % LONGEST)

_ROWS: Final = b"\n" * 16  # behind so many lines of one length, all are tried at once


class LongLines:
    """Knows the ``longest`` line in octets, without its line end, however the octets are cut.

    It is exact only above LONGEST, which it has as long as no line is longer.  A line ends with LF;
    a CR before that is part of the line end.
    """

    __slots__ = ("_cr", "_open", "longest")

    def __init__(self) -> None:
        self.longest = LONGEST
        self._open = 0  # octets of the line that has no end yet
        self._cr = False  # the last octet is a CR

    def add(self, part: bytes) -> None:
        """Measure the lines of another *part*, which is not empty."""
        start = 0
        end = part.find(b"\n")
        while end >= 0:
            if self._open + end - start > LONGEST:
                cr = part.startswith(b"\r", end - 1) if end else self._cr
                self._measure(self._open + end - start - cr)
            self._open = 0
            start = _behind_even_lines(part, end)
            end = -1
            if len(part) - start > LONGEST:
                short = _SHORT_LINES.match(part, start)
                assert short is not None  # it matches nothing at least
                start = short.end()
                if len(part) - start > LONGEST:
                    end = part.find(b"\n", start)
        start = max(start, part.rfind(b"\n", start) + 1)
        self._open += len(part) - start
        self._cr = part.endswith(b"\r")

    def end(self) -> None:
        """Measure the last line, which has no end."""
        self._measure(self._open - self._cr)

    def _measure(self, octets: int) -> None:
        self.longest = max(self.longest, octets)


def _behind_even_lines(part: bytes, end: int) -> int:
    """Return where the lines of one length stop that stand behind the line end at *end*.

    Base64 has nothing else, and this takes a third of the time of a search.
    """
    step = part.find(b"\n", end + 1, end + 1 + LONGEST) - end
    if step > 0 and part[end : end + len(_ROWS) * step : step] == _ROWS:
        rows = part[end::step]
        if rows == b"\n" * len(rows):
            return end + (len(rows) - 1) * step + 1
    return end + 1
