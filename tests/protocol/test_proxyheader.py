"""PROXY headers: read however they are cut, written as others read them, refused when wrong."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.protocol.foreign import PROXY_V2
from pop3spy.protocol.proxyheader import (
    LONGEST,
    PROXY_VERSIONS,
    Ends,
    HeaderError,
    crc32c,
    plain,
    read_header,
    write_header,
)

FOUR = Ends(("192.0.2.7", 50312), ("198.51.100.1", 110))
SIX = Ends(("2001:db8::7", 50312), ("2001:db8::1", 995))
PORTS = st.integers(0, 65535)
FAMILIES = [st.builds(str, st.ip_addresses(v=4)), st.builds(str, st.ip_addresses(v=6))]
NAMED = [st.tuples(hosts, PORTS) for hosts in FAMILIES]
ENDS = st.one_of([st.builds(Ends, each, each) for each in NAMED])


def v2(command: int, family: int, said: bytes = b"", *, size: int | None = None) -> bytes:
    return (
        PROXY_V2
        + bytes((command, family))
        + (len(said) if size is None else size).to_bytes(2)
        + said
    )


def tlv(kind: int, value: bytes) -> bytes:
    return bytes((kind,)) + len(value).to_bytes(2) + value


SAID_FOUR = bytes((192, 0, 2, 7, 198, 51, 100, 1)) + (50312).to_bytes(2) + (110).to_bytes(2)
SAID_SIX = b"".join(ip_address(host).packed for host, _ in (SIX.client, SIX.server)) + (
    (50312).to_bytes(2) + (995).to_bytes(2)
)
SAID_UNIX = b"/run/a".ljust(108, b"\0") + b"/run/b".ljust(108, b"\0")


def summed(family: int, said: bytes, *behind: bytes) -> bytes:
    """Return a header with a checksum among its extensions."""
    blank = v2(0x21, family, said + tlv(3, bytes(4)) + b"".join(behind))
    at = 16 + len(said) + 3
    return blank[:at] + crc32c(blank).to_bytes(4) + blank[at + 4 :]


GOOD: dict[bytes, Ends | None] = {
    b"PROXY TCP4 192.0.2.7 198.51.100.1 50312 110\r\n": FOUR,
    b"PROXY TCP6 2001:db8::7 2001:db8::1 50312 995\r\n": SIX,
    b"PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.1 50312 110\r\n": FOUR,
    b"PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n": Ends(
        ("0.0.0.0", 0), ("255.255.255.255", 65535)
    ),
    b"PROXY UNKNOWN\r\n": None,
    b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535 and more\r\n": None,
    v2(0x21, 0x11, SAID_FOUR): FOUR,
    v2(0x21, 0x21, SAID_SIX): SIX,
    v2(0x21, 0x31, SAID_UNIX): Ends(("unix:/run/a", 0), ("unix:/run/b", 0)),
    v2(0x21, 0x11, SAID_FOUR + tlv(4, b"") + tlv(0xE0, b"\r\nQUIT\r\n")): FOUR,
    v2(0x21, 0x00): None,
    v2(0x21, 0x00, b"whatever it is"): None,
    v2(0x20, 0x00): None,
    v2(0x20, 0x11, SAID_FOUR): None,
    v2(0x20, 0xFF, b"\x03\xff"): None,
    summed(0x11, SAID_FOUR): FOUR,
    summed(0x21, SAID_SIX, tlv(4, bytes(20))): SIX,
}
WRONG: dict[bytes, str] = {
    b"CAPA\r\n": "no PROXY header came first",
    b"\x16\x03\x01": "no PROXY header came first",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 50312 110\n": "no PROXY header came first",
    b"PROXY TCP4 " + b"1" * 200: "no PROXY header came first",
    b"PROXY UDP4 192.0.2.7 198.51.100.1 50312 110\r\n": "no PROXY header came first",
    b"PROXY UNKNOWN" + b" " * 100: "no PROXY header came first",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 50312\r\n": "not written as version 1",
    b"PROXY TCP4  192.0.2.7 198.51.100.1 50312 110\r\n": "not written as version 1",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 050312 110\r\n": "not written as version 1",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 -1 110\r\n": "not written as version 1",
    b"PROXY UNKNOWNS\r\n": "not written as version 1",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 110\r\n": "a port 65536, which there is not",
    b"PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n": "something that is no address",
    b"PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n": "something that is no address",
    b"PROXY TCP4 192.0.2.7 h\xc3\xb6st 1 2\r\n": "something that is no address",
    v2(0x11, 0x11, SAID_FOUR): "of a kind that is not known, 0x11",
    v2(0x22, 0x11, SAID_FOUR): "of a kind that is not known, 0x22",
    v2(0x21, 0x12, SAID_FOUR): "no TCP connection, but 0x12",
    v2(0x21, 0x41, SAID_FOUR): "no TCP connection, but 0x41",
    v2(0x21, 0x11, SAID_FOUR[:-1]): "too short for its addresses",
    v2(0x21, 0x21, SAID_FOUR): "too short for its addresses",
    v2(0x21, 0x31, SAID_UNIX[:-1]): "too short for its addresses",
    v2(0x21, 0x11, SAID_FOUR + b"\x04"): "within an extension",
    v2(0x21, 0x11, SAID_FOUR + b"\x04\x00\x02x"): "within an extension",
    v2(0x21, 0x11, SAID_FOUR + tlv(3, b"\0\0\0\0")): "the checksum of its PROXY header is wrong",
    v2(0x21, 0x11, SAID_FOUR + tlv(3, b"")): "the checksum of its PROXY header is wrong",
    v2(0x21, 0x11, size=LONGEST): f"is to have {LONGEST + 16} octets",
    v2(0x20, 0x00, size=65535): "is to have 65551 octets",
}


@pytest.mark.parametrize(("header", "ends"), GOOD.items())
@pytest.mark.parametrize("behind", [b"", b"CAPA\r\n", PROXY_V2])
def test_a_header_is_read_once_it_is_whole_and_no_octet_more(
    header: bytes, ends: Ends | None, behind: bytes
) -> None:
    whole = header + behind
    for size in range(len(header)):
        assert read_header(whole[:size]) is None
    for size in range(len(header), len(whole) + 1):
        assert read_header(whole[:size]) == (len(header), ends)


@pytest.mark.parametrize(("octets", "why"), WRONG.items())
def test_what_is_wrong_is_told_in_one_line_and_stays_wrong(octets: bytes, why: str) -> None:
    with pytest.raises(HeaderError, match=re.escape(why)) as caught:
        read_header(octets)
    assert "\n" not in str(caught.value)
    with pytest.raises(HeaderError):
        read_header(octets + b"\r\n")


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"PROXY TCP4 ", b"PROXY ", PROXY_V2, PROXY_V2 + b"!"]),
)
def test_anything_else_is_wrong_or_wants_more_but_never_for_ever(
    noise: bytes, start: bytes
) -> None:
    octets = start + noise
    for more in (b"", b"\0" * LONGEST):
        try:
            read = read_header(octets + more)
        except HeaderError:
            return
        if read is not None:
            assert 0 < read[0] <= len(octets + more)
            return
    raise AssertionError("the longest header has come, and it wants more")


@given(ENDS, st.sampled_from(PROXY_VERSIONS), st.binary(max_size=20))
def test_what_is_written_is_read_again(ends: Ends, version: str, behind: bytes) -> None:
    header = write_header(version, ends)
    expected = Ends(
        (plain(ends.client[0]), ends.client[1]), (plain(ends.server[0]), ends.server[1])
    )
    assert read_header(header + behind) == (len(header), expected)


@given(st.ip_addresses(v=4), st.ip_addresses(v=6), st.sampled_from(PROXY_VERSIONS))
def test_two_families_become_one_of_both(four: IPv4Address, six: IPv6Address, version: str) -> None:
    header = write_header(version, Ends((str(four), 1), (str(six), 2)))
    assert read_header(header) == (len(header), Ends((str(four), 1), (plain(str(six)), 2)))


@pytest.mark.parametrize("version", PROXY_VERSIONS)
@pytest.mark.parametrize("host", ["", "unix:/run/a", "████████", "localhost"])
def test_an_end_that_has_no_address_is_said_to_be_unknown(version: str, host: str) -> None:
    header = write_header(version, Ends((host, 0), ("192.0.2.1", 110)))
    assert read_header(header) == (len(header), None)
    assert host.encode() not in header or not host


def test_the_scope_of_an_address_is_left_out() -> None:
    header = write_header("v1", Ends(("fe80::1%eth0", 1), ("fe80::2%eth0", 2)))
    assert header == b"PROXY TCP6 fe80::1 fe80::2 1 2\r\n"


def test_the_checksum_is_that_of_the_standard() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
