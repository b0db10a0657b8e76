"""Sizes, line ends, dots and TOP, whatever a message holds and however it is read."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.corpus import MESSAGES, Message
from pop3spy.postoffice.wire import PIECE, canonical, octets_of, stuffed, top
from pop3spy.protocol.message import unstuff
from postoffice.speaking import Client, office

STORED = st.lists(
    st.sampled_from([b"\n", b"\r\n", b"\r", b"\r\r\n", b"\0", b".", b"a", b"Subject: x", b"\xff"]),
    max_size=40,
).map(b"".join)


@st.composite
def in_pieces(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    stored = draw(STORED)
    cuts = sorted(draw(st.lists(st.integers(0, len(stored)), max_size=8)))
    return stored, [stored[a:b] for a, b in pairwise([0, *cuts, len(stored)])]


def wire_form(stored: bytes) -> bytes:
    """Return the message as it must be sent, by the letter: each LF has a CR, and one is last."""
    text = b""
    for at in range(len(stored)):
        octet = stored[at : at + 1]
        text += b"\r\n" if octet == b"\n" and not text.endswith(b"\r") else octet
    return text if text.endswith(b"\n") or not text else text + b"\r\n"


def body_lines(text: bytes, lines: int) -> bytes:
    """Return what TOP must send of *text*, line by line."""
    sent, left, in_body = b"", lines, False
    for line in crlf_lines(text):
        if in_body:
            left -= 1
            if left < 0:
                break
        sent += line
        in_body = in_body or line == b"\r\n"
    return sent


def crlf_lines(text: bytes) -> Iterator[bytes]:
    *whole, rest = text.split(b"\r\n")
    yield from (line + b"\r\n" for line in whole)
    assert not rest


@given(in_pieces())
def test_the_canonical_form_and_its_size_do_not_depend_on_the_pieces(
    case: tuple[bytes, list[bytes]],
) -> None:
    stored, pieces = case
    text = b"".join(canonical(pieces))
    assert text == wire_form(stored)
    assert octets_of(pieces) == len(text)


@given(in_pieces())
def test_dots_are_stuffed_and_come_off_again(case: tuple[bytes, list[bytes]]) -> None:
    stored, pieces = case
    sent = b"".join(stuffed(canonical(pieces)))
    assert unstuff(sent) == wire_form(stored)
    assert b"\r\n.\r\n" not in b"\r\n" + sent


@given(in_pieces(), st.integers(0, 12))
def test_top_sends_the_head_and_so_many_lines(case: tuple[bytes, list[bytes]], lines: int) -> None:
    stored, pieces = case
    text = wire_form(stored)
    assert b"".join(top(canonical(pieces), lines)) == body_lines(text, lines)


@given(STORED, st.integers(0, 9))
def test_a_client_gets_as_many_octets_as_were_listed(stored: bytes, lines: int) -> None:
    client = Client(office(stored).session()).login()
    text = client.body(b"RETR 1")
    assert text == wire_form(stored)
    assert client.sizes() == [len(text)]
    assert client.send(b"STAT") == b"+OK 1 %d\r\n" % len(text)
    assert text.startswith(client.body(b"TOP 1 %d" % lines))
    assert client.body(b"TOP 1 99999999999999999999") == text


@pytest.mark.parametrize("message", [pytest.param(each, id=each.name) for each in MESSAGES])
def test_mail_that_has_gone_wrong_elsewhere_arrives(message: Message) -> None:
    client = Client(office(message.stored).session()).login()
    assert client.send(b"RETR 1").partition(b"\r\n")[2] == message.stuffed
    assert client.sizes() == [len(message.wire)]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\n.", b"\r\n.\r\n", b"\n\n.\n"])
@pytest.mark.parametrize("before", range(PIECE - 4, PIECE + 2))
def test_pieces_may_end_anywhere_in_a_line_end(before: int, end: bytes) -> None:
    stored = b"S: x\n\n" + b"y" * (before - 6) + end + b"tail"
    client = Client(office(stored).session()).login()
    text = wire_form(stored)
    assert client.body(b"RETR 1") == text
    assert client.sizes() == [len(text)]
    assert client.body(b"TOP 1 1") == body_lines(text, 1)
