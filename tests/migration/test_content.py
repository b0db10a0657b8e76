"""A message is known by what its sender wrote, whatever servers put into it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.migration.content import MOST_OF_HEADER, MessageDigest
from pop3spy.protocol.message import stuff
from pop3spy.replay.content import Content

HEADER = b"From: a@example.org\r\nSubject: hello\r\nMessage-ID: <1@example.org>\r\n"
MAIL = HEADER + b"\r\nhello\r\n.dots\r\n\r\nbye\r\n"


def digest(mail: bytes, *cuts: int) -> MessageDigest:
    """Return what *mail* is known by that comes in pieces, cut there."""
    wire = stuff(mail)
    places = sorted({0, len(wire), *(cut % (len(wire) + 1) for cut in cuts)})
    found = MessageDigest()
    for start, end in pairwise(places):
        found.add(wire[start:end])
    return found


def known(mail: bytes, *cuts: int) -> tuple[Content, str | None]:
    found = digest(mail, *cuts)
    return found.content(), found.identity


@given(st.lists(st.integers(0, 2000), max_size=8))
def test_how_it_is_cut_changes_nothing(cuts: list[int]) -> None:
    assert known(MAIL, *cuts) == known(MAIL)


@given(st.binary(max_size=400).map(lambda data: data.replace(b"\r", b"\n")), st.data())
def test_any_octets_have_a_digest(mail: bytes, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, 500), max_size=5))
    assert known(mail, *cuts) == known(mail)


SAME = [
    pytest.param(HEADER + b"Status: RO\r\n" + MAIL[len(HEADER) :], id="Status"),
    pytest.param(b"X-UIDL: 1234\r\n" + MAIL, id="X-UIDL"),
    pytest.param(b"X-Keywords: a\r\n b\r\nX-Status: F\r\n" + MAIL, id="folded X-Keywords"),
    pytest.param(MAIL + b"\r\n\r\n", id="line ends at the end"),
    pytest.param(MAIL.removesuffix(b"\r\n"), id="no line end at the end"),
]
OTHER = [
    pytest.param(MAIL.replace(b"bye", b"by"), id="body"),
    pytest.param(MAIL.replace(b"\r\n\r\nbye", b"\r\nbye"), id="a blank line less"),
    pytest.param(b"Keywords: a\r\n" + MAIL, id="Keywords, which people write"),
    pytest.param(MAIL.replace(b"bye", b"Status: RO\r\nbye"), id="Status in the body"),
    pytest.param(MAIL.replace(b"\r\n.dots", b"\r\n..dots"), id="a dot more"),
]


@pytest.mark.parametrize("mail", SAME)
def test_what_servers_write_themselves_does_not_count(mail: bytes) -> None:
    assert known(mail)[0].text == known(MAIL)[0].text
    assert known(mail)[1] == known(MAIL)[1]


@pytest.mark.parametrize("mail", OTHER)
def test_what_people_write_counts(mail: bytes) -> None:
    assert known(mail)[0].text != known(MAIL)[0].text
    assert known(mail)[1] == known(MAIL)[1], "though it is the same message"


@pytest.mark.parametrize(
    ("mail", "is_known"),
    [
        (b"Message-ID: <1@x>\r\n\r\n", True),
        (b"From: a\r\nDate: today\r\n\r\n", True),
        (b"Subject: hello\r\n\r\n", False),
        (b"From: a\r\n\r\nMessage-ID: <1@x>\r\n", False),
        (b"", False),
    ],
)
def test_a_header_that_many_may_have_identifies_nothing(mail: bytes, *, is_known: bool) -> None:
    assert (known(mail)[1] is not None) is is_known


def test_a_header_without_an_end_takes_no_more_memory() -> None:
    found = MessageDigest()
    for _ in range(3 * MOST_OF_HEADER // 1000):
        found.add(b"X" * 999 + b"\n")
    assert found._header is None
