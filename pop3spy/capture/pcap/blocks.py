"""The pcapng file format: sections of blocks (draft-ietf-opsawg-pcapng).

Blocks that neither begin a section, nor describe an interface, nor hold a packet are skipped, of
whatever size.
"""

from collections.abc import Iterator
from typing import Final

from pop3spy.capture.pcap.classic import Packet
from pop3spy.capture.pcap.section import SMALLEST, BlockError, Section
from pop3spy.capture.pcap.source import MOST, OctetSource

MAGIC: Final = b"\x0a\x0d\x0d\x0a"
"""The type of a Section Header Block, which reads the same in either order (section 4.1)."""

_ORDERS: Final = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_FRAME: Final = 12  # a block's type, and its length, which stands at both of its ends


def packets(source: OctetSource, notes: list[str]) -> Iterator[Packet]:
    """Yield the packets of all sections; *notes* take what is odd."""
    section, at = Section("<", notes), 0
    while (at := source.reach(at, _FRAME)) >= 0:
        try:
            if source.buffer.startswith(MAGIC, at):
                section = Section(_order(source.buffer, at), notes)
            kind, size = section.frame(source.buffer, at)
            if not _matters(kind, size):
                if (at := source.skip(at, size)) < 0:
                    break
                continue
            if (at := source.reach(at, size)) < 0:
                break
            packet = section.take(kind, source.buffer, at, at + size)
        except BlockError as damage:
            raise source.damaged(at, str(damage)) from None
        if packet:
            yield packet
        at += size
    if source.torn:
        notes.append(source.tear())


def _order(buffer: bytes, at: int) -> str:
    order = _ORDERS.get(buffer[at + 8 : at + 12])
    if order is None:
        raise BlockError("a section without a byte order")
    return order


def _matters(kind: int, size: int) -> bool:
    """Return whether a block concerns packets; refuse a length that no block can have."""
    smallest = SMALLEST.get(kind)
    if size < (smallest or _FRAME) or size % 4:
        raise BlockError(f"a block of {size} octets")
    if smallest and size > MOST:
        raise BlockError(f"a block of {size} octets, more than one with a packet can have")
    return smallest is not None
