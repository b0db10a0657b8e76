"""What is around a TCP segment: links, tags, options, extension headers, fragments."""

from collections.abc import Callable
from ipaddress import ip_address
from struct import pack

import pytest

from capture.packets.talk import CLOSED, SESSION, heard, opened, session, shortly
from capture.packets.wire import (
    CLIENT,
    COOKED,
    COOKED_2,
    ETHERNET,
    IP,
    IP_6,
    LOOP,
    NULL,
    QINQ,
    SERVER,
    VLAN,
    Packet,
    ethernet,
    ethertype,
    extension,
    ipv4,
    ipv4_fragments,
    ipv6,
    ipv6_fragments,
    pcap,
    timed,
)

Wrap = Callable[[bytes], bytes]


def cooked(packet: bytes) -> bytes:
    return bytes(14) + pack(">H", ethertype(packet)) + packet


def cooked_2(packet: bytes) -> bytes:
    return pack(">H", ethertype(packet)) + bytes(18) + packet


def plain(packet: bytes) -> bytes:
    return packet


@pytest.mark.parametrize("six", [False, True], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize(
    ("link", "wrap"),
    [
        pytest.param(ETHERNET, ethernet, id="ethernet"),
        pytest.param(ETHERNET, lambda p: ethernet(p, VLAN), id="802.1Q"),
        pytest.param(ETHERNET, lambda p: ethernet(p, QINQ, VLAN), id="QinQ"),
        pytest.param(ETHERNET, lambda p: ethernet(p, 0x9100, VLAN, VLAN, VLAN), id="four tags"),
        pytest.param(ETHERNET, lambda p: ethernet(p, padding=46), id="padded"),
        pytest.param(1 | 0x24000000, ethernet, id="ethernet with FCS"),
        pytest.param(COOKED, cooked, id="cooked"),
        pytest.param(COOKED_2, cooked_2, id="cooked 2"),
        *(pytest.param(raw, plain, id=f"raw {raw}") for raw in (12, 14, 101, 228, 229)),
    ],
)
def test_every_link_is_taken_off(link: int, wrap: Wrap, six: bool) -> None:  # noqa: FBT001
    told = shortly(opened(pcap(timed(map(wrap, session(six=six).packets)), link)))
    assert told[1:] == SESSION[1:]
    assert told[0] == ("began", "[2001:db8::1]:50000 [2001:db8::7]:110") if six else SESSION[0]


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
@pytest.mark.parametrize("link", [NULL, LOOP], ids=["null", "loop"])
@pytest.mark.parametrize("family", [2, 10, 24, 28, 30])
def test_a_loopback_has_a_family_in_either_order(link: int, order: str, family: int) -> None:
    packets = [pack(f"{order}I", family) + packet for packet in session().packets]
    assert shortly(opened(pcap(timed(packets), link))) == SESSION


@pytest.mark.parametrize(
    ("link", "packet"),
    [
        pytest.param(ETHERNET, b"", id="nothing"),
        pytest.param(ETHERNET, bytes(13), id="short"),
        pytest.param(ETHERNET, bytes(12) + pack(">H", IP), id="only a header"),
        pytest.param(ETHERNET, bytes(12) + pack(">H", IP_6) + b"\x60", id="little of IPv6"),
        pytest.param(ETHERNET, bytes(12) + b"\x08\x06" + bytes(28), id="ARP"),
        pytest.param(ETHERNET, bytes(12) + b"\x81\0\0\5" * 50, id="tags without end"),
        pytest.param(ETHERNET, bytes(12) + b"\x81\0", id="half a tag"),
        pytest.param(NULL, b"\2\0\0\0", id="only a family"),
        pytest.param(NULL, b"\7\0\0\0" + bytes(40), id="another family"),
        pytest.param(101, b"\x00" * 40, id="another version"),
        pytest.param(101, ipv4(bytes(20), protocol=17), id="UDP"),
        pytest.param(101, ipv4(b""), id="an empty packet"),
        pytest.param(101, ipv4(bytes(19)), id="half a TCP header"),
        pytest.param(101, ipv4(bytes(12) + b"\x40" + bytes(20)), id="a TCP header of 16 octets"),
        pytest.param(101, ipv4(bytes(12) + b"\xf0" + bytes(20)), id="one longer than the packet"),
        pytest.param(101, b"\x4f" + ipv4(bytes(20))[1:], id="IPv4 options past the end"),
        pytest.param(101, b"\x44" + ipv4(bytes(20))[1:], id="an IPv4 header of 16 octets"),
        pytest.param(101, ipv4(bytes(20), size=8), id="shorter than its header"),
        pytest.param(101, ipv6(bytes(20), following=59), id="no next header"),
        pytest.param(101, ipv6(bytes(20), following=50), id="ESP"),
        pytest.param(101, ipv6(b"\x00\xff" + bytes(20), following=0), id="an endless extension"),
        pytest.param(101, ipv6(extension(0) * 100, following=0), id="extensions without end"),
    ],
)
def test_what_is_no_tcp_is_passed_over(link: int, packet: bytes) -> None:
    packets = opened(pcap([Packet(packet)], link))
    assert list(packets) == []
    assert packets.notes == ["there is no POP3 session among these 1 packets"]


def rewrapped(wrap: Callable[[bytes, str, str], list[bytes]], *, six: bool = False) -> list[bytes]:
    """Return a session whose segments are wrapped by *wrap* with their addresses."""
    out = []
    for packet in session(six=six).packets:
        fixed, size = (40, 16) if six else (20, 4)
        source, target = (
            str(ip_address(packet[at : at + size])) for at in (fixed - 2 * size, fixed - size)
        )
        out += wrap(packet[fixed:], source, target)
    return out


def test_ipv4_with_options() -> None:
    assert heard(rewrapped(lambda *p: [ipv4(*p, options=b"\x94\x04\0\0" * 10)])) == SESSION


def test_ipv4_without_a_length_as_a_sender_with_offload_has_it() -> None:
    assert heard(rewrapped(lambda *p: [ipv4(*p, size=0)])) == SESSION


def test_ipv6_without_a_length() -> None:
    assert heard(rewrapped(lambda *p: [ipv6(*p, size=0)], six=True))[1:] == SESSION[1:]


def test_ipv6_with_extension_headers() -> None:
    ah = pack(">BB", 60, 4) + bytes(22)
    between = extension(43) + extension(51, 24) + ah + extension(6, 16)
    packets = rewrapped(lambda data, *p: [ipv6(between + data, *p, following=0)], six=True)
    assert heard(packets)[1:] == SESSION[1:]


def test_an_atomic_fragment_is_whole() -> None:
    head = pack(">BBHI", 6, 0, 0, 7)
    packets = rewrapped(lambda data, *p: [ipv6(head + data, *p, following=44)], six=True)
    assert heard(packets)[1:] == SESSION[1:]


@pytest.mark.parametrize("size", [8, 16, 24])
@pytest.mark.parametrize("six", [False, True], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize(
    "order",
    [
        pytest.param(list, id="in order"),
        pytest.param(lambda pieces: pieces[::-1], id="backwards"),
        pytest.param(lambda pieces: pieces * 2, id="twice"),
        pytest.param(lambda pieces: [p for p in pieces for _ in range(2)], id="each twice"),
    ],
)
def test_fragments(order: Callable[[list[bytes]], list[bytes]], size: int, six: bool) -> None:  # noqa: FBT001
    names = iter(range(1, 100))

    def wrap(data: bytes, source: str, target: str) -> list[bytes]:
        cut = ipv6_fragments if six else ipv4_fragments
        pieces = cut(data, size, next(names), source=source, target=target)
        return order(pieces)

    assert heard(rewrapped(wrap, six=six))[1:] == SESSION[1:]


def test_of_fragments_that_overlap_the_first_to_come_counts() -> None:
    talk = session()
    segment = talk.packets[3][20:]
    forged = ipv4_fragments(segment[:-8] + b"ATTACKED", 16)
    true = ipv4_fragments(segment, 16)
    talk.packets[3:4] = [*reversed_addresses(true[:1] + true[1:] + forged)]
    assert heard(talk.packets) == SESSION


def test_a_fragment_that_is_lost_loses_its_segment() -> None:
    talk = session()
    pieces = ipv4_fragments(talk.packets[3][20:], 8)
    talk.packets[3:4] = reversed_addresses(pieces[:2] + pieces[3:])
    told = heard(talk.packets)
    assert ("missed", 11) in told
    assert told[-1] == CLOSED


def test_a_name_is_used_again_after_a_while() -> None:
    talk = session()
    stale = ipv4(b"\xff" * 8, SERVER, CLIENT, name=7, place=0x2000)
    packets = [talk.packets[0], stale, *talk.packets[1:3]]
    packets += reversed_addresses(ipv4_fragments(talk.packets[3][20:], 8)) + talk.packets[4:]
    seconds = [0, 1, 1, 1, *[70] * 20]
    file = pcap([Packet(data, at * 10**9) for data, at in zip(packets, seconds, strict=False)], 101)
    assert shortly(opened(file)) == SESSION


def test_fragments_past_the_end_of_their_datagram_are_no_part_of_it() -> None:
    last = ipv4(bytes(8), name=7, place=1)
    beyond = ipv4(bytes(8), name=7, place=0x2000 | 5)
    assert heard([beyond, last, *session().packets]) == SESSION


def reversed_addresses(packets: list[bytes]) -> list[bytes]:
    """Return packets from the server to the client."""
    return [p[:12] + p[16:20] + p[12:16] + p[20:] for p in packets]
