import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import octets_of
from pop3spy.protocol import replies
from pop3spy.protocol.frames import Side, StatusLine

APOP = b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n"
DOVECOT = b"+OK Dovecot (Debian) ready. <2283.1.6b03d03c.lB/dgzsUu+P+w5CGoKmt7g==@vm>\r\n"


@pytest.mark.parametrize(
    ("raw", "ok", "in_sasl"),
    [
        pytest.param(b"+OK\r\n", True, True, id="bare +OK"),
        pytest.param(b"+OK ready\r\n", True, True, id="+OK and text"),
        pytest.param(b"+OKready\r\n", True, True, id="+OK and no blank"),
        pytest.param(b"+ok\r\n", True, True, id="lower case +ok"),
        pytest.param(b"-ERR\r\n", False, False, id="bare -ERR"),
        pytest.param(b"-ERR no\n", False, False, id="-ERR and text"),
        pytest.param(b"-Err no\r\n", False, False, id="mixed case -Err"),
        pytest.param(b"-ERR\tno\r\n", False, False, id="a tab behind it"),
        pytest.param(b"+ OK XTND\r\n", True, None, id="a space in + OK, as RFC 1082 prints it"),
        pytest.param(b"- ERR no\r\n", False, None, id="a space in - ERR"),
        pytest.param(b"+  OK\r\n", None, None, id="two spaces"),
        pytest.param(b"+\r\n", None, None, id="an empty challenge without its space"),
        pytest.param(b"+ \r\n", None, None, id="an empty challenge"),
        pytest.param(b"+ dAB0\r\n", None, None, id="a challenge"),
        pytest.param(b" +OK\r\n", None, None, id="a blank in front"),
        pytest.param(b"OK\r\n", None, None, id="no sign"),
        pytest.param(b"-ER\r\n", None, None, id="one letter too few"),
        pytest.param(b"* OK IMAP4rev1\r\n", None, None, id="IMAP"),
        pytest.param(b"220 ready\r\n", None, None, id="SMTP"),
        pytest.param(b"\r\n", None, None, id="an empty line"),
    ],
)
def test_a_status_line_begins_with_its_indicator(
    raw: bytes, *, ok: bool | None, in_sasl: bool | None
) -> None:
    assert replies.status_of(raw) is ok
    assert replies.status_of(raw, in_sasl=True) is in_sasl


@pytest.mark.parametrize(
    ("raw", "text", "code"),
    [
        pytest.param(b"+OK\r\n", b"", None, id="no text"),
        pytest.param(b"+OK \r\n", b"", None, id="a blank only"),
        pytest.param(b"+OK  two\r\n", b" two", None, id="only one blank is taken away"),
        pytest.param(b"+OKfoo\r\n", b"foo", None, id="no blank"),
        pytest.param(b"-ERR\tno\r\n", b"no", None, id="a tab"),
        pytest.param(b"+ OK foo\n", b"foo", None, id="a space in the indicator"),
        pytest.param(b"-ERR [IN-USE] wait\r\n", b"[IN-USE] wait", "IN-USE", id="in use"),
        pytest.param(b"-ERR [login-delay]\r\n", b"[login-delay]", "LOGIN-DELAY", id="lower case"),
        pytest.param(b"-ERR [SYS/TEMP] x\r\n", b"[SYS/TEMP] x", "SYS/TEMP", id="two levels"),
        pytest.param(
            b"-ERR [SYS/PERM/A] x\r\n", b"[SYS/PERM/A] x", "SYS/PERM/A", id="three levels"
        ),
        pytest.param(b"-ERR [AUTH] no\r\n", b"[AUTH] no", "AUTH", id="authentication"),
        pytest.param(b"-ERR [UTF8] x\r\n", b"[UTF8] x", "UTF8", id="UTF-8"),
        pytest.param(b"+OK [XCLIENT] x\r\n", b"[XCLIENT] x", "XCLIENT", id="on a greeting"),
        pytest.param(b"-ERR no [AUTH]\r\n", b"no [AUTH]", None, id="not at the beginning"),
        pytest.param(b"-ERR [] x\r\n", b"[] x", None, id="empty brackets"),
        pytest.param(b"-ERR [AUTH x\r\n", b"[AUTH x", None, id="no closing bracket"),
        pytest.param(b"-ERR [not a code] x\r\n", b"[not a code] x", None, id="prose in brackets"),
    ],
)
def test_a_status_line_has_a_text_that_may_begin_with_a_code(
    raw: bytes, text: bytes, code: str | None
) -> None:
    status = StatusLine(Side.SERVER, raw, ok=True)

    assert (status.text, status.code) == (text, code)


