"""IPv4 (RFC 791) and IPv6 (RFC 8200): where in a packet the TCP segment is, and whose it is."""

from struct import Struct
from typing import Final

from pop3spy.capture.pcap.fragments import Fragments

Segment = tuple[bytes, bytes, int, int, int]
"""The buffer it is in, both addresses, and where it begins, should end, and ends in the capture."""

_TCP: Final = 6
_V4: Final = Struct(">BxHHHxB").unpack_from
_V6: Final = Struct(">4xHB").unpack_from
_V4_FIXED: Final = 20
_V6_FIXED: Final = 40
_FRAGMENTED: Final = 0x3FFF  # More Fragments and the offset; above them is Don't Fragment
_MORE: Final = 0x2000

_FRAGMENT, _AUTHENTICATION = 44, 51
_EXTENSIONS: Final = frozenset((0, 43, _FRAGMENT, _AUTHENTICATION, 60, 135, 139, 140))
_MOST_EXTENSIONS: Final = 16


class Internet:
    """Reads IP headers and puts fragments together."""

    def __init__(self) -> None:
        self._fragments = Fragments()

    def segment(self, buffer: bytes, at: int, end: int, when: float) -> Segment | None:
        """Return the TCP segment in the packet at *at*, if there is one and it is complete."""
        version = buffer[at] >> 4
        if version == 4 and at + _V4_FIXED <= end:  # noqa: PLR2004 - the version's name
            return self._version_4(buffer, at, end, when)
        if version == 6 and at + _V6_FIXED <= end:  # noqa: PLR2004 - the version's name
            return self._version_6(buffer, at, end, when)
        return None

    def _version_4(self, buffer: bytes, at: int, end: int, when: float) -> Segment | None:
        first, size, name, place, protocol = _V4(buffer, at)
        start = at + (first & 15) * 4
        # A sender that leaves cutting to its network card sends no length (Linux, Windows).
        whole = at + size if size else end
        if protocol != _TCP or start < at + _V4_FIXED or start > whole or start > end:
            return None
        addresses = buffer[at + 12 : at + 20]
        if not place & _FRAGMENTED:
            return buffer, addresses, start, whole, min(end, whole)
        if whole > end:
            return None
        offset, more = (place & 0x1FFF) * 8, bool(place & _MORE)
        key = addresses + name.to_bytes(2)
        data = self._fragments.add(key, offset, buffer[start:whole], when, more=more)
        return None if data is None else (data, addresses, 0, len(data), len(data))

    def _version_6(self, buffer: bytes, at: int, end: int, when: float) -> Segment | None:
        size, following = _V6(buffer, at)
        addresses = buffer[at + 8 : at + 40]
        start = at + _V6_FIXED
        whole = start + size if size else end  # 0: a jumbo payload (RFC 2675), or as above
        for _ in range(_MOST_EXTENSIONS):
            if following == _TCP:
                return buffer, addresses, start, whole, min(whole, end)
            if following not in _EXTENSIONS or start + 8 > min(whole, end):
                return None
            kind, following, length = following, buffer[start], buffer[start + 1]
            if kind != _FRAGMENT:
                start += (length + 2) * 4 if kind == _AUTHENTICATION else (length + 1) * 8
                continue
            place = buffer[start + 2] << 8 | buffer[start + 3]
            key = addresses + buffer[start + 4 : start + 8]
            start += 8
            if place & 0xFFF9 == 0:  # an atomic fragment is whole (RFC 6946)
                continue
            if whole > end:
                return None
            offset, more = place & 0xFFF8, bool(place & 1)
            data = self._fragments.add(key, offset, buffer[start:whole], when, more=more)
            if data is None:
                return None
            buffer, start, whole, end = data, 0, len(data), len(data)
        return None
