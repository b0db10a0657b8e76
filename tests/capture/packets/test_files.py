"""The two kinds of file: what is read of them, what is refused, and what is said of it."""

import io
import os
from collections.abc import Callable
from datetime import UTC, datetime
from struct import pack

import pytest

from capture.packets.talk import CUT, SESSION, opened, session, shortly
from capture.packets.wire import (
    COOKED,
    ETHERNET,
    NULL,
    RAW,
    Packet,
    block,
    enhanced,
    ethernet,
    ethertype,
    interface,
    option,
    pcap,
    pcapng,
    section,
    simple,
    timed,
)
from pop3spy.capture.packets import is_packets, read_packets
from pop3spy.errors import CaptureError
from pop3spy.session.tape import Item, Over, Spoke

START = 1_795_423_780_612_147_000
RAW_SESSION = timed(session().packets, START)


@pytest.mark.parametrize("nano", [False, True], ids=["micro", "nano"])
@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_pcap_in_every_byte_order_and_unit(order: str, nano: bool) -> None:  # noqa: FBT001
    packets = opened(pcap(RAW_SESSION, RAW, order, nano=nano))
    assert packets.started == datetime(2026, 11, 23, 8, 49, 40, 612147, UTC)
    assert shortly(packets) == SESSION
    assert packets.notes == []


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_pcapng_in_every_byte_order(order: str) -> None:
    packets = opened(pcapng(RAW_SESSION, RAW, order))
    assert packets.started == datetime(2026, 11, 23, 8, 49, 40, 612147, UTC)
    assert shortly(packets) == SESSION
    assert packets.notes == []


def test_times_are_seconds_since_the_first_packet() -> None:
    items = list(opened(pcap(RAW_SESSION, RAW)))
    assert [item.chunk.at for item in items if isinstance(item, Spoke)] == [0.003, 0.004, 0.005]
    assert items[0].at == 0.0


def test_time_does_not_run_backwards() -> None:
    times = [5, 6, 7, 3, 8, 9, 10, 11, 12]
    packets = [Packet(packet.data, time) for packet, time in zip(RAW_SESSION, times, strict=True)]
    items = list(opened(pcap(packets, RAW, nano=True)))
    told = [item.chunk.at for item in items if isinstance(item, Spoke)]
    assert told == [2e-9, 3e-9, 4e-9]


@pytest.mark.parametrize(
    ("options", "tick"),
    [
        pytest.param(b"", 1000, id="microseconds"),
        pytest.param(option(9, b"\x09"), 1, id="nanoseconds"),
        pytest.param(option(9, b"\x03"), 1_000_000, id="milliseconds"),
        pytest.param(option(1, b"a comment") + option(9, b"\x09") + bytes(4), 1, id="behind"),
        pytest.param(option(9, b""), 1000, id="empty"),
        pytest.param(bytes(4) + option(9, b"\x09"), 1000, id="behind the end"),
        pytest.param(pack("<HH", 9, 500) + bytes(4), 1000, id="too long"),
    ],
)
def test_an_interface_says_what_its_ticks_are(options: bytes, tick: int) -> None:
    file = section() + interface(RAW, options=options)
    file += b"".join(enhanced(packet, tick=tick) for packet in RAW_SESSION)
    packets = opened(file)
    items = list(packets)
    assert packets.started is not None
    assert abs(packets.started.timestamp() - START / 1e9) < 0.001
    assert [round(item.chunk.at, 6) for item in items if isinstance(item, Spoke)] == [
        0.003,
        0.004,
        0.005,
    ]


def test_ticks_that_are_a_power_of_two_and_an_offset() -> None:
    options = option(9, bytes((0x80 | 10,))) + option(14, pack("<q", 86400))
    file = section() + interface(RAW, options=options)
    file += b"".join(
        enhanced(Packet(packet.data, number * 512), tick=1)
        for number, packet in enumerate(RAW_SESSION)
    )
    packets = opened(file)
    assert packets.started == datetime(1970, 1, 2, tzinfo=UTC)
    assert [item.chunk.at for item in packets if isinstance(item, Spoke)] == [1.5, 2.0, 2.5]


def test_blocks_of_other_kinds_are_skipped() -> None:
    unknown = block(0x0BAD, b"x" * 5000) + block(5, bytes(20)) + block(4, b"") + block(10, b"key")
    body = b"".join(unknown + enhanced(packet) for packet in RAW_SESSION)
    assert shortly(opened(section() + interface(RAW) + body + unknown)) == SESSION


