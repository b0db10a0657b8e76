"""Rows of anything that two sides may say to each other."""

import unicodedata
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from cuts import wild_talk
from dialogue import Said
from pop3spy.console.rows import Row, hint
from pop3spy.console.view import View
from pop3spy.protocol.frames import Side
from pop3spy.protocol.message import all_headers_of
from pop3spy.session.chunk import Chunk
from pop3spy.session.model import Ending, How, Peer
from pop3spy.session.reading import Reading


def rows_of(talk: list[Said]) -> list[Row]:
    view = View()
    reading = Reading(1, Peer("192.0.2.1", 5), Peer("192.0.2.2", 110), 0.0, view)
    for number, (side, data) in enumerate(talk):
        if data is not None:
            for _ in reading.feed(Chunk(side, data, float(number))):
                pass
    reading.end(float(len(talk)), Ending(How.CLIENT_CLOSED))
    return view.take()


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


@given(st.text("ab -", max_size=200), st.integers(4, 60), st.integers(0, 30))
def test_a_row_is_broken_between_words_and_loses_none(text: str, columns: int, hang: int) -> None:
    row = hint(text)
    rows = replace(row, hang=hang).within(columns)
    assert " ".join(part.text for part in rows).split() == text.split()
    assert [part.mark for part in rows] == [row.mark, *["  "] * (len(rows) - 1)]
    for part in rows if columns > hang + 3 else ():
        words = part.text.split()
        assert len(part.text) <= columns - 3 or len(words) == 1
    assert replace(row, hang=None).within(columns) == [replace(row, hang=None)]
