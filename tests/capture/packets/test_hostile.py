"""Files that mean harm: they end in an error or in a tape, soon, and take little memory."""

import io
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.packets.talk import Talk, opened, session
from capture.packets.wire import (
    ACK,
    CLIENT,
    ETHERNET,
    RAW,
    SERVER,
    SYN,
    Packet,
    block,
    ethernet,
    interface,
    ip,
    ipv4,
    ipv6,
    pcap,
    pcapng,
    section,
    tcp,
    timed,
)
from pop3spy.capture.packets import read_packets
from pop3spy.capture.pcap.reassembly import OVERHEAD
from pop3spy.capture.pcap.sessions import MOST
from pop3spy.errors import CaptureError
from pop3spy.session.tape import Began, Missed, Over, Spoke

WHOLE = [
    pcap(timed(session().packets), RAW),
    pcap(timed(map(ethernet, session(six=True).packets)), ETHERNET, ">", nano=True),
    pcapng(timed(session(to=8110).packets), RAW),
    pcapng(timed(map(ethernet, session().packets)), ETHERNET, ">"),
]


def read(file: bytes) -> None:
    """Read *file* to its end or its damage; what is told must make sense."""
    sessions: set[int] = set()
    with suppress(CaptureError):
        for item in opened(file):
            if isinstance(item, Began):
                assert item.session not in sessions
                sessions.add(item.session)
            assert item.session in sessions
            if isinstance(item, Over):
                sessions.remove(item.session)
    assert not sessions


@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.integers(0, 2000), st.binary(min_size=1, max_size=5)), max_size=6),
)
def test_a_file_with_octets_changed(whole: bytes, changes: list[tuple[int, bytes]]) -> None:
    file = bytearray(whole)
    for place, octets in changes:
        at = place % len(file)
        file[at : at + len(octets)] = octets
    read(bytes(file))


@given(st.sampled_from([whole[:24] for whole in WHOLE]), st.binary(max_size=300))
def test_a_file_of_anything_behind_its_head(head: bytes, rest: bytes) -> None:
    read(head + rest)


@given(st.lists(st.tuples(st.sampled_from((0, 1, 2, 3, 6, 0x0A0D0D0A)), st.binary(max_size=60))))
def test_blocks_of_anything(blocks: list[tuple[int, bytes]]) -> None:
    read(section() + interface(RAW) + b"".join(block(kind, body) for kind, body in blocks))


@given(
    st.sampled_from((0, 1, 12, 101, 108, 113, 228, 229, 276)),
    st.lists(st.binary(max_size=90), max_size=8),
)
def test_packets_of_anything(link: int, packets: list[bytes]) -> None:
    read(pcap(timed(packets), link))


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=8), st.sampled_from((44, 0, 43, 6)))
def test_ip_around_anything(payloads: list[bytes], following: int) -> None:
    four = [ipv4(data, place=data[0] << 8 & 0x3F00, name=7) for data in payloads]
    six = [ipv6(data, following=following) for data in payloads]
    read(pcap(timed(four + six), RAW))


numbers = st.sampled_from((0, 1, 2, 5, 7, 9, 0x3FFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))
segments = st.lists(
    st.tuples(st.booleans(), numbers, numbers, st.integers(0, 31), st.binary(max_size=9)),
    max_size=40,
)


@given(segments, st.booleans())
def test_segments_of_anything(
    anything: list[tuple[bool, int, int, int, bytes]],
    begun: bool,  # noqa: FBT001
) -> None:
    packets = Talk().open().packets if begun else []
    for forth, seq, ack, flags, data in anything:
        if forth:
            packets.append(ip(tcp(50000, 110, seq, ack, flags, data), CLIENT, SERVER))
        else:
            packets.append(ip(tcp(110, 50000, seq, ack, flags, data), SERVER, CLIENT))
    read(pcap(timed(packets), RAW))


@pytest.mark.parametrize("resolution", [0x00, 0x7F, 0x80, 0xFF])
@pytest.mark.parametrize("offset", [b"\0" * 8, b"\xff" * 7 + b"\x7f", b"\0" * 7 + b"\x80"])
@pytest.mark.parametrize("ticks", [b"\0" * 8, b"\xff" * 8])
def test_times_of_anything(resolution: int, offset: bytes, ticks: bytes) -> None:
    options = pack("<HHB3x", 9, 1, resolution) + pack("<HH", 14, 8) + offset
    file = section() + interface(RAW, options=options)
    for time, packet in zip((ticks, bytes(8), ticks), session().packets, strict=False):
        facts = pack("<II", len(packet), len(packet))
        file += block(6, bytes(4) + time + facts + packet)
    read(file)