def test_a_large_block_of_another_kind_is_skipped() -> None:
    large = block(0x0BAD, bytes(5 << 20))
    body = b"".join(enhanced(packet) for packet in RAW_SESSION)
    assert shortly(opened(section() + interface(RAW) + large + body)) == SESSION


def test_several_sections_each_with_its_order_and_interfaces() -> None:
    one, two = RAW_SESSION[:4], RAW_SESSION[4:]
    nanoseconds = interface(RAW, ">", options=option(9, b"\x09", ">"))
    file = pcapng(one, RAW) + section(">") + interface(ETHERNET, ">") + nanoseconds
    file += b"".join(enhanced(packet, ">", 1, tick=1) for packet in two)
    items = list(opened(file))
    assert shortly(items) == SESSION
    assert [item.chunk.at for item in items if isinstance(item, Spoke)] == [0.003, 0.004, 0.005]


def test_several_interfaces_each_with_its_link_and_clock() -> None:
    """Ethernet in nanoseconds, Linux cooked in milliseconds, loopback in 1024ths of a second."""
    wraps: list[Callable[[bytes], bytes]] = [
        ethernet,
        lambda p: bytes(14) + pack(">H", ethertype(p)) + p,
        lambda p: pack("<I", 2) + p,
    ]
    file = section()
    file += interface(ETHERNET, options=option(9, b"\x09"))
    file += interface(COOKED, options=option(9, b"\x03"))
    file += interface(NULL, options=option(9, b"\x8a"))
    for number, packet in enumerate(RAW_SESSION):
        which, second = number % 3, number + 1
        ticks = second * (10**9, 10**3, 2**10)[which]
        file += enhanced(Packet(wraps[which](packet.data), ticks), number=which, tick=1)
    packets = opened(file)
    items = list(packets)
    assert packets.started == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert shortly(items) == SESSION
    assert [item.chunk.at for item in items if isinstance(item, Spoke)] == [3.0, 4.0, 5.0]


def test_packets_without_a_time_come_with_the_one_before_and_that_is_told() -> None:
    file = section() + interface(RAW, snapshot=2000) + enhanced(RAW_SESSION[0])
    file += b"".join(simple(packet) for packet in RAW_SESSION[1:])
    packets = opened(file)
    items = list(packets)
    assert shortly(items) == SESSION
    assert {item.chunk.at for item in items if isinstance(item, Spoke)} == {0.0}
    assert packets.notes == ["packets without a time are told to have come with the one before"]


def test_the_obsolete_block_of_a_packet() -> None:
    file = section() + interface(RAW)
    for packet in RAW_SESSION:
        ticks, size = packet.time // 1000, len(packet.data)
        facts = 0, 0, ticks >> 32, ticks & 0xFFFFFFFF, size, size
        file += block(2, pack("<HHIIII", *facts) + packet.data)
    assert shortly(opened(file)) == SESSION


def test_an_interface_that_cannot_be_read_is_told_once_and_left_out() -> None:
    file = section() + interface(105) + interface(105) + interface(RAW)
    file += b"".join(enhanced(packet) + enhanced(packet, number=2) for packet in RAW_SESSION)
    packets = opened(file)
    assert shortly(packets) == SESSION
    assert packets.notes == ["packets of link type 105 are left out"]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(pcap([], RAW), id="pcap"),
        pytest.param(section(), id="pcapng"),
        pytest.param(section() + interface(), id="interface"),
    ],
)
def test_a_capture_without_packets(file: bytes) -> None:
    packets = opened(file)
    assert list(packets) == []
    assert packets.started is None
    assert packets.notes == ["there are no packets in this capture"]


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_every_prefix_is_read_to_where_it_is_torn(make: object) -> None:
    assert callable(make)
    whole = make(RAW_SESSION, RAW)
    torn = 0
    for end in range(28 + 20, len(whole)):
        packets = opened(whole[:end])
        told = shortly(packets)
        if told:
            assert told[:-1] == SESSION[: len(told) - 1]
            assert told[-1] == CUT or told == SESSION
        torn += any("in the middle of a packet, at offset" in note for note in packets.notes)
    assert torn > len(whole) - 150


def test_a_session_that_goes_on_is_told_to_be_cut() -> None:
    last = list(opened(pcap(RAW_SESSION[:5], RAW)))[-1]
    assert isinstance(last, Over)
    assert last.ending.why == "the capture ends here"


DAMAGED = b"\xff" * 16


