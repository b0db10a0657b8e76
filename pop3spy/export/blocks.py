"""The blocks of a pcapng file, little-endian.

Layouts: draft-ietf-opsawg-pcapng, sections 3.1 (blocks), 3.5 (options), 4.1 (Section Header Block),
4.2 (Interface Description Block) and 4.3 (Enhanced Packet Block).  Times are in microseconds, which
is what an interface without ``if_tsresol`` has.
"""

import struct
from collections.abc import Sequence
from typing import Final

RAW_IP: Final = 101
"""LINKTYPE_RAW: the packet begins with an IPv4 or IPv6 header."""

_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_PACKET: Final = 6
_END: Final = 0
_COMMENT: Final = 1
_APPLICATION: Final = 4
_LONGEST: Final = 4000
"""Octets of a comment; an option holds 65,535, but nobody reads as many."""


def section(comment: str) -> bytes:
    """Return what a file begins with: its section header and its one interface."""
    magic_version_and_length = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    options = _option(_COMMENT, comment) + _option(_APPLICATION, "pop3spy") + _option(_END, "")
    interface = struct.pack("<HHI", RAW_IP, 0, 0)
    return _block(_SECTION, magic_version_and_length + options) + _block(_INTERFACE, interface)


def packet(micros: int, data: bytes, comments: Sequence[str]) -> bytes:
    """Return a packet that came *micros* microseconds after 1970 began."""
    micros = min(max(0, micros), 0xFFFFFFFFFFFFFFFF)
    head = struct.pack("<IIIII", 0, micros >> 32, micros & 0xFFFFFFFF, len(data), len(data))
    options = b""
    if comments:
        options = b"".join(_option(_COMMENT, text) for text in comments) + _option(_END, "")
    return _block(_PACKET, head + _padded(data) + options)


def _block(kind: int, body: bytes) -> bytes:
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def _option(code: int, text: str) -> bytes:
    value = text.encode("utf-8", "backslashreplace")
    if len(value) > _LONGEST:
        value = value[:_LONGEST].decode("utf-8", "ignore").encode()
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)
