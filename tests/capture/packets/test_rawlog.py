"""Dovecot's raw logs: with times and without, from before the login and from behind it."""

import io
import re
from datetime import UTC, datetime
from functools import partial
from inspect import cleandoc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.packets.talk import CUT, Short, shortly
from pop3spy.capture.rawlog import Rawlog, pair_of, read_rawlog
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder
from pop3spy.errors import CaptureError
from pop3spy.session.events import Answered, Event
from pop3spy.session.playback import play_back
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
        ("S", b"+OK Logged in.\r\n"),
        LOGGED_IN,
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
    ("asked", "said", "logged_in"),
    [
        ("USER bob", "+OK", False),
        ("CAPA", "+OK", False),
        ("STAT", "+OK", True),
        ("QUIT", "+OK", False),
        ("XYZ", "+OK", False),
        ("CAPA", "+OK Logged in.", True),
        ("QUIT", "+OK Logged in.", True),
        ("CAPA", "+OK Dovecot ready.", False),
    ],
)
def test_the_first_lines_tell_whether_there_was_a_login_before(
    asked: str,
    said: str,
    logged_in: bool,  # noqa: FBT001
) -> None:
    assert (LOGGED_IN in heard(log(asked), log(said))) == logged_in
    assert (LOGGED_IN in heard(log(f"2.000000 {asked}"), log(f"1.000000 {said}"))) == logged_in


@pytest.mark.parametrize("timed", [True, False])
def test_behind_the_login_nothing_is_out_of_place(timed: bool) -> None:  # noqa: FBT001
    asked, said = log(ASKED), log(SAID)
    if not timed:
        asked, said = (re.sub(rb"(?m)^\S+ ", b"", half) for half in (asked, said))
    events: list[Event] = []
    play_back(opened(asked, said), lambda _: events.append)
    answered = [event.exchange for event in events if isinstance(event, Answered)]
    assert [each.command.verb for each in answered] == ["STAT", "RETR", "QUIT"]
    assert not any(each.misplaced for each in answered)


def test_a_recording_of_a_log_knows_of_the_login_too() -> None:
    lines: list[bytes] = []
    recorder = partial(Recorder, bodies="keep", write=lines.append)
    play_back(opened(log(ASKED), log(SAID)), recorder)
    again = CaptureReader(io.StringIO("pop3spy: 2\nrecords:\n" + b"".join(lines).decode()), "again")
    told = shortly(again)
    assert LOGGED_IN in told
    assert told.index(LOGGED_IN) == told.index(("S", b"+OK Logged in.\r\n")) + 1


def test_a_log_without_times_says_so() -> None:
    assert opened(b"STAT\r\n", b"+OK\r\n").notes == [
        "this log has no times: all stands at 0, in the likely order"
    ]


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
