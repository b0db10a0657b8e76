"""What is around an IP packet on each kind of link (www.tcpdump.org/linktypes.html).

Each function returns where the IP header is, or -1 if there is none.
"""

from collections.abc import Callable
from typing import Final

Link = Callable[[bytes, int, int], int]
"""Takes a buffer, and where in it the packet begins and ends."""

_IP: Final = frozenset((0x0800, 0x86DD))
_TAGS: Final = frozenset((0x8100, 0x88A8, 0x9100))
"""802.1Q, 802.1ad, and what went for the latter before it was one."""
_MOST_TAGS: Final = 4
_NONE: Final = -1

_FAMILIES: Final = frozenset((2, 10, 24, 28, 30))
"""AF_INET everywhere; AF_INET6 on Linux, on OpenBSD and NetBSD, on FreeBSD, on macOS."""


def ethernet(buffer: bytes, start: int, end: int) -> int:
    """IEEE 802.3 (1): two addresses, then what kind of payload there is."""
    return _typed(buffer, start + 12, start + 14, end)


def cooked(buffer: bytes, start: int, end: int) -> int:
    """LINUX_SLL (113), which ``tcpdump -i any`` wrote."""
    return _typed(buffer, start + 14, start + 16, end)


def cooked2(buffer: bytes, start: int, end: int) -> int:
    """LINUX_SLL2 (276), which ``tcpdump -i any`` writes."""
    return _typed(buffer, start, start + 20, end)


def loopback(buffer: bytes, start: int, end: int) -> int:
    """NULL (0) and LOOP (108): an address family, in the byte order of whoever captured."""
    family = buffer[start : start + 4]
    known = int.from_bytes(family) in _FAMILIES or int.from_bytes(family, "little") in _FAMILIES
    return start + 4 if known and start + 4 < end else _NONE


def raw(_: bytes, start: int, end: int) -> int:
    """RAW (101, 12 and 14), IPV4 (228), IPV6 (229): nothing at all."""
    return start if start < end else _NONE


def _typed(buffer: bytes, kind: int, payload: int, end: int) -> int:
    """Read the EtherType at *kind*; a VLAN tag puts another in front of the *payload*."""
    for _ in range(_MOST_TAGS + 1):
        if payload >= end:
            return _NONE
        ethertype = buffer[kind] << 8 | buffer[kind + 1]
        if ethertype in _IP:
            return payload
        if ethertype not in _TAGS:
            return _NONE
        kind, payload = payload + 2, payload + 4
    return _NONE


LINKS: Final[dict[int, Link]] = {
    0: loopback,
    1: ethernet,
    12: raw,
    14: raw,
    101: raw,
    108: loopback,
    113: cooked,
    228: raw,
    229: raw,
    276: cooked2,
}
"""What reads the outermost header, by link type."""


def names() -> str:
    """Return the link types that can be read, for people."""
    return (
        "Ethernet (1), Linux cooked (113, 276), BSD loopback (0, 108)"
        " and raw IP (12, 14, 101, 228, 229)"
    )
