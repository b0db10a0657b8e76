"""A session as C: and S: text."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import every_cut
from export.playing import LOGGED_IN, session, stream_exporter, text
from pop3spy.export.rows import Rows
from pop3spy.protocol.line_buffer import LINE
from pop3spy.protocol.text import MASK
from pop3spy.session.events import Blinded
from pop3spy.session.model import How

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
    session(exporter, WHOLE_SESSION)
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
    first = session(exporter, "S: +OK one", number=1, end=None)
    second = session(exporter, "S: +OK two", number=2, end=None)
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


def test_control_characters_are_shown() -> None:
    script = (
        r"C: RETR 1" + "\n" + r"S: +OK" + "\n" + r"\x1b[2J\t\\ \xc2\x9b \xe2\x80\xae \x00" + "\n."
    )
    assert told(script)[2] == r"S: \x1b[2J\t\\ \x9b \u202e \x00"


def test_octets_that_are_no_utf_8_are_latin_1() -> None:
    assert (
        told("C: RETR 1\nS: +OK\n" + r"caf\xc3\xa9 caf\xe9 \x9b" + "\n.")[2] == r"S: café café \x9b"
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
    assert rows[3:] == ["# client: TLS: 90 octets", "# server: TLS: 90 octets"]


def test_a_header_of_a_proxy_is_shown() -> None:
    rows = text("C: PROXY TCP4 192.0.2.1 192.0.2.2 1 2\nS: +OK")
    assert rows[0] == "# client: PROXY protocol header: PROXY TCP4 192.0.2.1 192.0.2.2 1 2"


def test_a_session_that_could_not_be_read_says_so() -> None:
    exporter, stream = stream_exporter("dialogue")
    play = session(exporter, "S: +OK", end=None)
    exporter(Blinded(play.reading.session, 1.0, "a gap\n"))
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
    lines = ["a", "", "", "☂", "\\\\ \\x1b", ". .", "éâ\\x98", "end\\"]
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
