"""Exchanges of every kind, whether or not any conversation leads to them."""

from hypothesis import strategies as st

from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.frames import CommandLine, Junk, Side, Spans, StatusLine
from pop3spy.protocol.states import State
from pop3spy.protocol.why import Why
from pop3spy.session.body import Body
from pop3spy.session.model import Exchange

WORDS = st.sampled_from(
    [b"+OK", b"-ERR", b" ", b"\t", b"[IN-USE]", b'["\\]', b"NOOP", b"USER", b"retr", b"\r", b"\n"]
)
ODD = st.sampled_from(
    [b"\0", b"\x1b[2J", b"\x7f", b"\\", b'"', b"\x9b", b"\xed\xa0\x80", "é☃💌\u2028\u202e".encode()]
)
USUAL = st.sampled_from([b"NOOP", b"stat", b"PASS", b"+OK", b"-ERR [IN-USE] no"])
LINES = st.tuples(
    USUAL | st.lists(WORDS | ODD | st.binary(max_size=4), max_size=6).map(b"".join),
    st.sampled_from([b"\r\n", b"\n", b"\r\r\n", b""]),
).map(b"".join)
TIMES = st.floats(-1e12, 1e12) | st.floats(0, 2) | st.integers(0, 3_000_000).map(lambda n: n / 1e6)
COUNTS = st.integers(0, 9) | st.integers(0, 10**30)


@st.composite
def masked(draw: st.DrawFn) -> tuple[bytes, Spans]:
    """Return a line, and what of it is a secret."""
    raw = draw(LINES)
    edges = sorted(draw(st.sets(st.integers(0, len(raw)), max_size=4)))
    return raw, tuple(zip(edges[::2], edges[1::2], strict=False))


@st.composite
def command_lines(draw: st.DrawFn) -> CommandLine:
    raw, masks = draw(masked())
    return CommandLine(
        *(Side.CLIENT, raw, draw(COUNTS), masks),
        command=parse_command(raw),
        pipelined=draw(st.booleans()),
    )


@st.composite
def status_lines(draw: st.DrawFn) -> StatusLine:
    raw, masks = draw(masked())
    has_body = draw(st.none() | st.booleans())
    return StatusLine(Side.SERVER, raw, 1, masks, ok=draw(st.booleans()), has_body=has_body)


@st.composite
def odd_lines(draw: st.DrawFn) -> Junk:
    raw, masks = draw(masked())
    return Junk(Side.SERVER, raw, 1, masks, why=Why.NO_STATUS)


BODIES = st.builds(
    Body,
    octets=COUNTS,
    stuffed=st.integers(0, 9),
    lines=st.none() | COUNTS,
    tail=LINES,
    complete=st.booleans(),
    error_before=st.none() | LINES,
)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    line = draw(command_lines())
    return Exchange(
        *(line, draw(TIMES), draw(st.sampled_from(State)), draw(st.sampled_from(State))),
        status=draw(st.none() | status_lines()),
        body=draw(st.none() | BODIES),
        answered_at=draw(answered_at := st.none() | TIMES),
        ended_at=draw(answered_at),
        steps=draw(COUNTS),
        odd=draw(st.none() | odd_lines()),
        user=draw(st.none() | st.text()),
        original=draw(st.none() | st.just(line) | command_lines()),
        injected=draw(st.booleans()),
    )
