"""Multi-line replies: which there are and where they end (RFC 1939, section 3)."""

import pytest

from dialogue import behind, heard, lines


@pytest.mark.parametrize(
    "command",
    [
        *("LIST", "UIDL", "UIDL ", "RETR 1", "TOP 1 0", "CAPA", "LANG", "AUTH", "AUTH  "),
        *("XTND BBOARDS", "XTND ARCHIVE a", "XTND X-BBOARDS a", "XTND XLST From", "*ENV 1"),
    ],
)
def test_a_positive_reply_has_a_body(command: str) -> None:
    assert behind(command, "S: +OK\nS: 1 a\nS: .") == [
        "S 1 +OK (body)",
        r"S 1 | 1 a\r\n",
        "S 1 . (end)",
    ]


@pytest.mark.parametrize(
    "command",
    [
        *("USER bob", "PASS x", "APOP bob 0", "RPOP bob", "STAT", "DELE 1", "NOOP", "RSET", "QUIT"),
        *("LAST", "UTF8", "LANG de", "XCLIENT ADDR=::1", "XOIP ::1", "XSENDER 1"),
        *("XTND XLST From 1", "AUTH PLAIN dAB0AHQ=", "STLS"),
    ],
)
def test_a_positive_reply_is_one_line(command: str) -> None:
    assert behind(command, "S: +OK") == ["S 1 +OK"]


@pytest.mark.parametrize("command", ["LIST", "RETR 9", "TOP 1 0", "CAPA", "UIDL", "AUTH", "HELP"])
def test_a_negative_reply_never_has_a_body(command: str) -> None:
    assert behind(command, "S: -ERR no\nC: NOOP\nS: +OK") == [
        "S 1 -ERR no",
        "C 2 NOOP",
        "S 2 +OK",
    ]


@pytest.mark.parametrize(
    ("wire", "content"),
    [
        pytest.param(r".\r\n", "", id="nothing: the dot right behind the status line"),
        pytest.param(r"..\r\n.\r\n", r"..\r\n", id="a lone dot, stuffed"),
        pytest.param(r"...two\r\n.\r\n", r"...two\r\n", id="two dots, stuffed"),
        pytest.param(r".x\r\n.\r\n", r".x\r\n", id="a dot that was not stuffed"),
        pytest.param(
            r"+OK\r\n-ERR foo\r\nQUIT\r\n.\r\n", r"+OK\r\n-ERR foo\r\nQUIT\r\n", id="replies"
        ),
        pytest.param(r"\0\r\xff\r\n.\r\n", r"\x00\r\xff\r\n", id="NUL, a bare CR and 8-bit"),
        pytest.param(r"\x16\x03\x01\r\n.\r\n", r"\x16\x03\x01\r\n", id="what begins like TLS"),
        pytest.param(r"\xff\xfb\x01\r\n.\r\n", r"\xff\xfb\x01\r\n", id="what begins like Telnet"),
        pytest.param(r"a\n.\r\nb\r\n.\r\n", r"a\n.\r\nb\r\n", id="a dot behind a bare LF"),
        pytest.param(r"+OK again\r\na\r\n.\r\n", r"+OK again\r\na\r\n", id="a second +OK"),
    ],
)
def test_all_up_to_the_lone_dot_is_content(wire: str, content: str) -> None:
    assert behind("TOP 1 0", f"S: +OK\nS< {wire}\nC: NOOP\nS: +OK") == [
        "S 1 +OK (body)",
        *([f"S 1 | {content}"] if content else []),
        "S 1 . (end)",
        "C 2 NOOP",
        "S 2 +OK",
    ]


def test_a_lone_dot_may_end_in_lf_alone() -> None:
    assert behind("LIST", "S: +OK\nS: 1 1\nS< .\\n") == [
        "S 1 +OK (body)",
        r"S 1 | 1 1\r\n",
        r"S 1 .\n (end)",
    ]


def test_a_server_may_end_all_its_lines_in_lf_alone() -> None:
    assert heard(r"""
        S< +OK\n
        C< LIST\nNOOP\n
        S< +OK\n1 1\n.\n+OK\n
    """) == lines(r"""
        S - +OK\n
        C 1 LIST\n
        C 2 NOOP\n (pipelined)
        S 1 +OK\n (body)
        S 1 | 1 1\n
        S 1 .\n (end)
        S 2 +OK\n
    """)


def test_a_dot_glued_to_the_last_line_ends_nothing() -> None:
    """Exchange 2000 did that; the client hangs, and so the body is not complete."""
    assert behind("RETR 1", "S: +OK\nS: a.\nS!") == ["S 1 +OK (body)", r"S 1 | a.\r\n"]


def test_a_body_that_is_cut_off_has_no_end() -> None:
    assert behind("UIDL", "S: +OK\nS: 1 a\nS: -ERR failed\nS!") == [
        "S 1 +OK (body)",
        r"S 1 | 1 a\r\n-ERR failed\r\n",
    ]


def test_bodies_follow_one_another() -> None:
    assert heard(r"""
        S: +OK
        C: RETR 1
        C| RETR 2
        C| DELE 1
        S< +OK\r\na\r\n.\r\n+OK\r\n.\r\n+OK\r\n
    """) == lines(r"""
        S - +OK
        C 1 RETR 1
        C 2 RETR 2 (pipelined)
        C 3 DELE 1 (pipelined)
        S 1 +OK (body)
        S 1 | a\r\n
        S 1 . (end)
        S 2 +OK (body)
        S 2 . (end)
        S 3 +OK
    """)
