"""ICMP (RFC 792) and ICMPv6 (RFC 4443): what the network says of a segment that did not arrive."""

from typing import Final

from pop3spy.errors import Unreached

Report = tuple[bytes, Unreached]
"""Of which connection, by addresses and ports as its client sent them, and what became of it."""

_V4, _V6 = 4, 6
_ICMP, _ICMP_6 = 1, 58
_TCP: Final = 6
_FIXED: Final = {_V4: 20, _V6: 40}
_HEADER: Final = 8
_PORTS: Final = 4
_NO_WAY: Final = Unreached.UNANSWERED
_CODES: Final = {
    # Destination Unreachable: net, host, port; and three that say "prohibited" (RFC 1812)
    (_V4, 3): {0: _NO_WAY, 1: _NO_WAY, 3: Unreached.REFUSED, 9: _NO_WAY, 10: _NO_WAY, 13: _NO_WAY},
    # the same: no route, prohibited, address, port
    (_V6, 1): {0: _NO_WAY, 1: _NO_WAY, 3: _NO_WAY, 4: Unreached.REFUSED},
}
"""By version and type, what each code says of a connection."""


def report_in(buffer: bytes, at: int, end: int) -> Report | None:
    """Return what the packet at *at* says of a TCP connection, if it is such a message."""
    start = _payload(buffer, at, end, {_V4: _ICMP, _V6: _ICMP_6})
    if start is None or start + _HEADER > end:
        return None
    codes = _CODES.get((buffer[at] >> 4, buffer[start]))
    said = codes.get(buffer[start + 1]) if codes else None
    inner = start + _HEADER
    ports = None if said is None else _payload(buffer, inner, end, {_V4: _TCP, _V6: _TCP})
    if said is None or ports is None or ports + _PORTS > end:
        return None
    addresses = (12, 20) if buffer[inner] >> 4 == _V4 else (8, 40)
    first, last = addresses
    return buffer[inner + first : inner + last] + buffer[ports : ports + _PORTS], said


def _payload(buffer: bytes, at: int, end: int, protocols: dict[int, int]) -> int | None:
    """Return where what follows the IP header at *at* begins, if it is of those *protocols*."""
    version = buffer[at] >> 4 if at < end else 0
    fixed = _FIXED.get(version)
    if fixed is None or at + fixed > end:
        return None
    if version == _V6:
        return at + fixed if buffer[at + 6] == protocols[_V6] else None
    start = at + (buffer[at] & 15) * 4
    return start if start >= at + fixed and buffer[at + 9] == protocols[_V4] else None
