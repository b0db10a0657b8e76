from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.protocol.url import PORTS, Url, parse_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        pytest.param("pop3://h:1110", "pop3://h:1110", id="in full"),
        pytest.param("pop3://mail.example.org", "pop3://mail.example.org:110", id="no port"),
        pytest.param("POP3S://h", "pop3s://h:995", id="TLS at once, upper case"),
        pytest.param("pop3+stls://h/", "pop3+stls://h:110", id="STLS, and a slash behind it"),
        pytest.param("h", "pop3://h:110", id="a bare host"),
        pytest.param("h:2110", "pop3://h:2110", id="a bare host and port"),
        pytest.param("[::1]:2110", "pop3://[::1]:2110", id="IPv6"),
        pytest.param("pop3s://[fe80::1%eth0]", "pop3s://[fe80::1%eth0]:995", id="IPv6 with a zone"),
        pytest.param(":2110", "pop3://127.0.0.1:2110", id="the default host"),
        pytest.param("pop3://:0", "pop3://127.0.0.1:0", id="any free port"),
    ],
)
def test_a_url_says_where_a_server_is(text: str, url: str) -> None:
    assert str(parse_url(text, default_host="127.0.0.1")) == url


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "names no host", id="nothing"),
        pytest.param(":110", "names no host", id="a port alone"),
        pytest.param("imap://h", "imap:// is not known", id="another scheme"),
        pytest.param("::1", "in brackets", id="IPv6 without brackets"),
        pytest.param("h:x", "is no address", id="a port that is no number"),
        pytest.param("h:65536", "65536 is too large", id="a port too large"),
        pytest.param("h h", "is no address", id="a blank inside"),
        pytest.param("h/inbox", "is no address", id="a path"),
    ],
)
def test_a_wrong_url_is_told_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        parse_url(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["pop3://bob:tanstaaf@h", "bob:tanstaaf@h", "x://b:tanstaaf@h"])
def test_a_password_in_a_url_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="no user or password") as caught:
        parse_url(text)
    assert "tanstaaf" not in str(caught.value)


@given(
    st.builds(
        Url,
        st.sampled_from(sorted(PORTS)),
        st.sampled_from(["h", "127.0.0.1", "::1", "a-b.example"]),
        st.integers(0, 65535),
    )
)
def test_a_url_that_was_written_is_read_again(url: Url) -> None:
    assert parse_url(str(url)) == url


@given(st.text())
def test_any_text_is_a_url_or_wrong(text: str) -> None:
    with suppress(ValueError):
        assert parse_url(text).port in range(65536)
