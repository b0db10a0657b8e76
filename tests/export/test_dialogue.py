"""A session as C: and S: text."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import every_cut
from export.playing import LOGGED_IN, session, stream_exporter, text, told_to
from pop3spy.export.rows import Rows
from pop3spy.protocol.frames import Side
from pop3spy.protocol.line_buffer import LINE
from pop3spy.protocol.text import MASK
from pop3spy.session.how import Closing, How

WHOLE_SESSION = (
    LOGGED_IN
    + r"""    C: UIDL
    S: +OK
    1 0001ab
    .
    C: RETR 1
    S: +OK 83 octets
    From: Ann <ann@example.org>
    Subject: Lunch

    At noon?
    ..and bring \xe2\x98\x82, it rains
    .
    C: QUIT
    S: +OK bye
"""
)


def told(publish_more: str) -> list[str]:
    return text(LOGGED_IN + textwrap.dedent(publish_more))[5:]


def test_a_session_is_text() -> None:
    exporter, stream = stream_exporter("dialogue")
    session(told_to(exporter), WHOLE_SESSION)
    exporter.close()
    assert stream.getvalue().decode() == textwrap.dedent("""\
        # session 1: 127.0.0.1:50312 → mail.example.org:110, 2026-11-23 10:00:01Z
        S: +OK POP3 ready
        C: USER bob
        S: +OK
        C: PASS ████████
        S: +OK
        C: UIDL
        S: +OK
        S: 1 0001ab
        S: .
        C: RETR 1
        S: +OK 83 octets
        S: From: Ann <ann@example.org>
        S: Subject: Lunch
        S:
        S: At noon?
        S: ..and bring ☂, it rains
        S: .
        C: QUIT
        S: +OK bye
        # session 1 ended after 0.014 s: quit
    """)
    assert exporter.summary == "1 session"


def test_sessions_stand_one_after_another() -> None:
    exporter, stream = stream_exporter("dialogue")
    first = session(told_to(exporter), "S: +OK one", number=1, end=None)
    second = session(told_to(exporter), "S: +OK two", number=2, end=None)
    first.play("C: NOOP")
    second.end()
    first.end(How.CLIENT_RESET, "gone\x1b")
    exporter.close()
    assert [row for row in stream.getvalue().decode().split("\n") if ": 1" not in row] == [
        "S: +OK two",
        "# session 2 ended after 0.002 s: quit",
        "",
        "S: +OK one",
        "C: NOOP",
        "# session 1 ended after 0.004 s: client reset (gone\\x1b)",
        "",
    ]


def test_a_session_without_an_end_is_written_at_the_end() -> None:
    assert text("S: +OK\nC: NOOP", end=None) == ["S: +OK", "C: NOOP"]


def test_a_close_of_one_side_is_told_unless_the_end_follows_at_once() -> None:
    exporter, stream = stream_exporter("dialogue")
    play = session(told_to(exporter), "S: +OK", end=None)
    play.reading.side_closed(Closing(Side.SERVER, 3.0, reset=False))
    play.play("C(9): NOOP")
    play.reading.side_closed(Closing(Side.CLIENT, 10.1, reset=False))
    play.end(How.SERVER_CLOSED)
    assert stream.getvalue().decode().splitlines()[1:] == [
        "S: +OK",
        "# the server closed its side after 2.000 s",
        "C: NOOP",
        "# session 1 ended after 9.002 s: server closed",
    ]


def test_control_characters_are_shown() -> None:
    script = (
        r"C: RETR 1" + "\n" + r"S: +OK" + "\n" + r"\x1b[2J\t\\ \xc2\x9b \xe2\x80\xae \x00" + "\n."
    )
    assert told(script)[2] == r"S: \x1b[2J\t\\ \x9b \u202e \x00"


def test_octets_that_are_no_utf_8_are_shown_by_their_numbers() -> None:
    assert (
        told("C: RETR 1\nS: +OK\n" + r"caf\xc3\xa9 caf\xe9 \x9b" + "\n.")[2]
        == r"S: café caf\xe9 \x9b"
    )


def test_what_a_body_without_an_end_says_is_kept() -> None:
    rows = text(LOGGED_IN + "C: RETR 1\nS: +OK\nSubject: x\nhalf a l\\c", end=How.SERVER_RESET)
    assert rows[-2:] == ["S: Subject: x", "S: half a l\\"]


def test_a_line_is_told_where_it_ended() -> None:
    """The client asks ahead while the server is in the middle of a line."""
    script = LOGGED_IN + "C: RETR 1\nS: +OK\nSubj\\c\nC: NOOP\nS: ect: x\n.\nS: +OK"
    assert text(script)[7:] == ["C: NOOP", "S: Subject: x", "S: .", "S: +OK"]


def test_a_long_line_goes_on_in_the_next_row() -> None:
    rows = told(f"C: RETR 1\nS: +OK\n{'x' * (LINE + 3)}\n.")
    assert rows[2:] == [f"S: {'x' * LINE}\\", "S: xxx", "S: ."]


def test_what_was_not_read_is_one_note() -> None:
    record = "\\x16\\x03\\x01\\x00\\x05abcde\\c"
    rows = text("S: +OK\nC: STLS\nS: +OK" + f"\nC: {record}\nS: {record}" * 9)
    assert rows[3:] == ["# client: TLS: 90 octets not read", "# server: TLS: 90 octets not read"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(
            "C: STAT\nS: OK 2 320\nC: NOOP\nS: +OK",
            ["C: STAT", "S: OK 2 320", "# the reply to STAT was no status line", "C: NOOP"],
            id="no status line",
        ),
        pytest.param(
            "C: LIST 2\nS: +OK\n1 120\n2 200\n.",
            ["S: 2 200", "S: .", "# a listing where one line answers LIST"],
            id="wrong shape",
        ),
        pytest.param(
            "C: RETR 1\nS: +OK\nSubject: x\n-ERR \\x1b no",
            ["S: -ERR \\x1b no", "# the server may have failed in the middle: -ERR \\x1b no"],
            id="error inside",
        ),
        pytest.param("C: NOOP\nS: +OK", ["C: NOOP", "S: +OK"], id="nothing"),
    ],
)
def test_what_is_wrong_with_a_reply_is_a_note_behind_it(said: str, expected: list[str]) -> None:
    rows = told(said)
    assert [row for row in rows if row in expected] == expected
    assert sum(row.startswith("#") for row in rows) == sum(row[0] == "#" for row in expected)


def test_a_header_of_a_proxy_is_shown() -> None:
    rows = text("C: PROXY TCP4 192.0.2.1 192.0.2.2 1 2\nS: +OK")
    assert (
        rows[0] == "# client: PROXY protocol header: 36 octets: PROXY TCP4 192.0.2.1 192.0.2.2 1 2"
    )


def test_what_was_not_read_is_told_above_what_comes_behind_it() -> None:
    """Also where the log would wait: what is said in clear beside TLS stands below the note."""
    record = "\\x16\\x03\\x01\\x00\\x05abcde\\c"
    rows = text(f"S: +OK\nC: STLS\nS: +OK\nC: {record}\nS: -ERR no")
    assert rows[3:] == ["# client: TLS: 10 octets not read", "S: -ERR no"]


def test_what_may_hold_a_secret_is_not_counted() -> None:
    rows = text("S: +OK\nC: PAS\\c", end=How.CLIENT_RESET)
    assert rows[1:] == ["# client: line without an end, not counted: it may hold a secret"]


def test_a_session_that_could_not_be_read_says_so() -> None:
    exporter, stream = stream_exporter("dialogue")
    play = session(told_to(exporter), "S: +OK", end=None)
    play.reading.blind(1.0, "a gap\n")
    exporter.close()
    assert stream.getvalue().decode().split("\n")[2] == "# nothing more was read: a gap\\n"


def test_a_mask_that_came_in_parts_is_one_mask() -> None:
    rows = Rows("S:")
    assert rows.add(b"a ********", ((2, 10),)) == ""
    assert rows.add(b"**************** b\n", ((0, 8), (8, 16))) == f"S: a {MASK} b\n"
    assert rows.add(b"********-********\n", ((0, 8), (9, 17))) == f"S: {MASK}-{MASK}\n"


BODY = "a\r\r\n\r\n\n\u2602\r\n\\ \x1b\r\n. .\r\n".encode() + b"\xe9\xe2\x98\r\nend"


@pytest.mark.parametrize("mark", ["S:", "C:"])
def test_how_a_body_is_cut_changes_nothing(mark: str) -> None:
    found = set()
    for parts in every_cut(BODY):
        rows = Rows(mark)
        found.add("".join([*map(rows.add, parts), rows.rest()]))
    lines = ["a", "", "", "☂", "\\\\ \\x1b", ". .", "\\xe9\\xe2\\x98", "end\\"]
    assert found == {"".join(f"{mark} {line}".rstrip() + "\n" for line in lines)}


@given(
    st.lists(st.binary(max_size=30) | st.sampled_from([b"x" * LINE, b"\n", b"\r" * 9]), max_size=9)
)
def test_rows_are_whole_however_long_the_lines(parts: list[bytes]) -> None:
    rows, whole = Rows("S:"), Rows("S:")
    told = "".join([*map(rows.add, parts), rows.rest()])
    assert told == whole.add(b"".join(parts)) + whole.rest()
    assert all(row.startswith("S:") for row in told.split("\n")[:-1])
    unended = sum((len(row) - len(row.rstrip("\\"))) % 2 for row in told.split("\n"))
    assert told.count("\n") - unended <= b"".join(parts).count(b"\n")
