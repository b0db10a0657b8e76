"""Lines that answer nothing, and replies that do not come (RFC 1939, section 3)."""

import pytest

from dialogue import frames, heard, lines
from pop3spy.protocol.frames import CommandLine, Junk

UNASKED = "(line that answers no command)"
NO_STATUS = "(line without a status where a reply is due)"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("-ERR Disconnected for inactivity.", id="idle too long"),
        pytest.param("-ERR [SYS/TEMP] Server shutting down.", id="shut down"),
        pytest.param("* BYE", id="no status line at all"),
        pytest.param("+OK", id="a positive one"),
        pytest.param("", id="an empty one"),
        pytest.param(".", id="a lone dot"),
    ],
)
def test_a_line_that_answers_no_command_is_told_as_such(line: str) -> None:
    told = heard(f"S: +OK\nC: NOOP\nS: +OK\nS: {line}\nC: NOOP\nS: +OK").splitlines()

    assert told[3:] == [
        " ".join(filter(None, ("S -", line, UNASKED))),
        "C 2 NOOP",
        "S 2 +OK",
    ]


def test_a_limit_reached_is_told_in_a_second_line() -> None:
    assert heard("""
        S: +OK
        C: FOO
        S: -ERR Unknown command.
        S| -ERR Too many invalid bad commands.
        S!
    """) == lines(f"""
        S - +OK
        C 1 FOO
        S 1 -ERR Unknown command.
        S - -ERR Too many invalid bad commands. {UNASKED}
    """)


def test_nothing_behind_quit_is_answered() -> None:
    assert heard("""
        S: +OK
        C: QUIT
        C| NOOP
        S: +OK Logging out.
        S| -ERR parting
    """) == lines(f"""
        S - +OK
        C 1 QUIT
        C 2 NOOP (pipelined)
        S 1 +OK Logging out.
        S - -ERR parting {UNASKED}
    """)


def test_a_refused_quit_does_not_end_the_session() -> None:
    assert heard("S: +OK\nC: QUIT now\nC| QUIT\nS: -ERR\nS| +OK") == lines("""
        S - +OK
        C 1 QUIT now
        C 2 QUIT (pipelined)
        S 1 -ERR
        S 2 +OK
    """)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("what?", id="prose"),
        pytest.param("", id="an empty line"),
        pytest.param("+ ", id="a challenge outside AUTH"),
        pytest.param(".", id="a lone dot"),
        pytest.param("XXXX unknown command", id="an echo, as from GNU mailutils"),
        pytest.param(r"\0\xff", id="NUL and 8-bit"),
    ],
)
def test_behind_a_line_that_is_no_reply_the_command_goes_on_waiting(line: str) -> None:
    told = heard(f"S: +OK\nC: STAT\nS: {line}\nS: +OK 2 320\nC: NOOP\nS: +OK").splitlines()

    assert told[2].startswith("S 1 ")
    assert told[2].endswith(NO_STATUS)
    assert told[3:] == ["S 1 +OK 2 320", "C 2 NOOP", "S 2 +OK"]


@pytest.mark.parametrize("line", ["+ERR no", "-OK", "OK 2 320", " +OK", "+OK2 300", "-ERR5"])
def test_a_client_that_goes_on_has_taken_such_a_line_for_the_reply(line: str) -> None:
    told = heard(f"S: +OK\nC: STAT\nS: {line}\nC: NOOP\nS: +OK\nC: QUIT\nS: +OK").splitlines()

    assert told[2] == f"S 1 {line} {NO_STATUS}"
    assert told[3:] == ["C 2 NOOP", "S 2 +OK", "C 3 QUIT", "S 3 +OK"]


def test_a_client_that_goes_on_within_a_body_has_taken_nothing_for_the_reply() -> None:
    told = heard("S: +OK\nC: LIST\nS: what?\nS: +OK\nS: 1 10\nC: NOOP\nS: .\nS: +OK").splitlines()

    assert told[3:] == [
        "S 1 +OK (body)",
        "S 1 | 1 10",
        "C 2 NOOP (pipelined)",
        r"S 1 | \r\n",
        "S 1 . (end)",
        "S 2 +OK",
    ]


