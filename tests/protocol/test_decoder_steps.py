"""Lines that answer nothing, and replies that do not come (RFC 1939, section 3)."""

import pytest

from dialogue import heard, lines

UNASKED = "(line that answers no command)"
OUT_OF_STEP = "(commands and replies are out of step)"


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
def test_a_line_that_is_no_reply_puts_the_sides_out_of_step(line: str) -> None:
    told = heard(f"S: +OK\nC: STAT\nS: {line}\nS: more").splitlines()

    assert told[2].startswith("S - ")
    assert told[2].endswith(OUT_OF_STEP)
    assert told[3] == f"S - 6 octets {OUT_OF_STEP}"


def test_they_are_in_step_again_with_the_next_command_if_no_other_waits() -> None:
    assert heard("""
        S: +OK
        C: STAT
        S: what?
        S: more
        C: NOOP
        S: +OK
        C: QUIT
        S: +OK
    """) == lines(f"""
        S - +OK
        C 1 STAT
        S - what? {OUT_OF_STEP}
        S - 6 octets {OUT_OF_STEP}
        C 2 NOOP
        S 2 +OK
        C 3 QUIT
        S 3 +OK
    """)


def test_they_stay_out_of_step_while_replies_to_others_may_still_come() -> None:
    assert heard("""
        S: +OK
        C: STAT
        C| NOOP
        S: what?
        S: +OK
        C: PASS x
        S: +OK
    """) == lines(f"""
        S - +OK
        C 1 STAT
        C 2 NOOP (pipelined)
        S - what? {OUT_OF_STEP}
        S - 5 octets {OUT_OF_STEP}
        C - 8 octets {OUT_OF_STEP}
        S - 5 octets {OUT_OF_STEP}
    """)


def test_a_body_that_a_pipelining_client_did_not_expect_puts_them_out_of_step() -> None:
    assert heard("S: +OK\nC: FOO\nC| NOOP\nS: +OK\nS: text\nS: .\nS: +OK").splitlines()[3:] == [
        "S 1 +OK",
        f"S - text {OUT_OF_STEP}",
        f"S - 8 octets {OUT_OF_STEP}",
    ]


def test_what_the_sides_say_is_recognised_as_tls_even_then() -> None:
    assert heard("S: +OK\nC: A\nC| B\nS: what?\nC< \\x16\\x03\\x01").endswith("C - 3 octets (TLS)")


def test_many_lines_in_a_row_that_answer_nothing_are_only_counted() -> None:
    told = heard("S: +OK\n" + "S: x\n" * 102 + "C: NOOP\nS: +OK\nS: x").splitlines()

    assert told[1:101] == [f"S - x {UNASKED}"] * 100
    assert told[101:] == [f"S - 6 octets {UNASKED}", "C 1 NOOP", "S 1 +OK", f"S - x {UNASKED}"]
