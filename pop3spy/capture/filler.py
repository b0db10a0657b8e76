"""Octets that stand in for those a capture only counted, so that the decoder takes them alike."""

from collections.abc import Iterator
from typing import Final

from pop3spy.protocol.foreign import PROXY_V2
from pop3spy.protocol.why import Why

UNKNOWN = 8
"""Octets that stand for so many that nobody may know."""
PIECE = 65536
"""Octets of filler at a time: a capture may speak of more than memory holds."""


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


def opaque_filler(why: Why, octets: int | None) -> Iterator[bytes]:
    """Yield octets that the decoder will find unreadable for the same reason."""
    size = UNKNOWN if octets is None else octets
    match why:
        case Why.TLS:
            head = (b"\x16\x03\x03" + bytes(PIECE))[: min(size, PIECE)]
            yield head
            yield from _many(b"\0", size - len(head))
        case Why.TLS_HEADER:
            yield b"\x17\x03\x03\0\0"
        case Why.SASL_LAYER:
            yield from _many(b"\0", size)
        case Why.TELNET:
            yield b"\xff\xfa" + bytes(max(0, min(size, 64) - 4)) + b"\xff\xf0"
        case Why.PROXY:
            rest = max(0, min(size - 16, 0xFFFF))
            yield PROXY_V2 + b"\x20\x00" + rest.to_bytes(2) + bytes(rest)
        case Why.UNFINISHED:  # a Telnet command that goes on is no line, not even behind STLS
            head = b"\xff\xfa"[:size]
            yield head
            yield from _many(b"\0", size - len(head))
        case _:
            yield from _many(b"x", size - 1)
            yield b"\n" * min(size, 1)


def body_filler(octets: int, lines: int, stuffed: int) -> Iterator[bytes]:
    """Yield a body, or some of it, of so many octets, lines and stuffed dots.

    Its last line takes what is left over.  That has an end if any line has, unless there are more
    stuffed dots than ends of lines.
    """
    line_end = b"\r\n" if octets >= 2 * lines + 2 * stuffed else b"\n"
    ended = lines > 0 and stuffed <= lines
    dotted = stuffed > 0 and stuffed >= lines  # the last line is
    dots = min(stuffed, lines) - (dotted and ended)
    yield from _many(b".." + line_end, dots)
    plain = max(0, lines - stuffed - 1)
    yield from _many(line_end, plain)
    left = octets - dots * (2 + len(line_end)) - plain * len(line_end)
    yield from _many(b"..", int(dotted))
    yield from _many(b"x", left - 2 * dotted - len(line_end) * ended)
    yield from _many(line_end, int(ended))


def _many(text: bytes, count: int) -> Iterator[bytes]:
    """Yield *text* so many times, some of them at a time."""
    at_once = max(1, PIECE // len(text))
    piece = text * at_once
    while count > 0:
        yield piece if count >= at_once else text * count
        count -= at_once
