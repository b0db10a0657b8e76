"""Lines of a body whose beginning tells something: those with dots, and those like replies."""

import re
from typing import Final

# Each finds the line end before the line; the literal beginning makes it as fast as find.
_BEHIND_DOT: Final = re.compile(rb"(?s)\n\.(?=(.))")
_UNSTUFFED: Final = re.compile(rb"\n(?=\.[^.\r\n])")
_LONE_DOT: Final = re.compile(rb"\n(?:(?<!\r\n)(?=\.[\r\n])|(?=\.(?:\n|\r[^\n])))")
_LONE_DOT_BEHIND_CR: Final = re.compile(rb"\r(?=\.[\r\n])")
_ERROR: Final = re.compile(rb"\n(?=-ERR[ \r\n])")
_LAST_ERROR: Final = re.compile(rb"(?s).*\n(?=-ERR[ \r\n])")
_OK: Final = re.compile(rb"\n(?=\+OK)")

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
    bare LF or CR is before or behind.  ``oks``: ``+OK``, if they are asked for.  ``errors``:
    ``-ERR`` and SP or a line end.  The last of these begins at the offset ``last_error`` and ends
    before the offset ``last_error_end``, behind which there are ``lines_behind_error`` line ends.
    The last octets of a body are judged by ``end``.
    """

    __slots__ = (
        "_carry",
        "_offset",
        "_start",
        "_wants_oks",
        "errors",
        "last_error",
        "last_error_end",
        "lines_behind_error",
        "lone_dots",
        "oks",
        "over_stuffed",
        "stuffed",
        "unstuffed",
    )

    def __init__(self, *, oks: bool) -> None:
        self.unstuffed = Occurrences()
        self.stuffed = 0
        self.over_stuffed = 0
        self.lone_dots = Occurrences()
        self.errors = Occurrences()
        self.oks = Occurrences()
        self.last_error: int | None = None
        self.last_error_end: int | None = None
        self.lines_behind_error = 0
        self._wants_oks = oks
        self._carry = b"\r\n"  # a body begins as if behind a line end
        self._offset = -2  # of the first octet carried
        self._start = 0  # what begins before here in the octets carried has been judged

    def add(self, part: bytes, *, dotted: bool, bare_cr: bool, replies: bool) -> None:
        """Search another *part*, which is not empty.

        *dotted*: a line in it may begin with a dot.  *bare_cr*: one may stand behind a bare CR.
        *replies*: lines like replies are searched as well.
        """
        carry = self._carry
        if self.last_error_end is not None:
            self.lines_behind_error += part.count(b"\n") if replies else 0
        elif self.last_error is not None:
            self._end_error(part, 0, self._offset + len(carry))
        dotted = dotted or b"\n." in carry or (part.startswith(b".") and carry.endswith(b"\n"))
        if not (dotted or replies) and len(part) >= _KEPT:
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
        if replies:
            self._search_replies(data, start, end)
        self._carry = data[-_KEPT:]
        self._start = min(end, _BACK)
        self._offset += len(data) - len(self._carry)

    def end(self, *, replies: bool) -> None:
        """Search the last octets; *replies* as before."""
        data, start, end = self._carry, self._start, len(self._carry)
        if b"." in data:
            self._search_dots(data, start, end)
        self.stuffed += data.endswith(b"\n.")
        if replies:
            if b"." in data:
                self._look(_LONE_DOT_BEHIND_CR, self.lone_dots, data, start, end)
            self._search_replies(data, start, end)

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

    def _search_replies(self, data: bytes, start: int, end: int) -> None:
        if data.find(b"-", start) >= 0:
            before = self.errors.count
            self._look(_ERROR, self.errors, data, start, end)
            if self.errors.count > before:
                last = _LAST_ERROR.match(data, start)
                assert last is not None  # there is one
                self.last_error = self._offset + last.end()
                self._end_error(data, last.end(), self._offset)
        if self._wants_oks:
            self._look(_OK, self.oks, data, start, end)

    def _end_error(self, data: bytes, start: int, offset: int) -> None:
        end = data.find(b"\n", start) + 1
        self.last_error_end = offset + end if end else None
        self.lines_behind_error = data.count(b"\n", end) if end else 0

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
