"""Lines, replies and pipelining (RFC 1939, section 3; RFC 2449, section 6.6)."""

import pytest

from dialogue import frames, heard, lines
from pop3spy.protocol.frames import CommandLine


def test_a_session() -> None:
    assert heard("""
        S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
        S: +OK mrose's maildrop has 2 messages (320 octets)
        C: STAT
        S: +OK 2 320
        C: LIST
        S: +OK 2 messages (320 octets)
        S: 1 120
        S: 2 200
        S: .
        C: RETR 1
        S: +OK 120 octets
        S: <the POP3 server sends message 1>
        S: .
        C: DELE 3
        S: -ERR no such message
        C: QUIT
        S: +OK dewey POP3 server signing off (maildrop empty)
    """) == lines("""
        S - +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>
        C 1 APOP mrose c4c9334bac560ecc979e58001b3e22fb
        S 1 +OK mrose's maildrop has 2 messages (320 octets)
        C 2 STAT
        S 2 +OK 2 320
        C 3 LIST
        S 3 +OK 2 messages (320 octets) (body)
        S 3 | 1 120\\r\\n2 200\\r\\n
        S 3 . (end)
        C 4 RETR 1
        S 4 +OK 120 octets (body)
        S 4 | <the POP3 server sends message 1>\\r\\n
        S 4 . (end)
        C 5 DELE 3
        S 5 -ERR no such message
        C 6 QUIT
        S 6 +OK dewey POP3 server signing off (maildrop empty)
    """)


@pytest.mark.parametrize(
    ("wire", "told"),
    [
        pytest.param(r"noop\r\n", "C 1 noop", id="lower case"),
        pytest.param(r"NOOP\n", r"C 1 NOOP\n", id="LF alone"),
        pytest.param(r"NOOP\r\r\n", r"C 1 NOOP\r", id="CR CR LF"),
        pytest.param(r"NO\rOP\r\n", r"C 1 NO\rOP", id="a CR alone is data"),
        pytest.param(r"\r\n", "C 1", id="an empty line counts"),
        pytest.param(r"\x20STAT\r\n", "C 1  STAT", id="a leading blank"),
        pytest.param(r"N\0P\xff\r\n", r"C 1 N\x00P\xff", id="NUL and 8-bit"),
        pytest.param(r"NOOP\n\rSTAT\n\r", "C 1 NOOP\\n\nC 2 \\rSTAT\\n (pipelined)", id="LF CR"),
        pytest.param(r"NOOP", "", id="no line yet"),
    ],
)
def test_a_command_ends_at_lf(wire: str, told: str) -> None:
    assert heard(f"S: +OK\nC< {wire}\nS: -ERR\n").splitlines()[1:-1] == told.splitlines()


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        pytest.param(r"+OK\r\n", "S 1 +OK", id="a bare +OK"),
        pytest.param(r"-ERR\r\n", "S 1 -ERR", id="a bare -ERR"),
        pytest.param(r"+ok fine\n", r"S 1 +ok fine\n", id="lower case and LF alone"),
        pytest.param(r"+ OK XTND\r\n", "S 1 + OK XTND", id="a space, as RFC 1082 prints it"),
        pytest.param(r"- ERR\r\n", "S 1 - ERR", id="a space in -ERR"),
        pytest.param(r"+OKay\r\n", "S 1 +OKay", id="no blank behind it"),
        pytest.param(r"+OK a\r\r\n", r"S 1 +OK a\r", id="CR CR LF"),
    ],
)
def test_a_reply_is_taken_as_servers_write_it(reply: str, told: str) -> None:
    assert heard(f"S: +OK\nC: NOOP\nS< {reply}").splitlines()[-1] == told


def test_lines_come_whole_however_they_are_cut() -> None:
    assert heard(r"""
        S< +
        S< OK\r
        S< \n
        C< ST
        C< AT
        C< \r\n
        S: +OK 0 0
    """) == lines("""
        S - +OK
        C 1 STAT
        S 1 +OK 0 0
    """)


