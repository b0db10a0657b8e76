"""TCP segments in IP packets, with correct checksums.

Layouts: IPv4 is RFC 791, section 3.1; IPv6 is RFC 8200, section 3; TCP is RFC 9293, section 3.1;
the checksum is RFC 1071.
"""

import struct
from enum import IntFlag
from typing import Final

from pop3spy.export.addresses import Endpoint

LONGEST: Final = 1460
"""Octets of data in a segment: what Ethernet takes of it with IPv4."""

_TCP: Final = 6
_HOPS: Final = 64
_NO_FRAGMENTS: Final = 0x4000
_WINDOW: Final = 65535
_IPV4: Final = struct.Struct("!BBHHHBBH4s4s")
_IPV6: Final = struct.Struct("!IHBB16s16s")
_SEGMENT: Final = struct.Struct("!HHIIBBHHH")
# The longest segment, a blank, and a window 2**14 times as large (RFC 7323): nobody acknowledges
# the parts of a body here, and Wireshark would complain of a full window.
_SYN_OPTIONS: Final = struct.pack("!BBHBBBB", 2, 4, LONGEST, 1, 3, 3, 14)


class Flags(IntFlag):
    """The control bits."""

    FIN = 1
    SYN = 2
    RST = 4
    PSH = 8
    ACK = 16


def packet(  # noqa: PLR0913 - a segment's fields
    source: Endpoint, target: Endpoint, flags: Flags, data: bytes = b"", *, seq: int, ack: int
) -> bytes:
    """Return an IP packet with one segment; *seq* and *ack* are taken modulo 2**32."""
    options = _SYN_OPTIONS if Flags.SYN in flags else b""
    header = _SEGMENT.pack(
        source.port,
        target.port,
        seq & 0xFFFFFFFF,
        ack & 0xFFFFFFFF if Flags.ACK in flags else 0,
        (_SEGMENT.size + len(options)) // 4 << 4,
        flags,
        _WINDOW,
        0,
        0,
    )
    segment = header + options + data
    pseudo = source.address + target.address + struct.pack("!II", len(segment), _TCP)
    total = checksum(pseudo + segment).to_bytes(2, "big")
    segment = segment[:16] + total + segment[18:]
    return _ip_header(source, target, len(segment)) + segment


def _ip_header(source: Endpoint, target: Endpoint, size: int) -> bytes:
    if len(source.address) != 4:  # noqa: PLR2004 - octets of an IPv4 address
        return _IPV6.pack(6 << 28, size, _TCP, _HOPS, source.address, target.address)
    fields = 0x45, 0, _IPV4.size + size, 0, _NO_FRAGMENTS, _HOPS, _TCP
    total = checksum(_IPV4.pack(*fields, 0, source.address, target.address))
    return _IPV4.pack(*fields, total, source.address, target.address)


def checksum(data: bytes) -> int:
    """Return the Internet checksum of *data*, which is not all zeros.

    The ones' complement sum of 16-bit words is what is left of the number that they make together
    when it is divided by 65535, as 65536 leaves 1; a sum of nothing but ones leaves 0.
    """
    number = int.from_bytes(data if len(data) % 2 == 0 else data + b"\0", "big")
    return 0xFFFF - (number % 0xFFFF or 0xFFFF)