@pytest.mark.parametrize(
    ("file", "message"),
    [
        pytest.param(b"", "this file is empty", id="empty"),
        pytest.param(b"\x1f\x8b\x08\0" * 9, "compressed with gzip; unpack it first", id="gzip"),
        pytest.param(b"BZh9" * 9, "compressed with bzip2", id="bzip2"),
        pytest.param(b"\xfd7zXZ\0", "compressed with xz", id="xz"),
        pytest.param(b"\x28\xb5\x2f\xfd", "compressed with zstd", id="zstd"),
        pytest.param(b"\x04\x22\x4d\x18", "compressed with lz4", id="lz4"),
        pytest.param(b"PK\3\4", "compressed with zip", id="zip"),
        pytest.param(b"pop3spy: 1\n", "neither a pcap nor a pcapng", id="text"),
        pytest.param(b"\xd4\xc3", "neither a pcap nor a pcapng", id="short"),
        pytest.param(pcap([], RAW)[:20], "offset 0: the file ends in its header", id="header"),
        pytest.param(pcap([], 105), "offset 20: packets of link type 105", id="link"),
        pytest.param(pcap([], RAW) + DAMAGED, "offset 24: a packet of 4294967295", id="packet"),
        pytest.param(section(major=2), "offset 0: pcapng of version 2", id="version"),
        pytest.param(b"\x0a\x0d\x0d\x0a" * 7, "without a byte order", id="order"),
        pytest.param(section() + block(6, bytes(20)), "of no interface", id="interface"),
        pytest.param(section() + block(3, bytes(4)), "of no interface", id="simple"),
        pytest.param(section() + bytes(12), "offset 28: a block of 0 octets", id="zero"),
        pytest.param(section() + pack("<III", 1, 16, 0), "a block of 16 octets", id="small"),
        pytest.param(section() + pack("<III", 77, 15, 0), "a block of 15 octets", id="odd"),
        pytest.param(section() + pack("<III", 6, 1 << 30, 0), "more than one with", id="huge"),
        pytest.param(section() + block(1, bytes(8))[:-4] + b"\1\0\0\0", "lengths differ", id="end"),
        pytest.param(
            section() + interface() + block(6, pack("<IIIII", 0, 0, 0, 99, 99)),
            "that its block cannot hold",
            id="captured",
        ),
        pytest.param(section() + interface() * 4097, "more than 4,096 interfaces", id="many"),
    ],
)
def test_what_is_no_capture_or_damaged_is_one_clear_line(file: bytes, message: str) -> None:
    with pytest.raises(CaptureError, match=message) as raised:
        list(opened(file))
    assert str(raised.value).startswith("test.pcap: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(pcap(RAW_SESSION[:5], RAW) + DAMAGED, id="pcap"),
        pytest.param(pcapng(RAW_SESSION[:5], RAW) + bytes(12), id="pcapng"),
    ],
)
def test_what_stands_before_the_damage_is_told(file: bytes) -> None:
    told: list[Item] = []
    with pytest.raises(CaptureError):
        told.extend(opened(file))  # the list keeps what came before the error
    assert shortly(told) == [*SESSION[:3], CUT]
    assert isinstance(told[-1], Over)
    assert told[-1].ending.why == "the capture is damaged here"


def test_a_disk_that_fails_is_told() -> None:
    class Failing(io.BytesIO):
        def read1(self, _size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(CaptureError, match="test: input/output error"):
        read_packets(Failing(), "test")


def test_a_pipe_that_gives_little_at_a_time() -> None:
    class Dripping(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            return super().read1(min(size or 1, 7))

    assert shortly(read_packets(Dripping(pcapng(RAW_SESSION, RAW)), "test")) == SESSION


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_what_a_pipe_has_given_is_told_before_it_gives_more(
    make: Callable[[list[Packet], int], bytes],
) -> None:
    """``tcpdump -w - | pop3spy show -`` shows a session while it lasts."""
    first, rest = make(RAW_SESSION[:4], RAW), make(RAW_SESSION, RAW)
    inside, outside = os.pipe()
    with open(inside, "rb") as stream, open(outside, "wb", buffering=0) as pipe:  # noqa: PTH123
        pipe.write(first)
        packets = read_packets(stream, "test")
        assert shortly([next(packets), next(packets)]) == SESSION[:2]
        pipe.write(rest[len(first) :])
        pipe.close()
        assert shortly(packets) == SESSION[2:]


def test_the_magic_is_known() -> None:
    for order in "<>":
        assert is_packets(pcap([], RAW, order)[:4])
        assert is_packets(pcap([], RAW, order, nano=True)[:4])
        assert is_packets(section(order)[:4])
    assert not is_packets(b"pop3")
    assert not is_packets(b"")
    assert not is_packets(b"\x1f\x8b\x08\0")
