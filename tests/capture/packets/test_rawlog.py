"""Dovecot's raw logs: with times and without, from before the login and from behind it."""

import io
from datetime import UTC, datetime
from inspect import cleandoc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.packets.talk import CUT, Short, shortly
from pop3spy.capture.rawlog import Rawlog, pair_of, read_rawlog
from pop3spy.errors import CaptureError
from pop3spy.session.tape import Spoke

BEGAN: Short = ("began", "client server")
LOGGED_IN: Short = ("knew", {"state": "TRANSACTION"})


def log(text: str) -> bytes:
    return "".join(f"{line}\r\n" for line in cleandoc(text).splitlines()).encode()


def opened(came_in: bytes, went_out: bytes) -> Rawlog:
    return read_rawlog(io.BytesIO(came_in), io.BytesIO(went_out), "test")


def heard(came_in: bytes, went_out: bytes) -> list[Short]:
    told = shortly(opened(came_in, went_out))
    assert told[0] == BEGAN
    assert told[-1] == CUT
    return told[1:-1]


ASKED = """\
    1795423780.612147 STAT
    1795423780.622585 RETR 1
    1795423780.632807 QUIT
"""
SAID = """\
    1795423780.606246 +OK Logged in.
    1795423780.612175 +OK 1 3
    1795423780.622585 +OK 3 octets
    1795423780.622590 a
    1795423780.622592 .
    1795423780.634007 +OK Logging out.
"""


def test_times_tell_the_order() -> None:
    tape = opened(log(ASKED), log(SAID))
    assert tape.started == datetime(2026, 11, 23, 8, 49, 40, 606246, UTC)
    items = list(tape)
    assert shortly(items) == [
        BEGAN,
        LOGGED_IN,
        ("S", b"+OK Logged in.\r\n"),
        ("C", b"STAT\r\n"),
        ("S", b"+OK 1 3\r\n"),
        ("C", b"RETR 1\r\n"),
        ("S", b"+OK 3 octets\r\na\r\n.\r\n"),
        ("C", b"QUIT\r\n"),
        ("S", b"+OK Logging out.\r\n"),
        CUT,
    ]
    times = [item.chunk.at for item in items if isinstance(item, Spoke)]
    assert times == [0.0, 0.005901, 0.005929, 0.016339, 0.016339, 0.026561, 0.027761]
    assert tape.notes == []


def test_lines_of_one_side_are_told_apart_if_time_passed_between_them() -> None:
    said = "1.000000 +OK\n1.000900 a\n1.001100 b\n1.001200 .\n"
    assert heard(b"", said.encode()) == [("S", b"+OK\na\n"), ("S", b"b\n.\n")]


def test_a_line_that_was_read_in_pieces_has_one_time() -> None:
    long = b"x" * 70000
    said = b"1.000000 +OK\r\n1.000001 " + long + b"\r\n1.000002 .\r\n"
    assert b"".join(what for _, what in heard(b"", said) if isinstance(what, bytes)) == (
        b"+OK\r\n" + long + b"\r\n.\r\n"
    )


def test_a_message_that_looks_like_a_log_stays_as_it_is() -> None:
    said = b"1.000000 +OK\r\n1.000001 1.000002 I: a\r\n1.000003 .\r\n"
    assert heard(b"", said) == [("S", b"+OK\r\n1.000002 I: a\r\n.\r\n")]


def test_a_clock_that_is_set_back_does_not_change_a_sides_order() -> None:
    said = b"5.000000 +OK a\r\n3.000000 +OK b\r\n"
    asked = b"5.100000 CAPA\r\n"
    assert heard(asked, said) == [("S", b"+OK a\r\n+OK b\r\n"), ("C", b"CAPA\r\n")]


@pytest.mark.parametrize("torn", [b"1795423780", b"1795423780.", b"1795423780.61", b"1"])
def test_a_torn_time_is_no_line(torn: bytes) -> None:
    tape = opened(b"", b"1795423780.606246 +OK\r\n" + torn)
    assert shortly(tape) == [BEGAN, ("S", b"+OK\r\n"), CUT]
    assert tape.notes == ["the log ends in the middle of a line"]


UNTIMED = """
S +OK ready
C CAPA
S +OK
S TOP
S .
C USER bob
S +OK
C PASS secret
S +OK
C RETR 1
S +OK
S +OK is no status inside of a body
S .
C QUIT
S +OK
"""
WITH_AUTH = """
S +OK ready
C AUTH LOGIN
S + VXNlcm5hbWU6
C Ym9i
S + UGFzc3dvcmQ6
C c2VjcmV0
S +OK
C XTND XMIT
S +OK send it
C Subject: a
C
C b
C .
S +OK sent
C QUIT
S +OK
"""
WITH_A_BANNER = """
S Welcome
S to this server
S +OK ready
C HELP
S +OK
S what nobody
S knows
S .
C QUIT
S +OK
"""
BROKEN_OFF = """
S +OK ready
C CAPA
S +OK
S a
"""
NOBODY_ANSWERS = """
S +OK ready
C CAPA
C QUIT
"""


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(UNTIMED, id="plain"),
        pytest.param(WITH_AUTH, id="auth"),
        pytest.param(WITH_A_BANNER, id="banner"),
        pytest.param(BROKEN_OFF, id="broken off"),
        pytest.param(NOBODY_ANSWERS, id="silent"),
    ],
)
def test_without_times_the_sides_take_turns(script: str) -> None:
    lines = [(line[0], line[2:].encode() + b"\r\n") for line in script.strip().splitlines()]
    asked, said = (b"".join(what for who, what in lines if who == side) for side in "CS")
    assert heard(asked, said) == lines
    assert opened(asked, said).started is None


@pytest.mark.parametrize(
    ("asked", "logged_in"),
    [("USER bob", False), ("CAPA", False), ("STAT", True), ("QUIT", False), ("XYZ", False)],
)
def test_the_first_command_tells_whether_there_was_a_login_before(
    asked: str,
    logged_in: bool,  # noqa: FBT001
) -> None:
    assert (heard(log(asked), log("+OK"))[0] == LOGGED_IN) == logged_in
    assert (heard(log(f"1.000000 {asked}"), log("1.000000 +OK"))[0] == LOGGED_IN) == logged_in


def test_an_empty_pair_is_an_empty_session() -> None:
    assert heard(b"", b"") == []


@given(st.binary(max_size=60), st.binary(max_size=60), st.booleans())
def test_no_octet_is_lost(asked: bytes, said: bytes, timed: bool) -> None:  # noqa: FBT001
    def stamped(data: bytes) -> bytes:
        return b"".join(b"7.000000 " + line for line in data.splitlines(keepends=True) if line)

    lines = [b"\n".join(data.splitlines()) for data in (asked, said)]
    told = heard(*map(stamped, lines)) if timed else heard(b"x" + asked, b"x" + said)
    for who, data in zip("CS", lines if timed else (b"x" + asked, b"x" + said), strict=True):
        spoken = b"".join(what for side, what in told if side == who and isinstance(what, bytes))
        assert spoken == data


def test_a_disk_that_fails_is_told() -> None:
    class Failing(io.BytesIO):
        def readline(self, _size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(CaptureError, match="test: input/output error"):
        read_rawlog(Failing(), io.BytesIO(), "test")


def test_a_pair_is_known_by_its_names() -> None:
    both = Path("a/20261123-084940.20390.1.in"), Path("a/20261123-084940.20390.1.out")
    assert pair_of(both[0]) == both
    assert pair_of(both[1]) == both
    assert pair_of(Path("a/b.pcap")) is None
