import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.protocol.foreign import PEEK, PROXY_V2, Foreign, proxy_header, recognise

TLS, LAYER, UNDECIDED = Foreign.TLS, Foreign.LAYER, Foreign.UNDECIDED
HEADER = Foreign.TLS_HEADER


@pytest.mark.parametrize(
    ("start", "found"),
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01", TLS, id="a TLS handshake"),
        pytest.param(b"\x16\x03\x04", TLS, id="the newest version"),
        pytest.param(b"\x15\x03\x03\x00\x02\x02\x28", TLS, id="a TLS alert"),
        pytest.param(b"\x17\x03\x03\0\x20\x8f\n", TLS, id="TLS application data"),
        pytest.param(b"\x17\x03\x03\0\x20+OK\0", TLS, id="TLS application data like text"),
        pytest.param(b"\x17\x03\x03\0\x20+" + b"a" * 128, TLS, id="too much text for a line"),
        pytest.param(b"\x17\x03\x03", UNDECIDED, id="half a header of application data"),
        pytest.param(b"\x17\x03\x03\0\x50+OK h", UNDECIDED, id="a header and half a line"),
        pytest.param(b"\x17\x03\x03\0\x50+OK\r\n", HEADER, id="a header and a clear line"),
        pytest.param(b"\x17\x03\x03\0\x50QUIT\n", HEADER, id="a header and a clear command"),
        pytest.param(b"\x16\x03\x05", None, id="a version that is none"),
        pytest.param(b"\x16\x02\x01", None, id="another protocol"),
        pytest.param(b"\x18\x03\x01", None, id="another type"),
        pytest.param(b"\x16", UNDECIDED, id="one octet of TLS"),
        pytest.param(b"\x16\x03", UNDECIDED, id="two octets of TLS"),
        pytest.param(b"\x16a", None, id="a control character and text"),
        pytest.param(b"\xff\xfb\x01", 3, id="IAC WILL ECHO"),
        pytest.param(b"\xff\xfe\x22USER", 3, id="IAC DONT LINEMODE and a verb"),
        pytest.param(b"\xff\xf4\xff\xfd\x06", 2, id="IAC IP"),
        pytest.param(b"\xff\xfa\x18\x01\xff\xf0USER", 6, id="a subnegotiation"),
        pytest.param(b"\xff\xfa\x18\x01\xff", UNDECIDED, id="a subnegotiation without its end"),
        pytest.param(b"\xff\xfa" + b"a" * 100, None, id="no subnegotiation is that long"),
        pytest.param(b"\xff", UNDECIDED, id="IAC alone"),
        pytest.param(b"\xff\xfd", UNDECIDED, id="IAC DO, and no option yet"),
        pytest.param(b"\xff\xff", None, id="a doubled IAC is text"),
        pytest.param(b"\xff\xe9", None, id="8-bit text"),
        pytest.param(b"\x00\x00\x00\x04", None, id="NULs without a layer"),
        pytest.param(b"\x80\x2e\x01\x03", None, id="an SSLv2 hello that is not the first"),
        pytest.param(b"USER", None, id="a verb"),
        pytest.param(b"\r\n", None, id="an empty line"),
    ],
)
def test_foreign_octets_are_recognised(start: bytes, found: Foreign | int | None) -> None:
    assert recognise(start, first=False, layer=False) == found


@pytest.mark.parametrize(
    ("start", "found"),
    [
        pytest.param(b"\x80\x2e\x01\x03", TLS, id="an SSLv2 hello"),
        pytest.param(b"\x80\x2e", UNDECIDED, id="its beginning"),
        pytest.param(b"\xc3\xbc\r\n", None, id="8-bit text"),
        pytest.param(b"\x80\n", None, id="a line of one octet"),
        pytest.param(b"\x80\n\x01", None, id="a line of one octet, and the next"),
    ],
)
def test_an_ssl2_hello_can_only_be_the_first(start: bytes, found: Foreign | None) -> None:
    assert recognise(start, first=True, layer=False) == found


def test_a_security_layer_begins_with_a_length() -> None:
    assert recognise(b"\x00\x00\x01\x00", first=False, layer=True) is LAYER


@pytest.mark.parametrize(
    ("start", "size"),
    [
        pytest.param(b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 110\r\nUSER", 42, id="version 1, IPv4"),
        pytest.param(b"PROXY TCP6 ::1 ::1 1 2\r\n", 24, id="version 1, IPv6"),
        pytest.param(b"PROXY UNKNOWN\r\n", 15, id="version 1, unknown"),
        pytest.param(b"PROXY UNKNOWN ::1 x\r\n", 21, id="version 1, unknown, with details"),
        pytest.param(b"P", None, id="may become version 1"),
        pytest.param(b"PROXY T", None, id="may still become version 1"),
        pytest.param(b"PROXY TCP4 192.0.2.1", None, id="version 1 without its end"),
        pytest.param(b"PROXY TCP5 ", 0, id="no such family"),
        pytest.param(b"PROXY TCP4 a\n", 0, id="version 1 ends in CRLF"),
        pytest.param(b"PROXY TCP4 " + b"a" * 110, 0, id="longer than version 1 can be"),
        pytest.param(b"PASS x", 0, id="a command"),
        pytest.param(PROXY_V2 + b"\x21\x11\x00\x0c" + b"a" * 12, 28, id="version 2, IPv4"),
        pytest.param(PROXY_V2 + b"\x20\x00\x00\x00", 16, id="version 2, local"),
        pytest.param(PROXY_V2 + b"\x21\x11\xff\xff", 65551, id="version 2, the longest"),
        pytest.param(PROXY_V2 + b"\x21\x11\x00", None, id="version 2 without its length"),
        pytest.param(PROXY_V2[:7], None, id="may become version 2"),
        pytest.param(b"\r\n", None, id="an empty line may become version 2"),
        pytest.param(b"\r\nUSER", 0, id="an empty line and a command"),
    ],
)
def test_a_proxy_header_has_a_size(start: bytes, size: int | None) -> None:
    assert proxy_header(start) == size


@given(start=st.binary(min_size=1), first=st.booleans(), layer=st.booleans())
def test_any_octets_may_stand_at_the_beginning_of_a_line(
    start: bytes, *, first: bool, layer: bool
) -> None:
    found = recognise(start, first=first, layer=layer)

    assert found is None or isinstance(found, Foreign) or 2 <= found <= len(start)
    proxy_header(start)


@given(
    start=st.lists(
        st.sampled_from(b"\x00\x01\x03\n\r\x14\x16\x17+aZ\x80\xe6\xf0\xf1\xfa\xfb\xff"), min_size=1
    )
    .map(bytes)
    .map(lambda start: start[:PEEK]),
    first=st.booleans(),
    layer=st.booleans(),
)
def test_what_is_certain_stays_so_whatever_comes_behind_it(
    start: bytes, *, first: bool, layer: bool
) -> None:
    """Else it would make a difference how octets are cut into pieces."""
    found = recognise(start, first=first, layer=layer)
    for size in range(1, len(start)):
        before = recognise(start[:size], first=first, layer=layer)
        is_whole_line = before is None and b"\n" in start[:size]
        if is_whole_line or before not in {None, UNDECIDED}:
            assert before == found
            return
