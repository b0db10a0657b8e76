"""Ways to cut a conversation into chunks, and octets that nobody should send."""

from collections.abc import Iterator
from itertools import groupby, pairwise

from hypothesis import strategies as st

from dialogue import Said
from pop3spy.protocol.foreign import PROXY_V2
from pop3spy.protocol.frames import Side

FROM_BOTH = [
    *(b"\r\n", b"\n", b"\r", b".", b"..", b" ", b"\t", b"\0", b"\r\n.\r\n", b"\n.\n", b".\r\n"),
    *(b"a", b"abc\r\n", b"1 ", b"1 abc\r\n", b"\xe9\xff", b"x" * 40, b"\x80\x2e\x01"),
    *(b"\x16\x03\x01", b"\x15\x03", b"\x17\x03\x03\0\x01\0", b"\xff\xfb\x01", b"\xff\xfa", b"\xff"),
    *(b"\xff\xf0", b"\0\0\0\x04abcd"),
]
FROM_CLIENT = [
    *(b"USER bob\r\n", b"PASS a  b\r\n", b"APOP bob 0\r\n", b"NOOP\r\n", b"noop\n", b"QUIT\r\n"),
    *(b"LIST\r\n", b"LIST 1\r\n", b"UIDL 1\r\n", b"RETR 1\r\n", b"TOP 1 0\r\n", b"CAPA\r\n"),
    *(b"AUTH\r\n", b"AUTH \r\n", b"AUTH PLAIN\r\n", b"AUTH NTLM\r\n", b"AUTH GSSAPI\r\n", b"*\r\n"),
    *(b"AUTH PLAIN dAB0AHQ=\r\n", b"STLS\r\n", b"XTND XMIT\r\n", b"XTND XLST a\r\n", b"HELP\r\n"),
    *(b"dAB0AHQ=\r\n", b"FOO bar\r\n", b"PROXY ", b"PROXY UNKNOWN\r\n", b"PROXY TCP4 a b 1 2\r\n"),
    *(PROXY_V2, PROXY_V2[:5], PROXY_V2 + b"\x21\x11\0\x02ab"),
]
FROM_SERVER = [
    *(
        b"+OK\r\n",
        b"+OK\n",
        b"+ok 1 abc\r\n",
        b"-ERR\r\n",
        b"-ERR [AUTH] no\r\n",
        b"+ \r\n",
        b"+\r\n",
    ),
    *(b"+OK", b"+", b"-ERR", b"+ OK\r\n", b"- ERR\r\n", b"+ dAB0\r\n", b"+OK\r\na\r\n.\r\n"),
    *(b"+OK\r\n..\r\n.\r\n", b"+OK\n1 2\n.\n"),
]


def every_cut(data: bytes) -> Iterator[list[bytes]]:
    """Yield *data* whole, byte by byte, and in two at every place."""
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]


def octets_of(side: Side) -> st.SearchStrategy[bytes]:
    """Return octets that look like *side*'s, more or less."""
    known = FROM_CLIENT if side is Side.CLIENT else FROM_SERVER
    piece = st.sampled_from(known) | st.sampled_from(FROM_BOTH) | st.binary(max_size=6)
    return st.lists(piece, min_size=1, max_size=4).map(b"".join)


def _said_by(side: Side) -> st.SearchStrategy[Said]:
    return octets_of(side).map(lambda data: (side, data))


wild_talk: st.SearchStrategy[list[Said]] = st.lists(
    _said_by(Side.CLIENT) | _said_by(Side.SERVER), min_size=1, max_size=14
)
"""Anything that two sides may say to one another, sense or none."""


@st.composite
def recut(draw: st.DrawFn, talk: list[Said]) -> list[Said]:
    """Return *talk* in other chunks: the same octets of both sides, interleaved the same way."""
    chunks: list[Said] = []
    for (side, closed), turn in groupby(talk, lambda chunk: (chunk[0], chunk[1] is None)):
        if closed:
            chunks.append((side, None))
            continue
        data = b"".join(piece or b"" for _, piece in turn)
        places = st.lists(st.integers(0, len(data)), max_size=6)
        cuts = [0, *sorted(draw(places)), len(data)]
        chunks += [(side, data[a:b]) for a, b in pairwise(cuts)]
    return chunks
