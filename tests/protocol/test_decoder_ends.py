"""What is still to come, and what is left when nothing more comes."""

import pytest

from dialogue import heard, lines, read, said
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import Side


@pytest.mark.parametrize(
    ("script", "quiet"),
    [
        pytest.param("", False, id="no greeting yet"),
        pytest.param("S: +OK", True, id="greeted"),
        pytest.param("S: +OK\nC< NO", False, id="half a command"),
        pytest.param("S: +OK\nC: NOOP", False, id="no reply yet"),
        pytest.param("S: +OK\nC: NOOP\nS< +OK", False, id="half a reply"),
        pytest.param("S: +OK\nC: LIST\nS: +OK", False, id="half a body"),
        pytest.param("S: +OK\nC: LIST\nS: +OK\nS: .", True, id="a whole body"),
    ],
)
def test_a_connection_is_quiet_when_nobody_waits(script: str, *, quiet: bool) -> None:
    decoder = Decoder()
    read(said(script), decoder)

    assert decoder.quiet is quiet


@pytest.mark.parametrize(
    ("script", "awaits_reply", "asks"),
    [
        pytest.param("", True, False, id="no greeting yet"),
        pytest.param("S: +OK", False, False, id="greeted"),
        pytest.param("S: +OK\nC: NOOP", True, False, id="a command"),
        pytest.param("S: +OK\nC: NOOP\nS: what?", False, False, id="what may be a reply"),
        pytest.param("S: +OK\nC: LIST\nS: +OK", True, False, id="half a body"),
        pytest.param("S: +OK\nC: FOO\nS: +OK", False, False, id="what may have a body"),
        pytest.param("S: +OK\nC: FOO\nS: +OK\nS: a", True, False, id="half such a body"),
        pytest.param("S: +OK\nC: FOO\nS: +OK\nS: a\nS: .", False, False, id="all of it"),
        pytest.param("S: +OK\nC: AUTH PLAIN", True, False, id="no challenge yet"),
        pytest.param("S: +OK\nC: AUTH PLAIN\nS: + ", False, True, id="a challenge"),
        pytest.param("S: +OK\nC: AUTH PLAIN\nS: + \nC: AGEAYg==", True, False, id="an answer"),
        pytest.param("S: +OK\nC: XTND XMIT\nS: +OK", False, True, id="a message is asked for"),
    ],
)
def test_whose_turn_it_is_is_known(script: str, *, awaits_reply: bool, asks: bool) -> None:
    decoder = Decoder()
    read(said(script), decoder)

    assert (decoder.awaits_reply, decoder.asks) == (awaits_reply, asks)


def test_what_a_side_leaves_unfinished_is_told_when_it_closes() -> None:
    assert heard("""
        S: +OK
        C: RETR 1
        S: +OK
        S< a\\r\\nb\\r\\n.
        C< PASS x
        C!
        S!
    """) == lines("""
        S - +OK
        C 1 RETR 1
        S 1 +OK (body)
        S 1 | a\\r\\nb
        C - 6 octets (line without an end)
        S 1 | \\r\\n.
    """)


def test_nothing_is_told_of_a_side_that_left_nothing() -> None:
    assert heard("S: +OK\nC!\nS!") == "S - +OK"


def test_how_much_is_in_no_frame_yet_is_known() -> None:
    decoder = Decoder()
    read(said("S: +OK\nC< NOO"), decoder)

    assert decoder.unfinished(Side.CLIENT) == 3
    assert decoder.unfinished(Side.SERVER) == 0
