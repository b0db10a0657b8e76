"""Where a body ends: a search, never a walk."""

import re

_LONE_DOT = re.compile(rb"\.\r?\n")
_END_BEHIND_CRLF = re.compile(rb"\r\n\.\r?\n")  # the literal beginning makes it as fast as find
_END_BEHIND_LF = re.compile(rb"\n\.\r?\n")
_BEGINNINGS_CRLF = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")
_BEGINNINGS_LF = (b"\n.\r", b"\n.", b"\n")


class BodyReader:
    """A body that is being read, up to the lone dot (RFC 1939, section 3).

    A server that ends its lines with CRLF stuffs the dot behind every CRLF, so only there can a
    lone dot be the end; behind a bare LF it may be content.  With *crlf* false the server ends its
    lines with LF, and the end stands behind LF.
    """

    __slots__ = ("_at_line_start", "_beginnings", "_end", "_line_end", "ended")

    def __init__(self, *, crlf: bool) -> None:
        self.ended = False  # the piece that was measured last is the lone dot
        self._at_line_start = True
        self._end = _END_BEHIND_CRLF if crlf else _END_BEHIND_LF
        self._beginnings = _BEGINNINGS_CRLF if crlf else _BEGINNINGS_LF
        self._line_end = 2 if crlf else 1

    def next_piece(self, data: bytes, at: int) -> int:
        """Return how many octets of *data* from *at* on are content for certain, or the lone dot.

        0: more octets are needed.  Up to four octets that may begin the end are kept back.
        """
        if self._at_line_start:
            if dot := _LONE_DOT.match(data, at):
                self.ended = True
                return dot.end() - at
            if len(data) - at <= 2 and data[at:] in (b".", b".\r"):
                return 0
            self._at_line_start = False
        if end := self._end.search(data, at):
            self._at_line_start = True
            return end.start() + self._line_end - at
        for beginning in self._beginnings:
            if data.endswith(beginning, at):
                return len(data) - at - len(beginning)
        return len(data) - at
