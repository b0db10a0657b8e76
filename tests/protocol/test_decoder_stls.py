"""STLS (RFC 2595, section 4)."""

from dialogue import behind, frames, heard, lines
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import Frame, Opaque, Side

CLIENT_HELLO = r"\x16\x03\x01\x02\x00\x01\n"
SERVER_HELLO = r"\x16\x03\x03\x00\x7a\x02\n"


def test_behind_stls_everything_is_tls() -> None:
    assert heard(rf"""
        S: +OK
        C: STLS
        S: +OK begin
        C< {CLIENT_HELLO}
        S< {SERVER_HELLO}
        C< \x17\x03\x03QUIT\r\n
    """) == lines("""
        S - +OK
        C 1 STLS
        S 1 +OK begin
        C - 7 octets (TLS)
        S - 7 octets (TLS)
        C - 9 octets (TLS)
    """)


def test_a_refused_stls_changes_nothing() -> None:
    assert heard("S: +OK\nC: STLS\nS: -ERR\nC: USER bob\nS: +OK") == lines("""
        S - +OK
        C 1 STLS
        S 1 -ERR
        C 2 USER bob
        S 2 +OK
    """)


def test_commands_behind_a_refused_stls_are_answered_in_clear() -> None:
    assert heard("S: +OK\nC: STLS\nC| USER bob\nS: -ERR\nS| +OK") == lines("""
        S - +OK
        C 1 STLS
        S 1 -ERR
        C 2 USER bob (pipelined)
        S 2 +OK
    """)


def test_what_the_client_said_behind_stls_is_no_command() -> None:
    """It must be dropped by the server; who answers it inside TLS has CVE-2021-38084."""
    assert heard(rf"""
        S: +OK
        C: STLS
        C| USER bob
        C| PASS x
        S: +OK
        C< {CLIENT_HELLO}
    """) == lines("""
        S - +OK
        C 1 STLS
        S 1 +OK
        C - 18 octets (clear text behind STLS)
        C - 7 octets (TLS)
    """)


def test_half_a_line_behind_stls_does_not_hide_where_tls_begins() -> None:
    assert heard(rf"""
        S: +OK
        C: STLS
        C< USE
        S: +OK
        C< {CLIENT_HELLO}
    """) == lines("""
        S - +OK
        C 1 STLS
        S 1 +OK
        C - 3 octets (clear text behind STLS)
        C - 7 octets (TLS)
    """)


def test_an_octet_behind_stls_that_began_no_tls_is_cut_off_where_stls_was_granted() -> None:
    assert behind("STLS\nC< \\x16", "S: +OK\nC: USER bob") == [
        "S 1 +OK",
        "C - 1 octets (clear text behind STLS)",
        "C 2 USER bob",
    ]


def test_a_client_that_does_not_wait_for_the_reply_begins_tls_all_the_same() -> None:
    assert behind(f"STLS\nC< {CLIENT_HELLO}", "S: +OK") == ["S 1 +OK", "C - 7 octets (TLS)"]


def test_what_the_server_said_behind_its_reply_answers_nothing() -> None:
    assert heard(rf"""
        S: +OK
        C: STLS
        S: +OK begin
        S| +OK injected
        S| * junk
        S< {SERVER_HELLO}
    """) == lines("""
        S - +OK
        C 1 STLS
        S 1 +OK begin
        S - +OK injected (line that answers no command)
        S - * junk (line that answers no command)
        S - 7 octets (TLS)
    """)


def test_courier_may_fail_in_clear_after_it_agreed() -> None:
    assert heard(rf"""
        S: +OK
        C: STLS
        S: +OK
        C< {CLIENT_HELLO}
        S: -ERR STARTTLS failed: no shared cipher
    """) == lines("""
        S - +OK
        C 1 STLS
        S 1 +OK
        C - 7 octets (TLS)
        S - -ERR STARTTLS failed: no shared cipher (line that answers no command)
    """)


def test_a_client_may_go_on_in_clear_after_tls_failed() -> None:
    assert behind("STLS", "S: +OK\nS: -ERR failed\nC: QUIT\nS: +OK") == [
        "S 1 +OK",
        "S - -ERR failed (line that answers no command)",
        "C 2 QUIT",
        "S 2 +OK",
    ]


def test_an_alert_behind_stls_is_tls() -> None:
    assert behind("STLS", "S: +OK\nS< \\x15\\x03\\x03\\0\\x02\\x02\\x28") == [
        "S 1 +OK",
        "S - 7 octets (TLS)",
    ]


def behind_stls(side: Side) -> list[Frame]:
    """Return what *side* said in two lines that nobody is to hear."""
    decoder = Decoder()
    decoder.append(side, b"NOOP\r\nQUIT\r\n")
    return list(decoder.cut_off(side))


def test_what_is_cut_off_is_one_piece_of_a_client_and_lines_of_a_server() -> None:
    assert [frame.raw for frame in behind_stls(Side.CLIENT)] == [b"NOOP\r\nQUIT\r\n"]
    assert [frame.raw for frame in behind_stls(Side.SERVER)] == [b"NOOP\r\n", b"QUIT\r\n"]


def test_what_is_said_ahead_of_tls_is_told_line_by_line() -> None:
    told = frames("S: +OK\nC: STLS\nC| NOOP\nC| QUIT\nS: +OK")

    assert [frame.raw for frame in told if isinstance(frame, Opaque)] == [
        b"NOOP\r\n",
        b"QUIT\r\n",
    ]
