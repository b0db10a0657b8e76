"""One section of a pcapng file: its byte order, its interfaces, and what its blocks hold.

Section numbers are those of draft-ietf-opsawg-pcapng.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final

from pop3spy.capture.pcap.classic import Packet
from pop3spy.capture.pcap.link import LINKS, Link

_SECTION, _INTERFACE, _OBSOLETE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
SMALLEST: Final = {_SECTION: 28, _INTERFACE: 20, _OBSOLETE: 32, _SIMPLE: 16, _ENHANCED: 32}
"""The kinds of block that are read, and how many octets one has at least."""

_VERSION: Final = 1
_INTERFACES: Final = 4096
_SECOND: Final = 1_000_000_000
_TIMELESS: Final = "packets without a time are told to have come with the one before"
_END, _RESOLUTION, _OFFSET = 0, 9, 14  # options of an Interface Description Block (section 4.2)


class BlockError(Exception):
    """A block says what it cannot mean."""


@dataclass(frozen=True, slots=True)
class Interface:
    """Where packets were captured; a tick of its clock is ``up / down`` nanoseconds."""

    link: Link | None
    snapshot: int
    up: int
    down: int
    offset: int


class Section:
    """Reads the blocks of one section; *notes* take what is odd."""

    def __init__(self, order: str, notes: list[str]) -> None:
        self.frame = Struct(f"{order}II").unpack_from
        self._notes = notes
        self._word = Struct(f"{order}I").unpack_from
        self._half = Struct(f"{order}H").unpack_from
        self._option = Struct(f"{order}HH").unpack_from
        self._signed = Struct(f"{order}q").unpack
        self._packet = Struct(f"{order}8xIIII").unpack_from
        self._obsolete = Struct(f"{order}8xH2xIII").unpack_from
        self._interfaces: list[Interface] = []
        self._last: int | None = None  # when the packet before came

    def take(self, kind: int, buffer: bytes, at: int, end: int) -> Packet | None:
        """Take the block in *buffer* from *at* to *end*; return its packet, if there is one."""
        if self._word(buffer, end - 4)[0] != end - at:
            raise BlockError("a block's two lengths differ")
        if kind == _ENHANCED:  # section 4.3
            return self._timed(self._packet(buffer, at), buffer, at + 28, end - 4)
        if kind == _SIMPLE:
            return self._simple(buffer, at, end)
        if kind == _OBSOLETE:  # appendix A
            return self._timed(self._obsolete(buffer, at), buffer, at + 28, end - 4)
        if kind == _INTERFACE:
            self._describe(buffer, at, end)
        else:
            self._check_version(buffer, at)
        return None

    def _check_version(self, buffer: bytes, at: int) -> None:
        """Refuse a section that says that everything has changed (section 4.1)."""
        major = self._half(buffer, at + 12)[0]
        if major != _VERSION:
            raise BlockError(f"pcapng of version {major}; only version {_VERSION} can be read")

    def _describe(self, buffer: bytes, at: int, end: int) -> None:
        """Take an Interface Description Block (section 4.2)."""
        if len(self._interfaces) == _INTERFACES:
            raise BlockError(f"more than {_INTERFACES:,} interfaces")
        number, snapshot = self._half(buffer, at + 8)[0], self._word(buffer, at + 12)[0]
        up, down, offset = 1000, 1, 0
        for code, value in self._options(buffer, at + 16, end - 4):
            if code == _RESOLUTION and value:
                exponent = value[0] & 0x7F
                up, down = _SECOND, 1 << exponent if value[0] & 0x80 else 10**exponent
            elif code == _OFFSET and len(value) == 8:  # noqa: PLR2004 - 64 bits
                offset = self._signed(value)[0] * _SECOND
        link = LINKS.get(number)
        note = f"packets of link type {number} are left out"
        if not link and note not in self._notes:
            self._notes.append(note)
        self._interfaces.append(Interface(link, snapshot, up, down, offset))

    def _options(self, buffer: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
        while at + 4 <= end:
            code, size = self._option(buffer, at)
            if code == _END or at + 4 + size > end:
                return
            yield code, buffer[at + 4 : at + 4 + size]
            at += 4 + (size + 3 & ~3)

    def _simple(self, buffer: bytes, at: int, end: int) -> Packet | None:
        """Return the packet of a Simple Packet Block (section 4.4).

        It tells no time, so the packet came when the one before it did; and not how much of the
        packet was captured, so that is as much as the interface takes.
        """
        if not self._interfaces:
            raise BlockError("a packet of no interface")
        interface, start = self._interfaces[0], at + 12
        most = interface.snapshot or end
        stop = start + min(self._word(buffer, at + 8)[0], most, end - 4 - start)
        if not interface.link:
            return None
        if _TIMELESS not in self._notes:
            self._notes.append(_TIMELESS)
        return self._last or 0, interface.link, buffer, start, stop

    def _timed(self, facts: tuple[int, ...], buffer: bytes, start: int, end: int) -> Packet | None:
        number, high, low, captured = facts
        if number >= len(self._interfaces):
            raise BlockError("a packet of no interface")
        if start + captured > end:
            raise BlockError("a packet that its block cannot hold")
        interface = self._interfaces[number]
        if not interface.link:
            return None
        self._last = (high << 32 | low) * interface.up // interface.down + interface.offset
        return self._last, interface.link, buffer, start, start + captured