class Stream(io.BytesIO):
    """A file that is made as it is read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        super().__init__()
        self._parts = parts

    def read1(self, size: int | None = -1) -> bytes:
        parts, left = [], size or 0
        while left > 0 and (part := next(self._parts, b"")):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)


def record(data: bytes) -> bytes:
    return pack("<IIII", 1, 0, len(data), len(data)) + data


def fragments() -> Iterator[bytes]:
    """Fragments of datagrams that are never complete."""
    for number in range(80_000):
        name, place = number >> 13, number & 0x1FFF
        yield record(ipv4(b"12345678", name=name, place=place | 0x2000))


def far_ahead() -> Iterator[bytes]:
    """Octets of many sessions for which one octet before them is missing."""
    for number in range(300):
        talk = Talk(port=1000 + number).open()
        for piece in range(8):
            talk.segment(1, 1 + piece * 60000, bytes(60000))
        yield from map(record, talk.packets)


def one_by_one() -> Iterator[bytes]:
    """Single octets with gaps between them."""
    talk = Talk().open()
    yield from map(record, talk.packets)
    for number in range(20_000):
        talk.packets.clear()
        yield from map(record, talk.segment(1, 1 + 2 * number, b"x").packets)


def scan() -> Iterator[bytes]:
    """Nothing but first packets, half of them to where POP3 is."""
    for number in range(40_000):
        port, target = number % 60000 + 1, (110, 111)[number & 1]
        host = f"10.0.{number // 60000}.1"
        yield record(ip(tcp(port, target, number, 0, SYN), host, SERVER))


def whispers() -> Iterator[bytes]:
    """Connections that never say enough to be known."""
    for number in range(15_000):
        yield record(ip(tcp(number + 1, 8110, number, 0, SYN), CLIENT, SERVER))
        header = b"PROXY TCP4 " + b"1" * 80
        yield record(ip(tcp(number + 1, 8110, number + 1, 1, ACK, header), CLIENT, SERVER))


BROKEN, AHEAD = 3000, 30_000


def with_holes() -> Iterator[bytes]:
    """Sessions with a hole in each that nobody fills, and then one in which two segments swap."""
    for port in range(1000, 1000 + BROKEN):
        yield from map(record, Talk(port).open().segment(1, 10, bytes(AHEAD)).packets)
    mixed_up = Talk(999).open().server(b"+OK ready\r\n").client(b"QUIT\r\n").late(3)
    yield from map(record, mixed_up.server(b"+OK bye\r\n").close().packets)


@pytest.mark.slow
@pytest.mark.parametrize("make", [fragments, far_ahead, one_by_one, scan, whispers, with_holes])
def test_memory_is_bounded(make: Callable[[], Iterator[bytes]]) -> None:
    tracemalloc.start()
    try:
        for _ in read_packets(Stream(chain([pcap([], RAW)], make())), "test"):
            pass
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_block_as_large_as_one_can_be_is_skipped_and_not_kept(order: str) -> None:
    def parts() -> Iterator[bytes]:
        yield section(order) + pack(f"{order}II", 0x0BAD, 0x20000000)
        for _ in range(64):
            yield bytes(1 << 20)

    tracemalloc.start()
    try:
        packets = read_packets(Stream(parts()), "test")
        assert list(packets) == []
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert "the file ends in the middle of a packet, at offset 28" in packets.notes


def test_packets_without_octets_come_to_an_end() -> None:
    read(pcap([Packet(b"")] * 1000, RAW))
    read(pcap([Packet(b"")] * 1000, ETHERNET))


@pytest.mark.slow
def test_those_that_have_waited_longest_make_room_for_the_others() -> None:
    items = [*read_packets(Stream(chain([pcap([], RAW)], with_holes())), "test")]
    last = max(item.session for item in items)
    assert last == BROKEN + 1
    told = items[: next(at for at, item in enumerate(items) if item.session == last)]
    missed = [item for item in told if isinstance(item, Missed)]
    given_up = -(-(BROKEN * (AHEAD + OVERHEAD) - MOST) // (AHEAD + OVERHEAD))
    assert [(item.session, item.octets) for item in missed] == [
        (session, 10) for session in range(1, given_up + 1)
    ]
    of_last = [item for item in items if item.session == last]
    assert not [item for item in of_last if isinstance(item, Missed)]
    assert b"".join(item.chunk.data for item in of_last if isinstance(item, Spoke)) == (
        b"+OK ready\r\nQUIT\r\n+OK bye\r\n"
    )
    assert isinstance(of_last[-1], Over)
