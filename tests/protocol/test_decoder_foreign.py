"""Octets that are not POP3: TLS on a clear port, PROXY headers, Telnet, other protocols."""

import pytest

from dialogue import heard, lines, octets, read, told
from pop3spy.protocol.frames import Side

CLIENT_HELLO = r"\x16\x03\x01\x02\x00\x01\n"
SERVER_HELLO = r"\x16\x03\x03\x00\x7a\x02\n"


@pytest.mark.parametrize(
    "hello",
    [
        pytest.param(CLIENT_HELLO, id="TLS"),
        pytest.param(r"\x80\x2e\x01\x03\x01\n", id="SSLv2"),
    ],
)
def test_a_tls_client_on_a_clear_port_is_recognised(hello: str) -> None:
    told = heard(f"C< {hello}\nS: +OK ready\nC< \\x15\\x03\\x01\nS: -ERR what?").splitlines()

    assert [line.split(" ", 2)[2] for line in told[:2]] == [
        f"{told[0].split()[2]} octets (TLS)",
        "+OK ready",
    ]
    assert told[2:] == [
        "C - 3 octets (TLS)",
        "S - -ERR what? (line that answers no command)",
    ]


def test_an_ssl2_hello_is_text_when_a_line_was_said_before_it() -> None:
    assert heard(r"""
        S: +OK
        C: NOOP
        S: +OK
        C: \x80\x2e\x01
    """).endswith(r"C 2 \x80.\x01")


def test_tls_from_the_first_octet_is_tls_on_both_sides() -> None:
    assert heard(f"C< {CLIENT_HELLO}\nS< {SERVER_HELLO}\nC< \\n") == lines("""
        C - 7 octets (TLS)
        S - 7 octets (TLS)
        C - 1 octets (TLS)
    """)


# -- PROXY headers ---------------------------------------------------------------------------------

SIGNATURE = r"\r\n\r\n\0\r\nQUIT\n"


@pytest.mark.parametrize(
    ("header", "size"),
    [
        pytest.param(r"PROXY TCP4 192.0.2.1 192.0.2.2 56324 110\r\n", 42, id="version 1"),
        pytest.param(r"PROXY TCP6 ::1 ::2 1 110\r\n", 26, id="version 1, IPv6"),
        pytest.param(r"PROXY UNKNOWN\r\n", 15, id="version 1, unknown"),
        pytest.param(SIGNATURE + r"\x21\x11\0\x0c\x7f\0\0\1\x7f\0\0\1\0\n\0\n", 28, id="version 2"),
        pytest.param(SIGNATURE + r"\x20\0\0\0", 16, id="version 2, local"),
    ],
)
def test_a_proxy_header_is_no_command(header: str, size: int) -> None:
    assert heard(f"C< {header}\nS: +OK\nC: QUIT\nS: +OK") == lines(f"""
        C - {size} octets (PROXY protocol header)
        S - +OK
        C 1 QUIT
        S 1 +OK
    """)


def test_tls_may_follow_a_proxy_header() -> None:
    assert heard(rf"C< PROXY UNKNOWN\r\n{CLIENT_HELLO}") == lines("""
        C - 15 octets (PROXY protocol header)
        C - 7 octets (TLS)
    """)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("PROXY", id="a verb"),
        pytest.param("PROXY TCP5 a", id="no such family"),
        pytest.param("PROXY TCP4 " + "a" * 100, id="too long"),
    ],
)
def test_what_only_looks_like_one_is_a_command(line: str) -> None:
    assert heard(f"S: +OK\nC: {line}\nS: -ERR").splitlines()[1:] == [f"C 1 {line}", "S 1 -ERR"]


def test_a_proxy_header_stands_only_at_the_beginning() -> None:
    told = heard("S: +OK\nC: NOOP\nS: +OK\nC: PROXY UNKNOWN\nS: -ERR").splitlines()

    assert told[-2] == "C 2 PROXY UNKNOWN"


@pytest.mark.parametrize("cut", [1, 5, 12, 15, 20])
def test_a_proxy_header_may_come_in_two_halves_around_the_greeting(cut: int) -> None:
    header = octets(SIGNATURE + r"\x21\x11\0\x0c\x7f\0\0\1\x7f\0\0\1\0\n\0\n")
    first, second = (Side.CLIENT, header[:cut]), (Side.CLIENT, header[cut:])

    assert told(read([first, (Side.SERVER, b"+OK\r\n"), second])) == lines("""
        S - +OK
        C - 28 octets (PROXY protocol header)
    """)


def test_what_began_like_a_proxy_header_was_said_before_the_reply_all_the_same() -> None:
    assert heard(r"""
        S: +OK
        C< \r\n\r
        S: -ERR
        C< \n
    """) == lines("""
        S - +OK
        C 1
        S 1 -ERR
        C 2 (pipelined)
    """)


def test_an_empty_first_line_is_told_when_the_server_answers_it() -> None:
    assert heard("S: +OK\nC: \nS: -ERR\nC: QUIT\nS: +OK") == lines("""
        S - +OK
        C 1
        S 1 -ERR
        C 2 QUIT
        S 2 +OK
    """)


# -- Telnet ----------------------------------------------------------------------------------------


def test_telnet_commands_in_front_of_a_verb_are_no_part_of_it() -> None:
    assert heard(r"""
        S: +OK
        C< \xff\xfd\x03\xff\xfb\x18USER bob\r\n
        S: +OK
        C< \xff\xfa\x18\0xterm\xff\xf0
        C< \xff\xf4\xff\xfd\x06QUIT\r\n
    """) == lines("""
        S - +OK
        C - 6 octets (Telnet negotiation)
        C 1 USER bob
        S 1 +OK
        C - 16 octets (Telnet negotiation)
        C 2 QUIT
    """)


def test_telnet_commands_of_the_server_are_recognised_too() -> None:
    assert heard(r"S< \xff\xfb\x01+OK\r\n") == lines("""
        S - 3 octets (Telnet negotiation)
        S - +OK
    """)


@pytest.mark.parametrize("line", [r"\xff\xff\xfb", r"\xff\xe9t\xe9", r"USER \xff\xfb\x01"])
def test_an_octet_ff_may_be_text(line: str) -> None:
    assert heard(f"S: +OK\nC: {line}\nS: -ERR").splitlines()[1] == f"C 1 {line}"


# -- other protocols -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("GET / HTTP/1.1", id="HTTP"),
        pytest.param("EHLO example.org", id="SMTP"),
        pytest.param("a1 LOGIN u p", id="IMAP"),
        pytest.param("HELO user pass", id="POP2"),
    ],
)
def test_commands_of_another_protocol_are_unknown_ones(line: str) -> None:
    assert heard(f"S: +OK\nC: {line}\nS: -ERR").splitlines()[1:] == [f"C 1 {line}", "S 1 -ERR"]


# -- a TLS header in front of clear text -----------------------------------------------------------


def test_a_header_in_front_of_clear_text_is_all_that_is_no_pop3() -> None:
    """The rest of the session was once taken for TLS, and nothing of it was read."""
    assert heard(r"""
        S: +OK
        C: USER bob
        S< \x17\x03\x03\0\x50+OK who knows\r\n
        C: PASS x
        S: +OK
    """) == lines("""
        S - +OK
        C 1 USER bob
        S - 5 octets (TLS record header in front of clear text)
        S 1 +OK who knows
        C 2 PASS x
        S 2 +OK
    """)