@pytest.mark.parametrize(
    ("word", "number"),
    [
        pytest.param(b"0", 0, id="zero"),
        pytest.param(b"007", 7, id="leading zeros"),
        pytest.param(b"18446744073709551616", 1 << 64, id="beyond 64 bits"),
        pytest.param(b"9" * 20, int("9" * 20), id="twenty digits"),
        pytest.param(b"9" * 21, None, id="more digits are malformed"),
        pytest.param(b"-1", None, id="minus"),
        pytest.param(b"+1", None, id="plus"),
        pytest.param(b"1.5", None, id="a fraction"),
        pytest.param(b"0x10", None, id="hexadecimal"),
        pytest.param("²".encode(), None, id="a superscript"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_a_number_is_decimal_and_has_no_sign(word: bytes, number: int | None) -> None:
    assert replies.number_of(word) == number


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        pytest.param(b"2 320", (2, 320), id="STAT"),
        pytest.param(b"2 320\r\n", (2, 320), id="a scan listing"),
        pytest.param(b"2  320", (2, 320), id="two blanks"),
        pytest.param(b"2 320 extra words", (2, 320), id="extra information is ignored"),
        pytest.param(b"2 -320", None, id="a negative size"),
        pytest.param(b"2", None, id="one number"),
        pytest.param(b"two 320", None, id="a word"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_two_numbers_begin_a_drop_or_scan_listing(
    text: bytes, pair: tuple[int, int] | None
) -> None:
    assert replies.pair_of(text) == pair


@pytest.mark.parametrize(
    ("text", "unique"),
    [
        pytest.param(b"1 whqtswO00WBw418f9t5JxYwZ", (1, b"whqtswO00WBw418f9t5JxYwZ"), id="plain"),
        pytest.param(
            b"2   QhdPYR:00WBw1Ph7x7\r\n", (2, b"QhdPYR:00WBw1Ph7x7"), id="several blanks"
        ),
        pytest.param(b"3 UID1-2 junk", (3, b"UID1-2"), id="something behind it"),
        pytest.param(b"whqtswO00WBw418f9t5JxYwZ", None, id="no number, as Twisted answers"),
        pytest.param(b"4", None, id="no id"),
        pytest.param(b"-5 a", None, id="no number"),
        pytest.param(b".", None, id="the lone dot"),
    ],
)
def test_a_line_of_a_unique_id_listing(text: bytes, unique: tuple[int, bytes] | None) -> None:
    assert replies.unique_id_of(text) == unique
    assert replies.is_listing_line(text) is (unique is not None)


@pytest.mark.parametrize(
    ("greeting", "timestamp"),
    [
        pytest.param(APOP, b"<1896.697170952@dbc.mtview.ca.us>", id="the standard's example"),
        pytest.param(DOVECOT, b"<2283.1.6b03d03c.lB/dgzsUu+P+w5CGoKmt7g==@vm>", id="Dovecot"),
        pytest.param(b"+OK <a@b> ready\r\n", b"<a@b>", id="in the middle of the text"),
        pytest.param(b"+OK <hello> <a@b>\r\n", b"<a@b>", id="behind other brackets"),
        pytest.param(b"+OK ready\r\n", None, id="none"),
        pytest.param(b"+OK <ready>\r\n", None, id="brackets without an at sign"),
        pytest.param(b"+OK <a b@c>\r\n", None, id="a blank inside"),
        pytest.param(b"+OK <a@>\r\n", None, id="nothing behind the at sign"),
        pytest.param(b"+OK <a@b\r\n", None, id="no closing bracket"),
        pytest.param(b"+OK <a\x80\xff@b>\r\n", None, id="8-bit octets, as in CVE-2007-1558"),
        pytest.param(b"+OK <a\0@b>\r\n", None, id="a control character"),
    ],
)
def test_the_timestamp_of_a_greeting_is_a_message_id(
    greeting: bytes, timestamp: bytes | None
) -> None:
    assert replies.timestamp_of(greeting) == timestamp


@pytest.mark.parametrize(
    ("raw", "end"),
    [
        pytest.param(b"+OK\r\n", b"\r\n", id="CRLF"),
        pytest.param(b"+OK\n", b"\n", id="LF"),
        pytest.param(b"+OK\r\r\n", b"\r\r\n", id="CRLF with its CR doubled"),
        pytest.param(b"+OK", b"\r\n", id="none, as of a line that was cut"),
    ],
)
def test_how_a_line_ends(raw: bytes, end: bytes) -> None:
    assert replies.line_end_of(raw) == end


@given(octets_of(Side.SERVER) | st.binary())
def test_any_octets_can_be_asked_what_they_mean(raw: bytes) -> None:
    text = replies.text_of(raw)

    assert replies.status_of(raw) in (True, False, None)
    assert text in raw
    for read in (replies.code_of, replies.pair_of, replies.unique_id_of, replies.timestamp_of):
        read(text)
