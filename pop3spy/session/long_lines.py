"""The longest line of a body, searched in jumps of the longest that a line may be."""

import re
from typing import Final

LONGEST: Final = 998
"""How long a line may be without its line end, in octets (RFC 5322, section 2.1.1)."""

# Greedy: each step jumps ahead and goes back to the last LF, so most octets are never looked at.
# Possessive: nothing is remembered for another try.
_SHORT_LINES: Final = re.compile(rb"(?s)(?:.{0,%d}\n)*+" % LONGEST)


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
            cr = part.startswith(b"\r", end - 1) if end else self._cr
            self._measure(self._open + end - start - cr)
            self._open = 0
            short = _SHORT_LINES.match(part, end + 1)
            assert short is not None  # it matches nothing at least
            start = short.end()
            end = part.find(b"\n", start) if len(part) - start > LONGEST else -1
        self._open += len(part) - start
        self._cr = part.endswith(b"\r")

    def end(self) -> None:
        """Measure the last line, which has no end."""
        self._measure(self._open - self._cr)

    def _measure(self, octets: int) -> None:
        self.longest = max(self.longest, octets)
