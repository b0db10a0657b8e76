"""What holds for every octet that two sides may send, and for every way to cut it."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import every_cut, recut, wild_talk
from dialogue import Said, byte_by_byte, read, said, told
from pop3spy.protocol import command_reader, line_buffer, reply_reader
from pop3spy.protocol.frames import Side

CLOSED: list[Said] = [(Side.CLIENT, None), (Side.SERVER, None)]

SESSION = said(r"""
    S: +OK POP3 ready <1896.697170952@dbc.mtview.ca.us>
    C: CAPA
    S: +OK
    S| PIPELINING
    S| .
    C: AUTH LOGIN
    S: + VXNlcm5hbWU6
    C: QUIT
    S: -ERR [AUTH] no
    C: USER bob
    C| PASS  a b\x20
    S: +OK
    S| +OK
    C: LIST
    C| RETR 1
    C| UIDL 1
    S: +OK 1 message
    S| 1 9
    S| .
    S| +OK
    S| ..
    S| .a
    S< \r\r\n.\n.\r\n
    S: +OK
    S| 1 abc
    S| .
    C: HELP
    S: +OK
    S| try harder
    S| .
    C: XTND XMIT
    S: +OK
    C: PASS x
    C| .
    C| QUIT
    S: +OK
    S: +OK bye
    S| -ERR too late
""")


@pytest.fixture(autouse=True, scope="module")
def _low_limits() -> Iterator[None]:
    """Make limits so low that every few octets reach one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_buffer, "LINE", 48)
        patch.setattr(command_reader, "AHEAD", 64)
        patch.setattr(command_reader, "UNANSWERED", 6)
        patch.setattr(reply_reader, "UNASKED", 3)
        yield


def test_a_proxy_header_is_one_also_behind_a_banner_and_half_a_line() -> None:
    header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x02ab"
    talk: list[Said] = [(Side.SERVER, b"hello\r\n\r"), (Side.CLIENT, header), *CLOSED]

    assert "PROXY" in told(read(talk))
    assert told(read(byte_by_byte(talk))) == told(read(talk))


@given(wild_talk, st.data())
def test_any_octets_give_the_same_frames_however_they_are_cut(
    talk: list[Said], data: st.DataObject
) -> None:
    talk = talk + CLOSED
    again = data.draw(recut(talk))

    whole = told(read(talk))

    assert told(read(again)) == whole
    assert told(read(byte_by_byte(talk))) == whole


def test_a_telnet_negotiation_ends_before_its_line_does() -> None:
    """Otherwise it would depend on the cuts whether the line or what is behind it comes first."""
    talk: list[Said] = [(Side.CLIENT, b"\xff\xfaUSER bob\r\n\xff\xf0"), *CLOSED]

    assert told(read(byte_by_byte(talk))) == told(read(talk))


@given(wild_talk)
def test_when_both_sides_are_closed_no_octet_is_left(talk: list[Said]) -> None:
    frames = read(talk + CLOSED)

    for side in Side:
        sent = b"".join(data or b"" for who, data in talk if who is side)
        assert b"".join(frame.raw for frame in frames if frame.side is side) == sent


@given(wild_talk)
def test_no_frame_is_empty(talk: list[Said]) -> None:
    assert all(frame.raw for frame in read(talk + CLOSED))


@pytest.mark.parametrize("at", [at for at, (_, data) in enumerate(SESSION) if data])
def test_a_session_gives_the_same_frames_wherever_one_chunk_is_cut(at: int) -> None:
    before, (side, data), after = SESSION[:at], SESSION[at], SESSION[at + 1 :]
    whole = told(read(SESSION))

    for pieces in every_cut(data or b""):
        assert told(read([*before, *((side, piece) for piece in pieces), *after])) == whole


@given(wild_talk)
def test_what_is_read_at_once_is_what_the_buffer_gives(talk: list[Said]) -> None:
    assert read([*talk, *CLOSED]) == read([*talk, *CLOSED], buffered=True)


@pytest.mark.parametrize("behind", ["NOOP", "USER bob", "AUTH PLAIN", "STLS"])
def test_a_whole_line_behind_an_overlong_one_is_read_alike_at_every_cut(behind: str) -> None:
    line, overlong = f"{behind}\r\n".encode(), b"x" * (line_buffer.LINE + 20)
    greeting: Said = (Side.SERVER, b"+OK\r\n")
    for pieces in every_cut(overlong + b"\r\n" + line):
        talk: list[Said] = [greeting, *((Side.CLIENT, piece) for piece in pieces), *CLOSED]

        assert read(talk) == read(talk, buffered=True)
        assert told(read(talk)) == told(read(byte_by_byte(talk)))
