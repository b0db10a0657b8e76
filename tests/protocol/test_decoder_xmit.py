"""XTND XMIT: the client sends a message."""

from dialogue import frames, heard, lines
from pop3spy.protocol.frames import StatusLine


def test_the_client_sends_a_message() -> None:
    assert heard(r"""
        S: +OK
        C: XTND XMIT
        S: +OK send it
        C: PASS x
        C| ..
        C| QUIT
        C| .
        C| QUIT
        S: +OK sent
        S: +OK bye
    """) == lines(r"""
        S - +OK
        C 1 XTND XMIT
        S 1 +OK send it (go on)
        C 1 | PASS x\r\n..\r\nQUIT\r\n
        C 1 . (end)
        C 2 QUIT (pipelined)
        S 1 +OK sent
        S 2 +OK bye
    """)


def test_the_message_may_be_sent_ahead() -> None:
    assert heard("S: +OK\nC: XTND XMIT\nC| PASS x\nC| .\nS: +OK\nS: -ERR") == lines(r"""
        S - +OK
        C 1 XTND XMIT
        S 1 +OK (go on)
        C 1 | PASS x\r\n
        C 1 . (end)
        S 1 -ERR
    """)


def test_what_follows_a_refused_message_is_commands() -> None:
    assert heard("S: +OK\nC: XTND XMIT\nC| NOOP\nS: -ERR\nS: +OK") == lines("""
        S - +OK
        C 1 XTND XMIT
        S 1 -ERR
        C 2 NOOP (pipelined)
        S 2 +OK
    """)


def test_the_line_that_asks_for_the_message_is_positive_and_not_the_last() -> None:
    asks = frames("S: +OK\nC: XTND XMIT\nS: +OK send it")[-1]

    assert isinstance(asks, StatusLine)
    assert (asks.ok, asks.final) == (True, False)
