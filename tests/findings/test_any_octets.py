"""Whatever two sides say, in whatever order, no rule fails."""

from collections.abc import Iterator
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from findings.doors import judged
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Chunk
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.tape import Began, Closed, Item, Over, Spoke

CLIENT: Final = (
    *(b"USER bob\r\n", b"PASS x y\r\n", b"STAT\r\n", b"LIST\r\n", b"LIST 2\r\n", b"RETR 1\r\n"),
    *(b"RETR 99999999999999999999999\r\n", b"RETR \xb2\r\n", b"DELE 1\r\n", b"DELE a\r\n"),
    *(b"RSET\r\n", b"TOP 1 0\r\n", b"UIDL\r\n", b"UIDL 1\r\n", b"QUIT\r\n", b"AUTH PLAIN\r\n"),
    *(b"AUTH\r\n", b"CAPA\r\n", b"STLS\r\n", b"\r\n", b" x\r\n", b"NOOP\n", b"QUI", b"FROB\r\n"),
    *(b"XTND XMIT\r\n", b"EHLO a\r\n", b"APOP a\r\n", b"*1\r\n", b"\xff\xfd\x03"),
    *(b"PROXY TCP4 1 2 3 4\r\n", b"\x16\x03\x01\x00\x09\x01\x00\x00\x05\x03\x03\x00\x00\x00"),
)
SERVER: Final = (
    *(b"+OK\r\n", b"-ERR no\r\n", b"+OK 2 22\r\n", b"1 11\r\n", b"2 x\r\n", b".\r\n", b"..x\r\n"),
    *(b".x\r\n", b"A: b\r\n", b"\r\n", b"+ \r\n", b"+ok\r\n", b"* OK\r\n", b"x.\r\n", b".\n"),
    *(b"-ERR \xff\0\r\n", b"+OK a\n", b"x\ry\n", b"1 a\r\n2 b\r\n.\r\n", b"+O"),
    *(b"\x17\x03\x03\x00\x50+OK\r\n", b"\x15\x03\x01\x00\x02\x02\x46"),
)
SAID = st.one_of(
    st.tuples(st.just(Side.CLIENT), st.lists(st.sampled_from(CLIENT), min_size=1, max_size=2)),
    st.tuples(st.just(Side.SERVER), st.lists(st.sampled_from(SERVER), min_size=1, max_size=4)),
    st.tuples(st.sampled_from(Side), st.none()),
)
STEPS = st.lists(st.tuples(st.sampled_from((0.001, 1.0, 11.0, 70.0)), SAID), max_size=30)
ENDS = st.sampled_from((How.CLIENT_CLOSED, How.SERVER_CLOSED, How.SERVER_RESET, How.CUT))


@given(STEPS, ENDS)
def test_no_rule_fails_whatever_is_said(
    steps: list[tuple[float, tuple[Side, list[bytes] | None]]], how: How
) -> None:
    def tape() -> Iterator[Item]:
        at = 0.0
        yield Began(1, at, Peer("192.0.2.1", 5), Peer("198.51.100.7", 995))
        for later, (side, said) in steps:
            at += later
            if said is None:
                yield Closed(1, at, side, later > 1)
            else:
                yield Spoke(1, Chunk(side, b"".join(said), at))
        yield Over(1, at + 1, Ending(how))

    judged(tape())
