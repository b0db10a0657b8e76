"""Packets made by hand, from the inside out, and the two kinds of file that hold them."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from struct import pack

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = "192.0.2.1", "198.51.100.7"
CLIENT_6, SERVER_6 = "2001:db8::1", "2001:db8::7"

ETHERNET, NULL, RAW, LOOP, COOKED, COOKED_2 = 1, 0, 101, 108, 113, 276
IP, IP_6, VLAN, QINQ = 0x0800, 0x86DD, 0x8100, 0x88A8


def tcp(  # noqa: PLR0913, PLR0917 - the fields of a header
    source: int,
    target: int,
    seq: int,
    ack: int = 0,
    flags: int = ACK,
    data: bytes = b"",
    options: bytes = b"",
) -> bytes:
    options += bytes(-len(options) % 4)
    length = (20 + len(options)) // 4 << 4
    seq, ack = seq & 0xFFFFFFFF, ack & 0xFFFFFFFF
    return pack(">HHIIBBHHH", source, target, seq, ack, length, flags, 65535, 0, 0) + options + data


def ip(payload: bytes, source: str = CLIENT, target: str = SERVER) -> bytes:
    """Wrap a segment in the IP that its addresses are of."""
    return (ipv6 if ":" in source else ipv4)(payload, source, target)


def ipv4(  # noqa: PLR0913 - the fields of a header
    payload: bytes,
    source: str = CLIENT,
    target: str = SERVER,
    *,
    protocol: int = 6,
    name: int = 0,
    place: int = 0x4000,
    options: bytes = b"",
    size: int | None = None,
) -> bytes:
    options += bytes(-len(options) % 4)
    length = 20 + len(options)
    if size is None:
        size = length + len(payload)
    first = 0x40 | length // 4
    head = pack(">BBHHHBBH", first, 0, size, name, place, 64, protocol, 0)
    return head + ip_address(source).packed + ip_address(target).packed + options + payload


def ipv4_fragments(
    payload: bytes, size: int, name: int = 7, *, source: str = CLIENT, target: str = SERVER
) -> list[bytes]:
    """Cut a segment into fragments of *size* octets, which is a multiple of 8."""
    return [
        ipv4(
            payload[at : at + size],
            source,
            target,
            name=name,
            place=at // 8 | (0x2000 if at + size < len(payload) else 0),
        )
        for at in range(0, len(payload), size)
    ]


def ipv6(
    payload: bytes,
    source: str = CLIENT_6,
    target: str = SERVER_6,
    *,
    following: int = 6,
    size: int | None = None,
) -> bytes:
    size = len(payload) if size is None else size
    head = pack(">IHBB", 6 << 28, size, following, 64)
    return head + ip_address(source).packed + ip_address(target).packed + payload


def extension(following: int, octets: int = 8) -> bytes:
    """Return an extension header, in front of one of the kind *following* or of TCP (6)."""
    return pack(">BB", following, octets // 8 - 1) + bytes(octets - 2)


def ipv6_fragments(
    payload: bytes, size: int, name: int = 7, *, source: str = CLIENT_6, target: str = SERVER_6
) -> list[bytes]:
    return [
        ipv6(
            pack(">BBHI", 6, 0, at | (at + size < len(payload)), name) + payload[at : at + size],
            source,
            target,
            following=44,
        )
        for at in range(0, len(payload), size)
    ]


def ethernet(payload: bytes, *tags: int, padding: int = 0) -> bytes:
    """Wrap an IP packet, behind VLAN tags of these kinds."""
    kinds = [*tags, ethertype(payload)]
    return bytes(12) + b"\0\5".join(pack(">H", kind) for kind in kinds) + payload + bytes(padding)


def ethertype(payload: bytes) -> int:
    return IP if payload[0] >> 4 == 4 else IP_6


@dataclass(frozen=True)
class Packet:
    """What was captured of a packet, and when, in nanoseconds."""

    data: bytes
    time: int = 0
    size: int | None = None

    @property
    def original(self) -> int:
        return len(self.data) if self.size is None else self.size


def timed(datas: Iterable[bytes], start: int = 10**18, step: int = 10**6) -> list[Packet]:
    """Return packets that came a millisecond apart."""
    return [Packet(data, start + number * step) for number, data in enumerate(datas)]


def pcap(
    packets: Iterable[Packet], link: int = ETHERNET, order: str = "<", *, nano: bool = False
) -> bytes:
    unit = 1 if nano else 1000
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    file = pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for packet in packets:
        seconds, rest = divmod(packet.time, 10**9)
        file += pack(f"{order}IIII", seconds, rest // unit, len(packet.data), packet.original)
        file += packet.data
    return file


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = pack(f"{order}I", len(body) + 12)
    return pack(f"{order}I", kind) + size + body + size


def section(order: str = "<", major: int = 1) -> bytes:
    return block(0x0A0D0D0A, pack(f"{order}IHHq", 0x1A2B3C4D, major, 0, -1), order)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(
    link: int = ETHERNET, order: str = "<", snapshot: int = 0, options: bytes = b""
) -> bytes:
    return block(1, pack(f"{order}HHI", link, 0, snapshot) + options, order)


def enhanced(packet: Packet, order: str = "<", number: int = 0, tick: int = 1000) -> bytes:
    ticks, size = packet.time // tick, len(packet.data)
    facts = number, ticks >> 32, ticks & 0xFFFFFFFF, size, packet.original
    return block(6, pack(f"{order}IIIII", *facts) + packet.data + bytes(-size % 4), order)


def simple(packet: Packet, order: str = "<") -> bytes:
    return block(3, pack(f"{order}I", packet.original) + packet.data, order)


def pcapng(packets: Iterable[Packet], link: int = ETHERNET, order: str = "<") -> bytes:
    head = section(order) + interface(link, order)
    return head + b"".join(enhanced(packet, order) for packet in packets)
