r"""A body that comes in parts as rows of text: one line of the wire on one row.

Rules: 1. a row shows a line as ``protocol.text.show`` does; 2. a row that ends in a single ``\``
has no line end: the line goes on in the next row, or never had one; 3. no line is looked at in
Python.
"""

import re
from typing import Final

from pop3spy.protocol.frames import Spans
from pop3spy.protocol.line_buffer import LINE
from pop3spy.protocol.text import MASK, decode_text, escape_lines

_LINE_END = re.compile(rb"(?<!\r)\r+\n")
_MASK: Final = MASK.encode()
_BLANK: Final = "\0"  # stands nowhere else: what is shown has no control characters


class Rows:
    """Makes rows of what one side says; *mark* is what they begin with."""

    __slots__ = ("_mark", "_tail")

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._tail = b""  # the beginning of a line whose end has not come

    def add(self, part: bytes, masks: Spans = ()) -> str:
        """Return the rows that are whole now."""
        if masks:
            part = self._with_masks(part, masks)
        data = self._tail + part if self._tail else part
        rows: list[str] = []
        at = 0
        while at < len(data):
            # From here to the last line end within as many octets as a row may have, and one.
            end = data.rfind(b"\n", at, at + LINE + 1) + 1
            if end:
                rows.append(self._show(data[at:end]))
            elif len(data) - at > LINE:
                end = at + LINE
                rows.append(self._unended(data[at:end]))
            else:
                break
            at = end
        self._tail = data[at:]
        return "".join(rows)

    def rest(self) -> str:
        """Return the beginning of a line that has no end, if there is one."""
        tail, self._tail = self._tail, b""
        return self._unended(tail) if tail else ""

    def _with_masks(self, part: bytes, masks: Spans) -> bytes:
        pieces, at = [], 0
        masked = self._tail.endswith(_MASK)
        for start, end in masks:
            if start > at or not masked:  # what came in parts is one mask
                pieces += [part[at:start], _MASK]
            at, masked = end, True
        return b"".join([*pieces, part[at:]])

    def _unended(self, text: bytes) -> str:
        return self._marked(text).replace(_BLANK, " ") + "\\\n"

    def _show(self, lines: bytes) -> str:
        """Return whole lines as rows."""
        if b"\r" in lines:
            lines = lines.replace(b"\r\n", b"\n")
            if b"\r\n" in lines:  # several CRs before one LF belong to the line's end
                lines = _LINE_END.sub(b"\n", lines)
        # A blank behind the mark, but none at the end of a row.
        rows = self._marked(lines[:-1]) + "\n"
        return rows.replace(f"{_BLANK}\n", "\n").replace(_BLANK, " ")

    def _marked(self, lines: bytes) -> str:
        text = escape_lines(decode_text(lines))
        return self._mark + _BLANK + text.replace("\n", f"\n{self._mark}{_BLANK}")
