"""What was said, octet by octet: escaped text, or a hex dump."""

import re
from collections.abc import Iterator
from typing import Final

from pop3spy.protocol.frames import Frame, Opaque
from pop3spy.protocol.text import MASK, show
from pop3spy.session.bus import Reader
from pop3spy.session.events import Event, Heard
from pop3spy.session.model import Session
from pop3spy.spool import Stream
from pop3spy.wrapping import columns

_ROW: Final = 16
_PIECE: Final = 120
"""Octets of a long frame that one line has."""
_DUMP: Final = 58
"""Columns of a row of a dump besides its characters."""
_SHOWN: Final = re.compile(r"\\x..|\\u.{4}|\\U.{8}|\\.|.")
"""A character as people see it, or what it was escaped to."""
_LEAST: Final = 24


class WireView:
    """A subscriber that writes each frame's octets to *stream*; with *hexadecimal* as a dump.

    Line ends are shown, and nothing is left out; what may not be shown is masked.  ``width`` is the
    number of columns of the terminal, on which lines go on below; None is a file.
    """

    def __init__(
        self, stream: Stream, *, hexadecimal: bool = False, width: int | None = None
    ) -> None:
        self._stream = stream
        self._hexadecimal = hexadecimal
        self.width = width

    def __call__(self, _: Session) -> Reader:
        """Return what writes a session."""
        return self._write

    def _write(self, event: Event) -> None:
        if not isinstance(event, Heard):
            return
        frame = event.frame
        head = f"{event.first - event.session.opened_at:>12.6f}  s{event.session.id:<3} "
        head += f"{frame.side.value}: "
        room = max(self.width - len(head), _LEAST) if self.width else None
        lines = _dump(frame, room) if self._hexadecimal else _text(frame)
        if room:
            lines = (row for line in lines for row in _rows(line, room))
        for number, line in enumerate(lines):
            self._stream.write(f"{head if not number else ' ' * len(head)}{line}\n")


def _text(frame: Frame) -> Iterator[str]:
    if isinstance(frame, Opaque) and not frame.raw:
        yield _unread(frame)
    elif frame.masks or len(frame.raw) <= _PIECE:
        yield show(frame.raw, frame.masks)
    else:
        for line in frame.raw.splitlines(keepends=True):
            for at in range(0, len(line), _PIECE):
                yield show(line[at : at + _PIECE])


def _rows(text: str, room: int) -> Iterator[str]:
    """Yield *text* in rows of a terminal; no escape is cut."""
    if text.isascii() and len(text) <= room:
        yield text
        return
    row, used = "", 0
    for shown in _SHOWN.findall(text):
        size = columns(shown)
        if used + size > room:
            yield row
            row, used = "", 0
        row += shown
        used += size
    yield row


def _dump(frame: Frame, room: int | None) -> Iterator[str]:
    if isinstance(frame, Opaque) and not frame.raw:
        yield _unread(frame)
        return
    hidden = {at for start, end in frame.masks for at in range(start, end)}
    size = _ROW if room is None or room >= _DUMP + _ROW else _ROW // 2
    for start in range(0, len(frame.raw), size):
        octets = range(start, min(start + size, len(frame.raw)))
        pairs = ["██" if at in hidden else f"{frame.raw[at]:02x}" for at in octets]
        chars = ["█" if at in hidden else _char(frame.raw[at]) for at in octets]
        left, right = " ".join(pairs[:8]), " ".join(pairs[8:])
        right = f"{right:<23}  " if size == _ROW else ""
        yield f"{start:06x}  {left:<23}  {right}{''.join(chars)}"


def _char(octet: int) -> str:
    return chr(octet) if 0x20 <= octet < 0x7F else "."  # noqa: PLR2004 - what ASCII prints


def _unread(frame: Opaque) -> str:
    size = MASK if frame.counted is None else f"{frame.counted:,} octets"
    return f"({frame.why.value}: {size})"
