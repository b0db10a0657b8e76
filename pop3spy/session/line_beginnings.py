"""Lines of a body that begin with a dot: doubled, single, or alone."""

import re
from typing import Final

# Each finds the line end before the line; the literal beginning makes it as fast as find.
_BEHIND_DOT: Final = re.compile(rb"(?s)\n\.(?=(.))")
_UNSTUFFED: Final = re.compile(rb"\n(?=\.[^.\r\n])")
_LONE_DOT: Final = re.compile(rb"\n(?:(?<!\r\n)(?=\.[\r\n])|(?=\.(?:\n|\r[^\n])))")
_LONE_DOT_BEHIND_CR: Final = re.compile(rb"\r(?=\.[\r\n])")

_BACK: Final = 1  # octets before its beginning that a pattern looks at
_AHEAD: Final = 5  # ... and behind
_KEPT: Final = _BACK + _AHEAD


class Occurrences:
    """How many lines of a kind there are, and the offset of the ``first``, in octets, or None."""

    __slots__ = ("count", "first")

    def __init__(self) -> None:
        self.count = 0
        self.first: int | None = None


class LineBeginnings:
    """Finds lines by how they begin, however the octets are cut.

    ``stuffed`` counts those that begin with a dot, ``over_stuffed`` those that begin with two.
    ``unstuffed``: one dot, then neither a dot nor a line end.  ``lone_dots``: a dot alone that a
    bare LF or CR is before or behind.  The last octets of a body are judged by ``end``.
    """

    __slots__ = (
        "_carry",
        "_offset",
        "_start",
        "lone_dots",
        "over_stuffed",
        "stuffed",
        "unstuffed",
    )

    def __init__(self) -> None:
        self.unstuffed = Occurrences()
        self.stuffed = 0
        self.over_stuffed = 0
        self.lone_dots = Occurrences()
        self._carry = b"\r\n"  # a body begins as if behind a line end
        self._offset = -2  # of the first octet carried
        self._start = 0  # what begins before here in the octets carried has been judged

    def add(self, part: bytes, *, dotted: bool, bare_cr: bool) -> None:
        """Search another *part*, which is not empty.

        *dotted*: a line in it may begin with a dot.  *bare_cr*: one may stand behind a bare CR.
        """
        carry = self._carry
        dotted = dotted or b"\n." in carry or (part.startswith(b".") and carry.endswith(b"\n"))
        if not (dotted or bare_cr) and len(part) >= _KEPT:
            self._offset += len(carry) + len(part) - _KEPT
            self._carry, self._start = part[-_KEPT:], _BACK
            return
        data, start = carry + part, self._start
        end = len(data) - _AHEAD
        if end <= start:
            self._carry = data
            return
        if dotted:
            self._search_dots(data, start, end)
        if bare_cr:
            self._look(_LONE_DOT_BEHIND_CR, self.lone_dots, data, start, end)
        self._carry = data[-_KEPT:]
        self._start = min(end, _BACK)
        self._offset += len(data) - len(self._carry)

    def end(self, *, bare_cr: bool) -> None:
        """Search the last octets; *bare_cr* as before."""
        data, start, end = self._carry, self._start, len(self._carry)
        if b"." in data:
            self._search_dots(data, start, end)
            if bare_cr:
                self._look(_LONE_DOT_BEHIND_CR, self.lone_dots, data, start, end)
        self.stuffed += data.endswith(b"\n.")

    def _search_dots(self, data: bytes, start: int, end: int) -> None:
        # What begins behind *end* is counted with the next octets, here and below.
        behind = _BEHIND_DOT.findall(data, start)
        if not behind:
            return
        later = _BEHIND_DOT.findall(data, end)
        self.stuffed += len(behind) - len(later)
        doubled = behind.count(b".")
        self.over_stuffed += doubled - later.count(b".")
        if len(behind) > doubled:
            self._look(_UNSTUFFED, self.unstuffed, data, start, end)
            self._look(_LONE_DOT, self.lone_dots, data, start, end)

    def _look(
        self, pattern: re.Pattern[bytes], seen: Occurrences, data: bytes, start: int, end: int
    ) -> None:
        """Count what begins in *data* from *start* to before *end*."""
        found = pattern.search(data, start)
        if found is None or found.start() >= end:
            return
        first = self._offset + found.end()
        if seen.first is None or first < seen.first:
            seen.first = first
        seen.count += len(pattern.findall(data, start)) - len(pattern.findall(data, end))
