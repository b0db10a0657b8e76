"""Octets that stand in for those that were only counted, so that the decoder takes them alike.

A recording is read with them, and an export to packets holds them.
"""

from collections.abc import Iterator
from typing import Final

from pop3spy.protocol.foreign import PROXY_V2
from pop3spy.protocol.why import Why

UNKNOWN: Final = 8
"""Octets that stand for so many that nobody may know."""
PIECE: Final = 65536
"""Octets of filler at a time: a capture may speak of more than memory holds."""

_PROXY_FIXED: Final = 16
_PROXY_V1: Final = b"PROXY UNKNOWN\r\n"
"""The only PROXY header that is shorter than the fixed part of version 2."""
_TELNET_LONGEST: Final = 60
"""Octets of a Telnet negotiation, short enough to be known as one, and to leave one behind it."""
_TELNET: Final = {2: b"\xff\xf1", 3: b"\xff\xfb\0"}  # NOP, and WILL with an option (RFC 854)


def unread_filler(why: Why, octets: int | None, *, ends_line: bool = True) -> Iterator[bytes]:
    """Yield *octets* octets that the decoder will find unreadable for the same reason.

    Without *ends_line* what cannot be read of a line goes on behind them.
    """
    size = UNKNOWN if octets is None else octets
    match why:
        case Why.TLS:
            yield from _headed(b"\x16\x03\x03", size)
        case Why.TLS_HEADER:
            yield b"\x17\x03\x03\0\0"
        case Why.SASL_LAYER:
            yield from repeated(b"\0", size)
        case Why.TELNET:
            yield from _negotiations(size)
        case Why.PROXY:
            yield _proxy_header(size)
        case Why.UNFINISHED:  # a Telnet command that goes on is no line, not even behind STLS
            yield from _headed(b"\xff\xfa", size)
        case _:
            yield from repeated(b"x", size - ends_line)
            yield b"\n" * min(size, int(ends_line))


def repeated(text: bytes, count: int) -> Iterator[bytes]:
    """Yield *text* so many times, some of them at a time."""
    at_once = max(1, PIECE // len(text))
    piece = text * at_once
    while count > 0:
        yield piece if count >= at_once else text * count
        count -= at_once


def _headed(head: bytes, size: int) -> Iterator[bytes]:
    """Yield *head* and zeros: the first piece has all that is looked at."""
    first = (head + bytes(PIECE))[: min(size, PIECE)]
    yield first
    yield from repeated(b"\0", size - len(first))


def _negotiations(size: int) -> Iterator[bytes]:
    """Yield Telnet commands, as long as they may be (RFC 854, and RFC 855 for negotiations)."""
    while size > _TELNET_LONGEST + 3:
        yield b"\xff\xfa" + bytes(_TELNET_LONGEST - 4) + b"\xff\xf0"
        size -= _TELNET_LONGEST
    yield _TELNET.get(size) or b"\xff\xfa" + bytes(max(0, size - 4)) + b"\xff\xf0"


def _proxy_header(size: int) -> bytes:
    """Return a header of the version that has one of *size* octets."""
    if size == len(_PROXY_V1):
        return _PROXY_V1
    rest = max(0, min(size - _PROXY_FIXED, 0xFFFF))
    return PROXY_V2 + b"\x20\x00" + rest.to_bytes(2) + bytes(rest)
