import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pop3spy.protocol.message import headers_of, stuff, unstuff
from pop3spy.protocol.text import decode_text


@pytest.mark.parametrize(
    ("content", "wire"),
    [
        pytest.param(b"a\r\n", b"a\r\n", id="no dot"),
        pytest.param(b".\r\n", b"..\r\n", id="a lone dot"),
        pytest.param(b"..two\r\n", b"...two\r\n", id="two dots"),
        pytest.param(b"a\r\n.b\r\n", b"a\r\n..b\r\n", id="a dot on the second line"),
        pytest.param(b"a.\r\n", b"a.\r\n", id="a dot at the end of a line"),
        pytest.param(b"a\r.b\r\n", b"a\r.b\r\n", id="a dot behind a bare CR"),
        pytest.param(b"\0\xff\r\n", b"\0\xff\r\n", id="NUL and 8-bit"),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_a_line_that_begins_with_a_dot_gets_another(content: bytes, wire: bytes) -> None:
    assert stuff(content) == wire
    assert unstuff(wire) == content


def test_a_dot_that_was_never_stuffed_is_dropped_all_the_same() -> None:
    assert unstuff(b".x\r\n") == b"x\r\n"


@given(st.text(".\r\na").map(str.encode) | st.binary())
def test_what_was_stuffed_comes_back(content: bytes) -> None:
    assert unstuff(stuff(content)) == content
    assert b"\r\n.\r\n" not in b"\r\n" + stuff(content)


@pytest.mark.parametrize(
    ("head", "headers"),
    [
        pytest.param(
            b"From: a@b\r\nSubject: one\r\nX: y\r\n\r\nDate: no\r\n",
            {"from": "a@b", "subject": "one"},
            id="only the fields wanted, and none of the body",
        ),
        pytest.param(b"subject:one\n\n", {"subject": "one"}, id="lower case, no blank, bare LF"),
        pytest.param(
            b"Subject: one\r\n two\r\n\tthree\r\n\r\n", {"subject": "one two three"}, id="folded"
        ),
        pytest.param(b"Subject: a\r\nSubject: b\r\n", {"subject": "a"}, id="the first of two"),
        pytest.param(
            b"Subject: =?utf-8?q?gr=C3=BCn?= =?latin-1?b?6Q==?=\r\n",
            {"subject": "grün\xe9"},
            id="encoded words",
        ),
        pytest.param(
            b"Subject: =?utf-8?b?a?=\r\n", {"subject": "=?utf-8?b?a?="}, id="wrong base64"
        ),
        pytest.param(b"Subject: =?no?q?a?=\r\n", {"subject": "=?no?q?a?="}, id="unknown charset"),
        pytest.param(
            b"Subject: =?utf-8?q?=ff?=\r\n", {"subject": "=?utf-8?q?=ff?="}, id="wrong UTF-8"
        ),
        pytest.param("Subject: grün\r\n".encode(), {"subject": "grün"}, id="raw UTF-8"),
        pytest.param(b"Subject: gr\xfcn\r\n", {"subject": "gr\udcfcn"}, id="no UTF-8"),
        pytest.param(b"Subject: a\x1b[1m\r\n", {"subject": "a\x1b[1m"}, id="as sent, not escaped"),
        pytest.param(b"Message-ID: <a@b>", {"message-id": "<a@b>"}, id="cut off"),
        pytest.param(b"Subject:\r\nDate: x\r\n", {"subject": "", "date": "x"}, id="empty field"),
        pytest.param(b"\r\nSubject: no\r\n", {}, id="a message without headers"),
        pytest.param(b"", {}, id="nothing"),
    ],
)
def test_the_headers_that_people_know_a_message_by(head: bytes, headers: dict[str, str]) -> None:
    assert headers_of(head) == headers


@given(st.binary() | st.text("=?utf8bq-_ \r\n").map(str.encode))
@example(b"=?utf-8?b?a?=")
@example(b"=?\0?q?a?=")
def test_any_octets_can_be_a_subject(value: bytes) -> None:
    assert "subject" in headers_of(b"Subject: " + value)


@given(st.binary())
def test_any_octets_are_text_and_nothing_is_lost(data: bytes) -> None:
    assert decode_text(data).encode("utf-8", "surrogateescape") == data
