"""A pcapng file of the export, read again: its packets, their comments, what each side said."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from pop3spy.export.segments import Flags


@dataclass(frozen=True, slots=True)
class Packet:
    micros: int
    source: tuple[bytes, int]
    target: tuple[bytes, int]
    seq: int
    ack: int
    flags: Flags
    data: bytes
    comments: list[str] = field(default_factory=list)


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the blocks of a file, after a look at their sizes."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        assert size % 4 == 0
        assert struct.unpack_from("<I", data, at + size - 4)[0] == size
        yield kind, data[at + 8 : at + size - 4]
        at += size
    assert at == len(data)


def options(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while data:
        code, size = struct.unpack_from("<HH", data)
        found.append((code, data[4 : 4 + size]))
        data = data[4 + size + -size % 4 :]
    assert not found or found.pop() == (0, b"")
    return found


def read(data: bytes) -> list[Packet]:
    """Return the packets behind the section header and the description of raw IP."""
    (section, _), (interface, description), *packets = blocks(data)
    assert (section, interface) == (0x0A0D0D0A, 1)
    assert struct.unpack("<HHI", description) == (101, 0, 0)
    return [_packet(kind, body) for kind, body in packets]


def _packet(kind: int, body: bytes) -> Packet:
    interface, high, low, size, original = struct.unpack_from("<IIIII", body)
    assert (kind, interface, size) == (6, 0, original)
    ip = body[20 : 20 + size]
    if ip[0] >> 4 == 4:
        assert _sum(ip[:20]) == 0xFFFF, "the IPv4 header's checksum is wrong"
        assert struct.unpack_from("!H", ip, 2)[0] == len(ip)
        source, target, segment = ip[12:16], ip[16:20], ip[20:]
    else:
        assert struct.unpack_from("!H", ip, 4)[0] == len(ip) - 40
        source, target, segment = ip[8:24], ip[24:40], ip[40:]
    pseudo = source + target + struct.pack("!II", len(segment), 6)
    assert _sum(pseudo + segment) == 0xFFFF, "the TCP checksum is wrong"
    ports = struct.unpack_from("!HH", segment)
    seq, ack, offset, flags = struct.unpack_from("!IIBB", segment, 4)
    comments = options(body[20 + size + -size % 4 :])
    return Packet(
        high << 32 | low,
        (source, ports[0]),
        (target, ports[1]),
        seq,
        ack,
        Flags(flags),
        segment[(offset >> 4) * 4 :],
        [text.decode() for code, text in comments if code == 1],
    )


def _sum(data: bytes) -> int:
    """Return the ones' complement sum, word by word as RFC 1071 does it."""
    total = 0
    for (word,) in struct.iter_unpack("!H", data + b"\0" * (len(data) % 2)):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    return total


def conversation(packets: list[Packet]) -> dict[str, bytes]:
    """Return what client and server said, after a look at every sequence number."""
    said = {"C": b"", "S": b""}
    expected: dict[str, int] = {}
    for packet in packets:
        side = "S" if packet.source[1] == 110 else "C"
        if Flags.SYN in packet.flags:
            expected[side] = packet.seq
        assert packet.seq == expected[side]
        if Flags.ACK in packet.flags:
            assert packet.ack == expected["C" if side == "S" else "S"]
        said[side] += packet.data
        more = len(packet.data) + bool(packet.flags & (Flags.SYN | Flags.FIN))
        expected[side] = (packet.seq + more) & 0xFFFFFFFF
    return said
