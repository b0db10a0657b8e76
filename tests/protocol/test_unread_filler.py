"""Filler is as long as what it stands for, and read as what that was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue import Said, read
from pop3spy.protocol.frames import CommandLine, Opaque, Side
from pop3spy.protocol.unread_filler import PIECE, UNKNOWN, unread_filler
from pop3spy.protocol.why import Trait, Why

C, S = Side
BEFORE: dict[Why, list[Said]] = {
    Why.SASL_LAYER: [
        (S, b"+OK\r\n"),
        (C, b"AUTH GSSAPI\r\n"),
        (S, b"+ \r\n"),
        (C, b"a\r\n"),
        (S, b"+OK\r\n"),
    ],
    Why.TOO_LONG: [(S, b"+OK\r\n"), (C, b"x" * 16384)],
}
BEHIND_A_LINE: list[Said] = [(S, b"+OK\r\n"), (C, b"NOOP\r\n"), (S, b"+OK\r\n")]
SIZES = {
    Why.TLS: st.integers(3, 3 * PIECE),
    Why.TLS_HEADER: st.just(5),
    Why.SASL_LAYER: st.integers(1, 3 * PIECE),
    Why.TELNET: st.integers(2, 400),
    Why.PROXY: st.integers(16, 16 + 0xFFFF) | st.just(15),
    Why.TOO_LONG: st.integers(1, 3 * PIECE),
}


@pytest.mark.parametrize("why", SIZES)
@given(data=st.data())
def test_filler_is_read_as_what_it_stands_for(why: Why, data: st.DataObject) -> None:
    size = data.draw(SIZES[why])
    before = [] if why is Why.PROXY else BEFORE.get(why, BEHIND_A_LINE)
    talk: list[Said] = [*before, *((C, piece) for piece in unread_filler(why, size))]
    frames = read([*talk, (C, b"QUIT\r\n")])[len(before) :]
    unread = [frame for frame in frames if isinstance(frame, Opaque)]
    lasting = Trait.LASTING in why.traits
    assert {frame.why for frame in unread} == {why}
    assert sum(len(frame.raw) for frame in unread) == size + len(b"QUIT\r\n") * lasting
    assert lasting or isinstance(frames[-1], CommandLine)


OF_A_FEW_SIZES = (Why.TLS_HEADER, Why.PROXY)  # those that they may have are tested above
ANY = [why for why in Why if why not in OF_A_FEW_SIZES]


@given(st.sampled_from(ANY), st.integers(64, 3 * PIECE), st.sampled_from([True, False]))
def test_filler_has_the_size_of_what_it_stands_for(why: Why, octets: int, end: object) -> None:
    filler = b"".join(unread_filler(why, octets, ends_line=end is True))
    assert len(filler) == octets


def test_filler_of_what_was_not_counted_always_has_the_same_size() -> None:
    assert {len(b"".join(unread_filler(why, None))) for why in (Why.TOO_LONG, Why.UNFINISHED)} == {
        UNKNOWN
    }


@pytest.mark.parametrize("ends_line", [True, False])
def test_the_rest_of_a_line_goes_on_where_it_did(*, ends_line: bool) -> None:
    rest = b"".join(unread_filler(Why.TOO_LONG, 9, ends_line=ends_line))
    frames = read([*BEFORE[Why.TOO_LONG], (C, rest), (S, b"+OK\r\n"), (C, b"QUIT\r\n")])
    assert isinstance(frames[-1], CommandLine if ends_line else Opaque)
