"""On a terminal a line is never wider than the terminal, and colours say something."""

import re
import time
from inspect import cleandoc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs.dialogue import Stage
from pop3spy.logs.layout import LineLayout, LineTone
from pop3spy.logs.words import seconds
from pop3spy.protocol.states import State
from pop3spy.session.how import How
from pop3spy.wrapping import columns, columns_of, wrapped

DIALOGUE = """
    S: +OK POP3 server ready at your service, whatever it is that you may want to do here today
    C: USER bob
    S: +OK
    C: PASS hunter2
    S: -ERR wrong
    C: NOOP
    NOOP
    S: -ERR
    -ERR
"""
SGR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [24, 40, 63, 64, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    stage = Stage(width=width)
    stage.session().play(DIALOGUE).end(How.CLIENT_CLOSED, "a reason that is longer than most")
    assert max(map(len, stage.rows)) <= width


def test_what_is_too_wide_goes_on_under_itself() -> None:
    stage = Stage(width=80)
    stage.session().play(DIALOGUE)
    assert stage.rows[1].endswith("S: +OK POP3 server ready at your service, whatever")
    assert stage.rows[2].startswith(" " * stage.rows[1].index("+OK"))


LISTED = """
    S: +OK
    C: USER bob
    S: +OK
    C: PASS x
    S: +OK
    C: UIDL
    S: +OK
    S: 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    S: .
"""


def test_what_is_listed_is_cut_and_ends_in_an_ellipsis() -> None:
    stage = Stage(width=80)
    stage.session().play(cleandoc(LISTED) + "\n")
    (row,) = [row for row in stage.rows if "S: 1 aaa" in row]
    assert row.endswith("a…")
    assert len(row) == 80


REASON = "the server's certificate expired on 2026-01-01; the server needs a new one, or say so"


@pytest.mark.parametrize("width", [24, 40, 63, 64, 80, 100, 140, 200])
def test_no_reason_and_no_refusal_is_cut(width: int) -> None:
    refusal = "-ERR [SYS/PERM] " + " ".join(f"word{number}" for number in range(40))
    stage = Stage(width=width)
    stage.session().play(f"S: +OK\nC: NOOP\nS: {refusal}\n").end(How.UNREACHABLE, REASON)
    text = " ".join(row.lstrip() for row in stage.rows)
    for word in (*refusal.split(), *REASON.split()):
        assert word in text.replace("- ", "-") or width < 40
    assert "…" not in text
    assert max(map(len, stage.rows)) <= width


@pytest.mark.parametrize("text", ["漢" * 5300, "é" * 8000, "e\u0301" * 5300, "a" * 16000])
def test_wrapping_a_long_line_takes_little_time(text: str) -> None:
    started = time.process_time()
    wrapped(text, 30, 30)
    assert time.process_time() - started < 0.2  # a tenth of that, on a machine with nothing to do


@given(
    st.text(st.sampled_from("ab 漢é\u0301-"), max_size=120),
    st.integers(1, 60),
    st.integers(1, 60),
)
def test_wrapping_loses_nothing_but_blanks(text: str, first: int, rest: int) -> None:
    lines = wrapped(text, first, rest)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line, room in zip(lines, [first] + [rest] * len(lines), strict=False):
        assert columns(line) <= max(room, 2)


def test_a_file_gets_whole_lines() -> None:
    stage = Stage()
    stage.session().play(DIALOGUE)
    assert stage.rows[1].endswith("to do here today")


def test_a_narrow_terminal_gets_what_was_said_and_no_more() -> None:
    stage = Stage(width=40)
    stage.session().play(DIALOGUE)
    assert "s1 C: USER bob" in stage.rows


def test_the_right_hand_column_is_aligned() -> None:
    stage = Stage(width=90)
    stage.session().play(DIALOGUE)
    assert {len(row) for row in stage.rows if row.endswith("ms")} == {90}


def test_the_width_may_change() -> None:
    stage = Stage(width=80)
    play = stage.session()
    stage.transcript.width = 200
    play.play(DIALOGUE)
    assert stage.transcript.width == 200
    assert stage.rows[1].endswith("to do here today")


def test_totals_have_a_line_of_their_own_where_there_is_no_room() -> None:
    stage = Stage(width=80)
    stage.session().play(DIALOGUE).end(How.CLIENT_RESET)
    assert stage.rows[-2].endswith("├─ 4 commands, 3 refused, 156 octets")
    assert stage.rows[-1].endswith("└─ reset by the client after 9.6 ms")


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        pytest.param("漢字" * 60, 80, id="wide characters take two columns"),
        pytest.param("é" * 200, 80, id="narrow ones take one"),
        pytest.param("e\u0301" * 30, 63, id="a combining mark takes none"),
    ],
)
def test_columns_are_counted_as_terminals_do(text: str, columns: int) -> None:
    row = LineLayout(colour=False, width=80).row(
        "S:", text, tone=LineTone.SERVER, elapsed=0, session=1, state=State.GREETING, cut=True
    )
    wide = sum(char in "漢字" for char in row)
    marks = row.count("\u0301")
    assert columns - 1 <= len(row.rstrip("\n")) + wide - marks <= columns


def test_a_pile_of_combining_marks_is_cut() -> None:
    row = LineLayout(colour=False, width=80).row(
        "S:",
        "e" + "\u0301" * 10_000,
        tone=LineTone.SERVER,
        elapsed=0,
        session=1,
        state=State.GREETING,
    )
    assert len(row) < 200


def test_colours_are_there_only_when_asked_for() -> None:
    plain, coloured = Stage(width=80), Stage(width=80, colour=True)
    for stage in (plain, coloured):
        stage.session().play(DIALOGUE).end()
    assert not SGR.search(plain.text.getvalue())
    assert SGR.sub("", coloured.text.getvalue()) == plain.text.getvalue()


def test_a_secret_is_dim_and_a_refusal_red() -> None:
    stage = Stage(colour=True)
    stage.session().play(DIALOGUE)
    assert "\x1b[2m████████\x1b[0m" in stage.rows[4]
    assert "\x1b[31m-ERR wrong\x1b[0m" in stage.rows[5]


def test_every_coloured_line_ends_plain() -> None:
    stage = Stage(colour=True, width=60)
    stage.session().play(DIALOGUE).end()
    for row in stage.rows:
        codes = SGR.findall(row)
        assert not codes or codes[-1] == "\x1b[0m"


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (0.0, "0.0 ms"),
        (0.0004, "0.4 ms"),
        (0.0121, "12 ms"),
        (0.9996, "1.00 s"),
        (1.254, "1.25 s"),
        (59.996, "1 min 0 s"),
        (125, "2 min 5 s"),
        (359.7, "6 min 0 s"),
        (3599.8, "1 h 0 min"),
        (3725, "1 h 2 min"),
    ],
)
def test_times_are_told_as_people_do(time: float, words: str) -> None:
    assert seconds(time) == words


@given(st.text() | st.text("a☃e\u0301漢ﬀ─…", max_size=40))
def test_a_text_is_as_wide_as_its_characters_are(text: str) -> None:
    assert columns(text) == sum(map(columns_of, text))
