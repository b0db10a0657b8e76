"""The header by which one proxy tells the next whom a connection is really between.

HAProxy's proxy-protocol.txt, versions 1 and 2.  Extensions (TLVs) are skipped, but for a checksum,
which has to be right.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from pop3spy.protocol.foreign import PROXY_V2, proxy_header

LONGEST: Final = 4096
"""Octets that a header may have; those that are in use have 16 to a few hundred."""
PROXY_VERSIONS: Final = ("v1", "v2")

_V1: Final = re.compile(rb"PROXY TCP([46]) (\S+) (\S+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})\r\n")
_V1_UNKNOWN: Final = re.compile(rb"PROXY UNKNOWN(?: .*)?\r\n", re.DOTALL)
_UNSPECIFIED, _TCP4, _TCP6, _UNIX = 0x00, 0x11, 0x21, 0x31
_SIZES: Final = {_TCP4: 4, _TCP6: 16, _UNIX: 108}  # octets of one address
_LOCAL, _PROXY = 0x20, 0x21
_CRC32C: Final = 3


class HeaderError(ValueError):
    """What came is no header, or one that says something that cannot be."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Whom a connection is between: hosts and ports; a Unix socket is a path, at port 0."""

    client: tuple[str, int]
    server: tuple[str, int]


def plain(host: str) -> str:
    """Return an IPv4 address that is written as one of IPv6 (``::ffff:192.0.2.1``) as itself."""
    mapped = IPv6Address(host).ipv4_mapped if host.lower().startswith("::ffff:") else None
    return str(mapped or host)


def read_header(start: bytes) -> tuple[int, Ends | None] | None:
    """Return the size of the header that *start* begins with, and whom it names.

    It names nobody if the sender speaks for itself, or does not know.  Return None if more octets
    are needed; raise HeaderError if no more octets can make it right.
    """
    size = proxy_header(start)
    if size == 0:
        raise HeaderError("no PROXY header came first")
    if size is not None and size > LONGEST:
        raise HeaderError(f"its PROXY header is to have {size} octets, and {LONGEST} are enough")
    if size is None or len(start) < size:
        return None
    header = start[:size]
    return size, _read_v2(header) if header.startswith(PROXY_V2) else _read_v1(header)


def write_header(version: str, ends: Ends) -> bytes:
    """Return the header of *version*, ``v1`` or ``v2``, that names *ends*.

    If they are no addresses it says so; if they are of two families, both are written as IPv6.
    """
    try:
        pair = [ip_address(host.partition("%")[0]) for host, _ in (ends.client, ends.server)]
    except ValueError:
        unspecified = PROXY_V2 + bytes((_PROXY, _UNSPECIFIED, 0, 0))
        return b"PROXY UNKNOWN\r\n" if version == "v1" else unspecified
    if pair[0].version != pair[1].version:
        pair = [each if each.version == 6 else IPv6Address(f"::ffff:{each}") for each in pair]
    ports, six = (ends.client[1], ends.server[1]), pair[0].version == 6
    if version == "v1":
        family = "TCP6" if six else "TCP4"
        return f"PROXY {family} {pair[0]} {pair[1]} {ports[0]} {ports[1]}\r\n".encode()
    said = b"".join(each.packed for each in pair) + b"".join(port.to_bytes(2) for port in ports)
    return PROXY_V2 + bytes((_PROXY, _TCP6 if six else _TCP4)) + len(said).to_bytes(2) + said


def _read_v1(header: bytes) -> Ends | None:
    if _V1_UNKNOWN.fullmatch(header):
        return None
    if not (match := _V1.fullmatch(header)):
        raise HeaderError("its PROXY header is not written as version 1 is")
    hosts = [_address(match[index].decode("ascii", "replace"), match[1]) for index in (2, 3)]
    ports = [int(match[index]) for index in (4, 5)]
    if max(ports) > 0xFFFF:
        raise HeaderError(f"its PROXY header names a port {max(ports)}, which there is not")
    return Ends((hosts[0], ports[0]), (hosts[1], ports[1]))


def _address(text: str, family: bytes) -> str:
    try:
        address = IPv4Address(text) if family == b"4" else IPv6Address(text)
    except ValueError:
        raise HeaderError("its PROXY header names something that is no address") from None
    return plain(str(address))


def _read_v2(header: bytes) -> Ends | None:
    command, family = header[12], header[13]
    if command not in (_LOCAL, _PROXY):
        raise HeaderError(f"its PROXY header is of a kind that is not known, 0x{command:02x}")
    if command == _LOCAL or family == _UNSPECIFIED:
        return None  # and whatever else it says is to be ignored
    if family not in _SIZES:
        raise HeaderError(f"its PROXY header names no TCP connection, but 0x{family:02x}")
    size = 2 * _SIZES[family] + (0 if family == _UNIX else 4)
    said = header[16 : 16 + size]
    if len(said) < size:
        raise HeaderError("its PROXY header is too short for its addresses")
    _check(header, 16 + size)
    return _ends(family, said)


def _ends(family: int, said: bytes) -> Ends:
    size = _SIZES[family]
    client, server = said[:size], said[size : 2 * size]
    if family == _UNIX:
        return Ends((_path(client), 0), (_path(server), 0))
    ports = int.from_bytes(said[-4:-2]), int.from_bytes(said[-2:])
    hosts = plain(str(ip_address(client))), plain(str(ip_address(server)))
    return Ends((hosts[0], ports[0]), (hosts[1], ports[1]))


def _path(said: bytes) -> str:
    return "unix:" + said.partition(b"\0")[0].decode("latin-1")


def _check(header: bytes, at: int) -> None:
    """Raise HeaderError if the extensions from *at* on do not fit, or the checksum is wrong."""
    while at < len(header):
        kind, size = header[at], int.from_bytes(header[at + 1 : at + 3])
        value, end = at + 3, at + 3 + size
        if end > len(header):
            raise HeaderError("its PROXY header ends within an extension")
        if kind == _CRC32C:
            blank = header[:value] + bytes(size) + header[end:]
            if header[value:end] != crc32c(blank).to_bytes(4):
                raise HeaderError("the checksum of its PROXY header is wrong")
        at = end


def crc32c(data: bytes) -> int:
    """Return the checksum of Castagnoli's polynomial (RFC 9260, appendix A)."""
    crc = 0xFFFFFFFF
    for octet in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ octet) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _crc_of(octet: int) -> int:
    for _ in range(8):
        octet = (octet >> 1) ^ (0x82F63B78 if octet & 1 else 0)
    return octet


_CRC_TABLE: Final = tuple(map(_crc_of, range(256)))