def test_arguments_that_a_command_does_not_have_change_nothing() -> None:
    assert heard("""
        S: +OK
        C: STAT x
        S: +OK 0 0
        C: QUIT extra
        S: +OK
    """) == lines("""
        S - +OK
        C 1 STAT x
        S 1 +OK 0 0
        C 2 QUIT extra
        S 2 +OK
    """)


def test_pipelined_replies_are_paired_in_order() -> None:
    assert heard("""
        S: +OK
        C: USER bob
        C| PASS two words
        C| STAT
        S: +OK
        S| +OK
        S| +OK 1 2
    """) == lines("""
        S - +OK
        C 1 USER bob
        C 2 PASS two words (pipelined)
        C 3 STAT (pipelined)
        S 1 +OK
        S 2 +OK
        S 3 +OK 1 2
    """)


def test_a_noop_may_be_sent_while_a_listing_comes() -> None:
    assert heard("""
        S: +OK
        C: UIDL
        S: +OK
        S: 1 a
        C: NOOP
        S: 2 b
        S: .
        S: +OK
    """) == lines("""
        S - +OK
        C 1 UIDL
        S 1 +OK (body)
        S 1 | 1 a
        C 2 NOOP (pipelined)
        S 1 | \\r\\n2 b\\r\\n
        S 1 . (end)
        S 2 +OK
    """)


@pytest.mark.parametrize(
    ("script", "pipelined"),
    [
        pytest.param("C: NOOP\nS: +OK\nC: NOOP", False, id="behind the whole reply"),
        pytest.param("C: NOOP\nC: NOOP", True, id="before the reply"),
        pytest.param("C: NOOP\nC| NOOP", True, id="in one segment"),
        pytest.param("C: NOOP\nS< +OK\nC: NOOP", True, id="in the middle of the reply"),
        pytest.param("C: NOOP\nS< +OK\\r\nC< N\nS< \\n\nC: OOP", True, id="by one octet"),
        pytest.param("C: LIST\nS: +OK\nC< N\nS: .\nC: OOP", True, id="before the lone dot"),
        pytest.param("C: LIST\nS: +OK\nS: .\nC: NOOP", False, id="behind the lone dot"),
        pytest.param("C: AUTH PLAIN\nC| NOOP\nS: -ERR", True, id="waiting behind AUTH"),
        pytest.param("C: STLS\nC< NO\nS: -ERR\nC: OP", True, id="half said behind STLS"),
    ],
)
def test_a_command_is_pipelined_if_it_begins_before_the_reply_has_ended(
    script: str, *, pipelined: bool
) -> None:
    told = heard(f"S: +OK\n{script}").splitlines()

    assert any(line.endswith("(pipelined)") for line in told) is pipelined


def test_what_is_said_before_the_greeting_is_pipelined_behind_it() -> None:
    assert heard("""
        C: USER bob
        S: +OK
        S| +OK
    """) == lines("""
        C 1 USER bob (pipelined)
        S - +OK
        S 1 +OK
    """)


@pytest.mark.parametrize("greeting", ["+OK", "+OK ready", "-ERR [SYS/TEMP] busy"])
def test_the_greeting_answers_nothing(greeting: str) -> None:
    assert heard(f"S: {greeting}") == f"S - {greeting}"


def test_lines_before_the_greeting_are_no_greeting() -> None:
    assert heard("""
        S: Welcome to example.org
        S: +OK ready
        S: and hello
    """) == lines("""
        S - Welcome to example.org (line before the greeting)
        S - +OK ready
        S - and hello (line that answers no command)
    """)


def test_a_frame_has_the_octets_of_the_wire() -> None:
    [_, command, _] = frames("S: +OK\nC< pass\\tTwo  Words\\n\nS: +OK")

    assert isinstance(command, CommandLine)
    assert command.raw == b"pass\tTwo  Words\n"
    assert command.command.rest == b"Two  Words"
