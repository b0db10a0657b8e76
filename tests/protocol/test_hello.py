"""What both sides of a TLS handshake say in clear, however it is cut, and whatever it is."""

import ssl
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pop3spy.protocol.hello import (
    CLIENT_HELLO,
    HANDSHAKE,
    ClientHello,
    ServerHello,
    read_client_hello,
    read_server_hello,
)
from pop3spy.protocol.records import ALERT, LONGEST, LONGEST_HELLO, Records, TlsMessage, read_hello


def hello(
    name: str | None = "mail.example.org",
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    protocols: tuple[str, ...] = ("pop3",),
) -> bytes:
    """Return what OpenSSL says first."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.maximum_version = newest
    context.set_alpn_protocols(protocols)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


HELLO = hello()
ASKED = ClientHello("mail.example.org", ("TLS 1.3", "TLS 1.2"), ("pop3",))


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (HELLO, ASKED),
        (hello(None), ClientHello("", ASKED.versions, ASKED.protocols)),
        (hello(newest=ssl.TLSVersion.TLSv1_2), ClientHello(ASKED.name, ("TLS 1.2",), ("pop3",))),
        (hello(protocols=()), ClientHello(ASKED.name, ASKED.versions)),
    ],
)
def test_a_client_says_whom_it_wants_and_what_it_can_do(said: bytes, read: ClientHello) -> None:
    assert read_hello(said) == read


@given(st.integers(1, len(HELLO) - 1))
def test_half_a_hello_says_that_more_is_needed(size: int) -> None:
    assert read_hello(HELLO[:size]) is None


@given(st.lists(st.integers(1, 40)))
def test_it_makes_no_difference_how_a_hello_is_cut(sizes: list[int]) -> None:
    records = Records()
    messages: list[TlsMessage] = []
    place = 0
    for size in [*sizes, len(HELLO)]:
        messages += records.feed(HELLO[place : place + size])
        place += size
    (message,) = messages
    assert (message.content, message.kind) == (HANDSHAKE, CLIENT_HELLO)
    assert read_client_hello(message.body) == ASKED


@given(st.lists(st.integers(0, 200), max_size=20))
def test_it_makes_no_difference_how_a_hello_is_spread_over_records(sizes: list[int]) -> None:
    message, spread = HELLO[5:], b""
    for size in [*sizes, len(message)]:
        piece, message = message[:size], message[size:]
        spread += b"\x16\x03\x01" + len(piece).to_bytes(2) + piece
    (read,) = Records().feed(spread)
    assert read_client_hello(read.body) == ASKED
    assert read_hello(spread) == ASKED


def test_numbers_that_mean_nothing_are_left_out_or_shown_as_numbers() -> None:
    """Clients offer such on purpose (RFC 8701)."""
    versions = b"\x06\x1a\x1a\x03\x04\x7a\x7a"
    body = bytes((3, 3)) + bytes(32) + b"\0" + b"\0\0" + b"\0"
    extension = b"\0\x2b" + len(versions).to_bytes(2) + versions
    assert read_client_hello(body + len(extension).to_bytes(2) + extension).versions == ("TLS 1.3",)
    answer = bytes((3, 9)) + bytes(32) + b"\0" + b"\xab\xcd" + b"\0"
    assert read_server_hello(answer) == ServerHello("0x0309", "0xABCD")


def test_an_alert_is_read_until_it_is_encrypted() -> None:
    records = Records()
    assert list(records.feed(b"\x15\x03\x01\0\2\2\x30")) == [TlsMessage(ALERT, 48, b"")]
    assert not records.over
    assert list(records.feed(b"\x15\x03\x03\0\x12" + bytes(18))) == []
    assert records.over


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"\x14\x03\x03\0\1\1", id="what follows is encrypted"),
        pytest.param(b"\x17\x03\x03\0\1\1", id="data"),
        pytest.param(b"+OK ready\r\n", id="no TLS"),
        pytest.param(b"\x80\x2e\1\3\1\0", id="SSL 2"),
        pytest.param(b"\x16\x03\x03\xff\xff", id="a record that is too long"),
    ],
)
def test_where_nothing_can_be_read_nothing_is_kept(start: bytes) -> None:
    records = Records()
    assert list(records.feed(start)) == []
    assert records.over
    assert list(records.feed(HELLO)) == []


def test_a_message_without_an_end_is_not_kept_for_ever() -> None:
    records = Records()
    record = b"\x16\x03\x03\x40\x00" + b"\x0b" + LONGEST.to_bytes(3) + bytes(16380)
    for _ in range(20):
        list(records.feed(record))
        assert len(records._message) <= LONGEST + 16384
    too_long = Records()
    assert list(too_long.feed(b"\x16\x03\x03\0\4\x0b\xff\xff\xff")) == []
    assert too_long.over


@given(st.lists(st.binary(max_size=60), max_size=8), st.sampled_from([b"", b"\x16\x03\x01\0\x20"]))
@example([b"\x16\x03\x01\0\0" * 40], b"")
def test_nothing_that_anybody_sends_is_an_error(pieces: list[bytes], head: bytes) -> None:
    records = Records()
    for piece in [head, *pieces]:
        for message in records.feed(piece):
            read_client_hello(message.body)
            read_server_hello(message.body)
    read_hello(head + b"".join(pieces))
    read_client_hello(b"".join(pieces))
    read_server_hello(b"".join(pieces))


def test_a_hello_that_goes_on_for_ever_says_nothing() -> None:
    empty = b"\x16\x03\x01\0\0"
    times = LONGEST_HELLO // len(empty)
    assert read_hello(empty * times) is None
    assert read_hello(empty * (times + 1)) == ClientHello()
    assert read_hello(b"\x16\x03\x01\0\4\1\x7f\xff\xff") == ClientHello()