def test_a_client_that_speaks_ahead_waits_for_the_reply_all_the_same() -> None:
    assert heard("""
        S: +OK
        C: STAT
        C| NOOP
        S: what?
        S: +OK 2 320
        C: LIST 1
        S: +OK
        S: +OK 1 120
    """) == lines(f"""
        S - +OK
        C 1 STAT
        C 2 NOOP (pipelined)
        S 1 what? {NO_STATUS}
        S 1 +OK 2 320
        C 3 LIST 1 (pipelined)
        S 2 +OK
        S 3 +OK 1 120
    """)


def test_a_client_that_speaks_while_the_reply_comes_has_not_taken_such_a_line_for_it() -> None:
    told = heard("S: +OK\nC: LIST\nS: what?\nS: +OK\nC: NOOP\nS: 1 120\nS: .\nS: +OK")

    assert told.splitlines()[3:] == [
        "S 1 +OK (body)",
        "C 2 NOOP (pipelined)",
        r"S 1 | 1 120\r\n",
        "S 1 . (end)",
        "S 2 +OK",
    ]


def test_what_the_client_began_before_such_a_line_is_said_ahead() -> None:
    told = heard("S: +OK\nC: STAT\nC< NO\nS: what?\nC< OP\\r\\n\nS: +OK 0 0\nS: +OK").splitlines()

    assert told[3:] == ["C 2 NOOP (pipelined)", "S 1 +OK 0 0", "S 2 +OK"]


def test_a_client_that_speaks_behind_a_banner_has_taken_it_for_the_greeting() -> None:
    assert heard("S: welcome\nC: CAPA\nS: -ERR\nC: QUIT\nS: +OK").splitlines()[1:] == [
        "C 1 CAPA",
        "S 1 -ERR",
        "C 2 QUIT",
        "S 2 +OK",
    ]


def test_a_body_that_a_pipelining_client_did_not_expect_is_no_reply() -> None:
    assert heard("S: +OK\nC: FOO\nC| NOOP\nS: +OK\nS: text\nS: .\nS: +OK").splitlines()[3:] == [
        "S 1 +OK",
        f"S 2 text {NO_STATUS}",
        f"S 2 . {NO_STATUS}",
        "S 2 +OK",
    ]


def test_what_the_sides_say_is_recognised_as_tls_even_then() -> None:
    assert heard("S: +OK\nC: A\nC| B\nS: what?\nC< \\x16\\x03\\x01").endswith("C - 3 octets (TLS)")


def test_many_lines_in_a_row_that_answer_nothing_are_only_counted() -> None:
    told = heard("S: +OK\n" + "S: x\n" * 102 + "C: NOOP\nS: +OK\nS: x").splitlines()

    assert told[1:101] == [f"S - x {UNASKED}"] * 100
    assert told[101:] == [f"S - 6 octets {UNASKED}", "C 1 NOOP", "S 1 +OK", f"S - x {UNASKED}"]


def test_a_client_that_nobody_owes_a_reply_settles_nothing() -> None:
    heard_all = frames("S: +OK\nC: NOOP\nS: what?\nC: NOOP\nS: +OK\nC: NOOP")

    assert [frame.settles for frame in heard_all if isinstance(frame, CommandLine)] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("second", "settles"),
    [
        pytest.param("LIST", True, id="that has a body"),
        pytest.param("NOOP", False, id="that has none"),
    ],
)
def test_a_second_lone_dot_ends_the_command_behind_a_body(second: str, *, settles: bool) -> None:
    """Some servers write the reply to a pipelined command into the body before it."""
    told = frames(f"S: +OK\nC: UIDL\nC| {second}\nS: +OK\nS: +OK\nS: .\nS: .\nS: .")

    assert [frame.settles for frame in told if isinstance(frame, Junk)] == [settles, False]
