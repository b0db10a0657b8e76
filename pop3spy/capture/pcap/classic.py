"""The pcap file format: a header, then packets (draft-ietf-opsawg-pcap)."""

from collections.abc import Iterator
from struct import Struct
from typing import Final

from pop3spy.capture.pcap.link import LINKS, Link, names
from pop3spy.capture.pcap.source import MOST, OctetSource

Packet = tuple[int, Link, bytes, int, int]
"""Nanoseconds since 1970, what reads its outermost header, and where it begins and ends."""

_FORMATS: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),  # little-endian, microseconds
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),  # little-endian, nanoseconds
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
MAGICS: Final = frozenset(_FORMATS)
"""What such a file begins with: its byte order, and the unit of its times."""

_HEADER: Final = 24
_RECORD: Final = 16
_SECOND: Final = 1_000_000_000


def packets(source: OctetSource, notes: list[str]) -> Iterator[Packet]:
    """Yield the packets of a file whose magic was recognised; *notes* take what is odd."""
    if source.reach(0, _HEADER) < 0:
        raise source.damaged(0, "the file ends in its header")
    order, tick = _FORMATS[source.buffer[:4]]
    number = Struct(f"{order}I").unpack_from(source.buffer, 20)[0] & 0xFFFF  # above: FCS length
    link = LINKS.get(number)
    if link is None:
        raise source.damaged(20, f"packets of link type {number} cannot be read, only {names()}")
    record = Struct(f"{order}III4x").unpack_from
    at = _HEADER
    while (at := source.reach(at, _RECORD)) >= 0:
        seconds, fraction, size = record(source.buffer, at)
        if size > MOST:
            raise source.damaged(at, f"a packet of {size} octets")
        at = source.reach(at, _RECORD + size)
        if at < 0:
            break
        start, at = at + _RECORD, at + _RECORD + size
        yield seconds * _SECOND + fraction * tick, link, source.buffer, start, at
    if source.torn:
        notes.append(source.tear())
