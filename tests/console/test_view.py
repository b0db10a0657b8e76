"""Rows of anything that two sides may say to each other."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cuts import wild_talk
from dialogue import Said, said
from pop3spy.console.rows import Row, RowTone, hint
from pop3spy.console.view import View
from pop3spy.protocol.frames import Side
from pop3spy.protocol.message import all_headers_of
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.wrapping import columns


def fail(_: object, error: Exception) -> None:
    raise error


def rows_of(talk: list[Said]) -> list[Row]:
    return viewed(talk)[0]


def viewed(talk: list[Said]) -> tuple[list[Row], View]:
    """Return the rows of *talk*, and what made them."""
    view = View()
    bus = Bus(fail)
    bus.subscribe(lambda _: view)
    reading = Reading(1, Peer("192.0.2.1", 5), Peer("192.0.2.2", 110), 0.0, bus.publish)
    for number, (side, data) in enumerate(talk):
        if data is not None:
            reading.append(Chunk(side, data, float(number)))
            reading.read_all()
    reading.end(float(len(talk)), Ending(How.CLIENT_CLOSED))
    return view.take(), view


NO_STATUS = "? no reply yet: one begins with +OK or -ERR (RFC 1939, section 3) and may still come"
BANNER = "? a line before the greeting; a server should begin with +OK (RFC 1939, section 4)"

ODD = [
    pytest.param(
        """
        S: +OK ready
        C: USER bob
        S: debug: one
        S: debug: two
        S: +OK
        """,
        f"""
        C: USER bob
        S: debug: one
        {NO_STATUS}
        S: debug: two
        S: +OK
        """,
        id="debug output before the reply is explained once",
    ),
    pytest.param(
        """
        S: +OK ready
        C: USER bob
        S: OK
        C: CAPA
        S: +ERR
        """,
        f"""
        C: USER bob
        S: OK
        {NO_STATUS}
        ? the reply to USER bob was no status line
        C: CAPA
        S: +ERR
        {NO_STATUS}
        ? the reply to CAPA was no status line
        """,
        id="whoever speaks on has taken it for the reply",
    ),
    pytest.param(
        """
        S: * welcome *
        S: * to the jungle *
        S: +OK ready
        C: USER bob
        S: +OK
        """,
        f"""
        S: * welcome *
        {BANNER}
        S: * to the jungle *
        S: +OK ready
        C: USER bob
        S: +OK
        """,
        id="a banner",
    ),
    pytest.param(
        """
        S: welcome
        C: USER bob
        S: +OK
        """,
        f"""
        S: welcome
        {BANNER}
        C: USER bob
        S: +OK
        ? so the client takes what stands above for the greeting
        """,
        id="a banner for a greeting",
    ),
    pytest.param(
        """
        S: +OK ready
        C: USER bob
        S: fine
        C: STAT
        S: +OK 2 300
        C: STAT
        S: +OK 2 300
        """,
        f"""
        C: USER bob
        S: fine
        {NO_STATUS}
        ? the reply to USER bob was no status line
        C: STAT
        S: +OK 2 300
        ? so the session is logged in, though no reply said so
        C: STAT
        S: +OK 2 300
        """,
        id="a login that nobody saw",
    ),
    pytest.param(
        """
        S: +OK ready
        C: APOP bob 0123456789abcdef0123456789abcdef
        S: +OK
        C: LIST 2
        S: +OK 2 messages (300 octets)
        S: 1 100
        S: 2 200
        S: .
        """,
        """
        C: LIST 2
        S: +OK 2 messages (300 octets)
        S| 1 100
        S| 2 200
        · 14 octets
        ? a listing where one line answers LIST
        """,
        id="a listing for one message",
    ),
    pytest.param(
        """
        S: +OK ready
        C: APOP bob 0123456789abcdef0123456789abcdef
        S: +OK
        C: RETR 1
        S: +OK
        S: Subject: x
        S: -ERR disk failed
        """,
        """
        C: RETR 1
        S: +OK
        S| Subject: x
        S| -ERR disk failed
        · 30 octets
        ? the server may have failed in the middle: -ERR disk failed
        ? the reply broke off: its end, a lone dot, never came
        """,
        id="an error inside a body",
    ),
]


@pytest.mark.parametrize(("script", "shown"), ODD)
def test_a_reply_that_is_not_as_it_should_be_is_explained(script: str, shown: str) -> None:
    rows = [row.painted(colour=False).strip() for row in rows_of(said(script))]
    wanted = [row.strip() for row in shown.strip().splitlines()]
    begin = rows.index(wanted[0])
    assert rows[begin:-1] == wanted, "the last row is how it ended"


def test_what_a_listing_in_the_wrong_place_tells_is_known_of_the_maildrop() -> None:
    _, view = viewed(
        said(
            """
            S: +OK ready
            C: APOP bob 0123456789abcdef0123456789abcdef
            S: +OK
            C: LIST 2
            S: +OK 2 messages (300 octets)
            S: 1 100
            S: 2 200
            S: .
            """
        )
    )
    assert list(view.maildrop.messages(9)) == [(1, "100 octets"), (2, "200 octets")]
    assert str(view.maildrop) == "", "it may list some messages only"


def moves_nothing(text: str) -> bool:
    """Return whether *text* prints as itself; spaces of other languages do."""
    return all(char.isprintable() or unicodedata.category(char) == "Zs" for char in text)


@given(wild_talk)
@example([(Side.SERVER, b"\xa0+OK\r\n")])
def test_whatever_is_said_has_rows_that_a_terminal_can_show(talk: list[Said]) -> None:
    rows = rows_of(talk)
    assert rows
    for row in rows:
        assert moves_nothing(row.painted(colour=False))
        assert moves_nothing(row.painted(colour=True).replace("\x1b", ""))


def test_headers_of_any_shape_are_decoded_in_order() -> None:
    head = (
        b"Received: from a\r\n\tby b\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\n"
        b"X-Bad: =?nonsense?B?x?=\r\nno field\r\nTo:\r\n\r\nBody: no\r\n"
    )
    assert all_headers_of(head) == [
        ("Received", "from a by b"),
        ("Subject", "Grüße"),
        ("X-Bad", "=?nonsense?B?x?="),
        ("To", ""),
    ]


MARKS = [" ?", "S:", "C:", "s12 S:", "   7", " ◆"]


@given(
    st.text("ab -é漢", max_size=200),
    st.integers(24, 140),
    st.integers(0, 60),
    st.sampled_from(MARKS),
)
@example("  ", 24, 0, " ?")
def test_a_row_goes_on_below_its_text_and_loses_nothing(
    text: str, width: int, hang: int, mark: str
) -> None:
    row = Row(mark, text, RowTone.REFUSAL, hang)
    rows = row.within(width)
    assert "".join(part.text for part in rows).replace(" ", "") == text.replace(" ", "")
    assert [part.mark for part in rows] == [mark, *[" " * len(mark)] * (len(rows) - 1)]
    assert all(columns(part.painted(colour=False)) <= width for part in rows)
    assert row.within(None) == [row]


def test_a_body_is_left_as_it_is() -> None:
    row = Row("S|", "word " * 40, RowTone.BODY, None)
    assert row.within(24) == [row]


@pytest.mark.parametrize("width", [24, 40, 80, 140])
def test_where_there_is_room_words_stay_whole(width: int) -> None:
    said = "the password was right, but another session has the maildrop open; try again"
    rows = hint(said).within(width)
    assert " ".join(part.text for part in rows) == said
