import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import every_cut
from pop3spy.protocol.body import BodyReader
from pop3spy.protocol.message import stuff


def split(pieces: list[bytes], status: bytes = b"+OK\r\n") -> tuple[bytes, bytes, bytes]:
    """Return what *pieces* are: content, the lone dot, and what stands behind it or waits."""
    body, data, content = BodyReader(status), b"", b""
    for piece in pieces:
        data += piece
        while data and (size := body.next_piece(data, 0)):
            if body.ended:
                return content, data[:size], data[size:]
            content, data = content + data[:size], data[size:]
    return content, b"", data


CRLF_BODIES = [
    pytest.param(b".\r\n", b"", b".\r\n", id="an empty body"),
    pytest.param(b"a\r\n.\r\n+OK", b"a\r\n", b".\r\n", id="a line"),
    pytest.param(b"..\r\n.\r\n", b"..\r\n", b".\r\n", id="a stuffed dot"),
    pytest.param(b"...two\r\n.x\r\n.\r\n", b"...two\r\n.x\r\n", b".\r\n", id="dots and more"),
    pytest.param(b"\r\n.\r\n", b"\r\n", b".\r\n", id="an empty line"),
    pytest.param(
        b"+OK\r\n-ERR no\r\nQUIT\r\n.\r\n", b"+OK\r\n-ERR no\r\nQUIT\r\n", b".\r\n", id="replies"
    ),
    pytest.param(b"a\r\n.\n+OK", b"a\r\n", b".\n", id="a dot ended by LF alone"),
    pytest.param(b".\n+OK", b"", b".\n", id="an empty body ended by LF alone"),
    pytest.param(b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n", b".\r\n", id="a dot behind a bare LF"),
    pytest.param(b"a\r.\r\n.\r\n", b"a\r.\r\n", b".\r\n", id="a dot behind a bare CR"),
    pytest.param(b"a\r\n.\r\r\n.\r\n", b"a\r\n.\r\r\n", b".\r\n", id="a dot and two CR"),
    pytest.param(b"a\r\n. \r\n.\r\n", b"a\r\n. \r\n", b".\r\n", id="a dot and a blank"),
    pytest.param(b"\0\xff\r\r\n\n\r\n.\r\n", b"\0\xff\r\r\n\n\r\n", b".\r\n", id="NUL and 8-bit"),
    pytest.param(b"a.\r\n", b"a.", b"", id="a dot glued to the last line ends nothing"),
]
LF_BODIES = [
    pytest.param(b".\n", b"", b".\n", id="an empty body"),
    pytest.param(b"a\n.\n+OK", b"a\n", b".\n", id="a line"),
    pytest.param(b"a\n..\n.\n", b"a\n..\n", b".\n", id="a stuffed dot"),
    pytest.param(b"a\r\n.\r\n", b"a\r\n", b".\r\n", id="CRLF after all"),
]


@pytest.mark.parametrize(("wire", "content", "dot"), CRLF_BODIES)
def test_a_body_ends_at_the_lone_dot_however_it_is_cut(
    wire: bytes, content: bytes, dot: bytes
) -> None:
    for pieces in every_cut(wire):
        assert split(pieces)[:2] == (content, dot)


@pytest.mark.parametrize(
    ("wire", "content", "dot"),
    [
        pytest.param(b".\r\r\n", b"", b".\r\r\n", id="an empty body"),
        pytest.param(b"a\r\r\n.\r\r\n", b"a\r\r\n", b".\r\r\n", id="a line"),
        pytest.param(b"a\r\r\n.\r\n", b"a\r\r\n", b".\r\n", id="a dot ended by CRLF after all"),
        pytest.param(b"a\n.\r\r\n\r\n.\n", b"a\n.\r\r\n\r\n", b".\n", id="a dot behind LF"),
    ],
)
def test_a_body_of_a_server_that_doubles_each_cr_ends_at_such_a_dot(
    wire: bytes, content: bytes, dot: bytes
) -> None:
    for pieces in every_cut(wire):
        assert split(pieces, b"+OK\r\r\n")[:2] == (content, dot)


@pytest.mark.parametrize(("wire", "content", "dot"), LF_BODIES)
def test_a_body_of_a_server_that_says_lf_ends_behind_lf(
    wire: bytes, content: bytes, dot: bytes
) -> None:
    for pieces in every_cut(wire):
        assert split(pieces, b"+OK\n")[:2] == (content, dot)


LINES = st.lists(st.text(".a\r", max_size=3).map(str.encode), max_size=5)


@given(LINES, st.data())
def test_a_stuffed_body_is_read_to_its_end_and_not_beyond(
    lines: list[bytes], data: st.DataObject
) -> None:
    content = stuff(b"".join(line + b"\r\n" for line in lines))
    wire = content + b".\r\n+OK\r\n"
    at = data.draw(st.integers(0, len(wire)))

    read, dot, rest = split([wire[:at], wire[at:]])

    assert (read, dot) == (content, b".\r\n")
    assert b"+OK\r\n".startswith(rest)


@given(
    st.text(".\r\na").map(str.encode) | st.binary(),
    st.sampled_from([b"+OK\r\n", b"+OK\n", b"+OK\r\r\n"]),
)
def test_no_more_than_what_may_begin_the_end_is_kept_back(wire: bytes, status: bytes) -> None:
    _, dot, rest = split([wire], status)

    assert dot or len(rest) <= len(status) - len(b"+OK") + len(b".\r")
