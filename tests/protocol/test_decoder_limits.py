"""Whatever the peers send, little is kept and none of it twice."""

import gc
import tracemalloc
import weakref
from collections import deque
from collections.abc import Callable, Iterator

import pytest

from dialogue import read, said, told
from pop3spy.protocol.command_reader import AHEAD
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import BodyPart, CommandLine, Frame, Opaque, Side
from pop3spy.protocol.line_buffer import LINE
from pop3spy.protocol.outstanding import UNANSWERED
from pop3spy.protocol.why import Why

C, S = Side.CLIENT, Side.SERVER
MEGABYTE = 1 << 20


def kept_by(decoder: Decoder) -> int:
    """Return how many octets and how many commands *decoder* holds on to."""
    return decoder.unfinished(C) + decoder.unfinished(S) + len(decoder._outstanding.commands)


def following(decoder: Decoder, side: Side, data: bytes) -> Iterator[Frame]:
    """Yield the frames that *data* brings."""
    decoder.append(side, data)
    yield from iter(decoder.next, None)


def ready(script: str = "S: +OK") -> Decoder:
    """Return a decoder that has read *script*."""
    decoder = Decoder()
    read(said(script), decoder)
    return decoder


# -- what waits ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["AUTH PLAIN", "STLS", "XTND XMIT"])
def test_no_more_than_so_much_may_wait_behind_a_turn(command: str) -> None:
    decoder = ready(f"S: +OK\nC: {command}")
    line = b"a" * 1022 + b"\r\n"

    assert read([(C, line)] * (AHEAD // 1024), decoder) == []
    assert decoder.unfinished(C) == AHEAD

    [frame] = following(decoder, C, b"b")

    assert isinstance(frame, Opaque)
    assert (frame.why, len(frame.raw)) == (Why.OUT_OF_STEP, AHEAD + 1)
    assert kept_by(decoder) == 0
    assert [type(frame) for frame in following(decoder, S, b"+OK\r\n")] == [Opaque]
    assert [type(frame) for frame in following(decoder, C, b"PASS x\r\n")] == [Opaque]


def test_what_waits_is_cut_into_lines_as_if_it_had_not_waited() -> None:
    """Lines that came in several chunks while they waited were once read as one."""
    told_all = told(
        read(
            [
                *said("S: +OK\nC: AUTH PLAIN\nC: dAB0\nC: STAT\nC| NOOP\nC< QU\nC< IT\\r\\n"),
                *said("S: + \nS: +OK"),
            ]
        )
    )

    assert told_all.splitlines()[2:] == [
        "S 1 + (challenge)",
        "C 1 dAB0 (answer)",
        "S 1 +OK",
        "C 2 STAT (pipelined)",
        "C 3 NOOP (pipelined)",
        "C 4 QUIT (pipelined)",
    ]


# -- bounds ----------------------------------------------------------------------------------------


def endless_line() -> Iterator[tuple[Side, bytes]]:
    for _ in range(64):
        yield C, b"a" * 65536
        yield S, b"a" * 65536


def endless_body() -> Iterator[tuple[Side, bytes]]:
    yield C, b"RETR 1\r\n"
    yield S, b"+OK\r\n"
    for _ in range(64):
        yield S, b"..a\r\nb\r\n" * 8192


def endless_body_that_nobody_expected() -> Iterator[tuple[Side, bytes]]:
    yield C, b"HELP\r\n"
    yield S, b"+OK\r\n"
    for _ in range(16):
        yield S, (b"a" * 62 + b"\r\n") * 1024


def endless_answers() -> Iterator[tuple[Side, bytes]]:
    yield C, b"AUTH X\r\n"
    for _ in range(64):
        yield S, b"+ \r\n" * 64
        yield C, b"a\r\n" * 64


def endless_replies() -> Iterator[tuple[Side, bytes]]:
    for _ in range(16):
        yield S, b"+OK\r\n" * 1024


def endless_commands() -> Iterator[tuple[Side, bytes]]:
    for _ in range(5):
        yield C, b"NOOP\r\n" * 10_000


@pytest.mark.parametrize(
    "endless",
    [
        endless_line,
        endless_body,
        endless_body_that_nobody_expected,
        endless_answers,
        endless_replies,
        endless_commands,
    ],
)
def test_what_is_kept_is_bounded(endless: Callable[[], Iterator[tuple[Side, bytes]]]) -> None:
    decoder = ready()
    tracemalloc.start()
    try:
        for side, data in endless():
            deque(following(decoder, side, data), maxlen=0)
            assert kept_by(decoder) <= max(LINE, UNANSWERED)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < MEGABYTE


def test_a_million_commands_without_replies_are_no_longer_paired() -> None:
    decoder = ready()
    commands = opaque = 0
    for frame in following(decoder, C, b"NOOP\r\n" * 1_000_000):
        commands += isinstance(frame, CommandLine)
        opaque += isinstance(frame, Opaque)

    assert commands == UNANSWERED + 1
    assert commands + opaque == 1_000_000
    assert kept_by(decoder) == 0


def test_a_chunk_is_let_go_when_it_is_read() -> None:
    decoder = ready("S: +OK\nC: RETR 1\nS: +OK")

    read([(S, b"a" * MEGABYTE + b"\r\n")], decoder)

    assert decoder.unfinished(S) == 2
    assert len(decoder.last(S, MEGABYTE)) == 2


def test_a_proxy_header_may_be_as_long_as_its_length_says() -> None:
    header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" + b"a" * 65535

    assert told(read([(C, header[:20]), (C, header[20:-1]), (C, header[-1:])])) == (
        "C - 65551 octets (PROXY protocol header)"
    )


def test_many_small_chunks_cost_no_more_than_their_octets() -> None:
    """A body octet by octet comes in as many frames at most, and none is searched twice."""
    decoder = ready("S: +OK\nC: RETR 1\nS: +OK")
    frames = read([(S, b"a")] * 20_000, decoder)

    assert len(frames) == 20_000
    assert all(isinstance(frame, BodyPart) for frame in frames)


def test_a_closed_decoder_is_freed_without_the_collector() -> None:
    decoder = ready("S: +OK\nC: AUTH PLAIN\nS: + \nC: a\nS: +OK")
    for side in Side:
        assert decoder.close(side) is None
    gone = weakref.ref(decoder.held)  # of the decoder there is none if it is compiled

    gc.disable()
    try:
        del decoder
        assert gone() is None
    finally:
        gc.enable()


def test_a_released_decoder_keeps_nothing_and_is_freed_at_once() -> None:
    decoder = ready("S: +OK\nC: STLS\nC: USER bob\nS< +O")
    assert kept_by(decoder) > 0
    gone = weakref.ref(decoder.held)  # of the decoder there is none if it is compiled

    gc.disable()
    try:
        decoder.release()
        assert decoder.unfinished(C) + decoder.unfinished(S) == 0
        del decoder
        assert gone() is None
    finally:
        gc.enable()


def test_a_gated_body_is_let_go_of_as_it_is_read() -> None:
    """Its reader asks for what there is, and not once more to learn that it was all."""
    decoder = ready("S: +OK\nC: RETR 1\nS: +OK")
    decoder.gated.add(S)
    piece = b"A line of a body.\r\n" * 5000
    tracemalloc.start()
    try:
        for _ in range(200):
            decoder.append(S, piece)
            while decoder.unfinished(S) > len(b"\r\n"):
                assert decoder.next()
        assert tracemalloc.get_traced_memory()[1] < MEGABYTE
    finally:
        tracemalloc.stop()
