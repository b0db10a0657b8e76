"""What was said, octet by octet: escaped text, or a hex dump."""

from collections.abc import Iterator
from typing import Final

from pop3spy.protocol.frames import Frame, Opaque
from pop3spy.protocol.text import MASK, show
from pop3spy.session.events import Heard, Told
from pop3spy.spool import Stream

_ROW: Final = 16
_PIECE: Final = 120
"""Octets of a long frame that one line has."""


class WireView:
    """A subscriber that writes each frame's octets to *stream*; with *hexadecimal* as a dump.

    Line ends are shown, and nothing is folded; what may not be shown is masked.
    """

    def __init__(self, stream: Stream, *, hexadecimal: bool = False) -> None:
        self._stream = stream
        self._hexadecimal = hexadecimal

    def __call__(self, event: Told) -> None:
        """Write what was heard."""
        if not isinstance(event, Heard):
            return
        frame = event.frame
        head = f"{event.first - event.session.opened_at:>12.6f}  s{event.session.id:<3} "
        head += f"{frame.side.value}: "
        lines = _dump(frame) if self._hexadecimal else _text(frame)
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


def _dump(frame: Frame) -> Iterator[str]:
    if isinstance(frame, Opaque) and not frame.raw:
        yield _unread(frame)
        return
    hidden = {at for start, end in frame.masks for at in range(start, end)}
    for start in range(0, len(frame.raw), _ROW):
        octets = range(start, min(start + _ROW, len(frame.raw)))
        pairs = ["██" if at in hidden else f"{frame.raw[at]:02x}" for at in octets]
        chars = ["█" if at in hidden else _char(frame.raw[at]) for at in octets]
        left, right = " ".join(pairs[:8]), " ".join(pairs[8:])
        yield f"{start:06x}  {left:<23}  {right:<23}  {''.join(chars)}"


def _char(octet: int) -> str:
    return chr(octet) if 0x20 <= octet < 0x7F else "."  # noqa: PLR2004 - what ASCII prints


def _unread(frame: Opaque) -> str:
    size = MASK if frame.counted is None else f"{frame.counted:,} octets"
    return f"({frame.why.value}: {size})"
