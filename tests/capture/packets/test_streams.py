"""However two streams are cut, mixed up and repeated on their way, the same octets are told."""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.packets.talk import BEGAN, CLOSED, Short, Talk, heard, octets, opened
from capture.packets.wire import RAW, Packet, ipv4_fragments, pcap, pcapng, timed
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Chunk
from pop3spy.session.events import Answered, Event, Unanswered
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Began, Item, Over, Spoke

Turn = tuple[int, bytes]
"""Which side, and what it says in one segment."""

turns = st.lists(
    st.tuples(st.integers(0, 1), st.binary(min_size=1, max_size=12)), min_size=1, max_size=12
)
seqs = st.tuples(*[st.sampled_from((0, 7, 0xFFFFFFF0, 0xFFFFFFFF, 0x7FFFFFF8))] * 2)


def stream(said: list[Turn], side: int) -> bytes:
    return b"".join(data for who, data in said if who == side)


@st.composite
def captured(draw: st.DrawFn, said: list[Turn]) -> list[bytes]:
    """Return the packets of a connection, repeated and late, but none of them lost."""
    talk = Talk(seqs=draw(seqs)).open()
    for side, data in said:
        talk.client(data) if side == 0 else talk.server(data)
    body, talk.packets = talk.packets[3:], talk.packets[:3]
    for packet in body:
        talk.packets += [packet] * draw(st.integers(1, 2))
    talk.packets[3:] = late(talk.packets[3:], draw)
    return talk.close().packets


@given(said=turns, data=st.data())
def test_repeated_and_late_segments_change_nothing(said: list[Turn], data: st.DataObject) -> None:
    told = heard(data.draw(captured(said)))
    assert (told[0], told[-1]) == (BEGAN, CLOSED)
    assert [octets(told, side) for side in Side] == [stream(said, 0), stream(said, 1)]


LOGIN: list[Turn] = [
    (1, b"+OK ready <1.2@example.org>\r\n"),
    (0, b"USER bob\r\n"),
    (1, b"+OK\r\n"),
    (0, b"PASS sesame123\r\n"),
    (1, b"+OK 2 messages\r\n"),
]
BYE: list[Turn] = [(0, b"QUIT\r\n"), (1, b"+OK bye\r\n")]
MAIL = b"Subject: x\r\n\r\n..dots\r\n\xff\x00\r\n" + b"+OK is no reply here\r\n" * 20 + b".\r\n"
SESSIONS: dict[str, list[Turn]] = {
    "mail": [*LOGIN, (0, b"RETR 1\r\n"), (1, b"+OK 471 octets\r\n" + MAIL), *BYE],
    "refused": [*LOGIN[:4], (1, b"-ERR [AUTH] no\r\n"), *BYE],
    "AUTH": [
        LOGIN[0],
        (0, b"AUTH CRAM-MD5\r\n"),
        (1, b"+ PDEuMkBleGFtcGxlLm9yZz4=\r\n"),
        (0, b"Ym9iIDAxMjM0NTY3ODlhYmNkZWY=\r\n"),
        (1, b"+OK in\r\n"),
        *BYE,
    ],
    "pipelining": [
        *LOGIN,
        (0, b"STAT\r\nLIST\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n"),
        (1, b"+OK 1 9\r\n+OK\r\n1 9\r\n.\r\n+OK\r\n" + MAIL + b"+OK\r\n+OK bye\r\n"),
    ],
    "cut off": [*LOGIN, (0, b"RETR 1\r\n"), (1, b"+OK 471 octets\r\n" + MAIL[:99])],
}


def exchanges(tape: Iterable[Item]) -> list[tuple[object, ...]]:
    """Return what was asked and answered, without when."""
    events: list[Event] = []
    play_back(tape, lambda _: events.append)
    found = [event.exchange for event in events if isinstance(event, Answered | Unanswered)]
    return [
        (
            each.line.raw,
            each.status and each.status.raw,
            each.body and (each.body.octets, each.body.stuffed, each.body.complete),
            each.state_before,
            each.state_after,
            each.steps,
        )
        for each in found
    ]


@pytest.mark.parametrize("name", SESSIONS)
@given(data=st.data(), seqs=seqs)
def test_any_segments_of_a_session_in_any_disorder_read_as_the_session(
    name: str, seqs: tuple[int, int], data: st.DataObject
) -> None:
    """Each turn is cut anywhere, some of it comes again with other cuts, all of it out of order."""
    said = SESSIONS[name]
    talk = Talk(seqs=seqs).open()
    for side, turn in said:
        cuts = data.draw(st.sets(st.integers(1, len(turn) - 1), max_size=5))
        for start, end in pairwise([0, *sorted(cuts), len(turn)]):
            (talk.client if side == 0 else talk.server)(turn[start:end])
        for _ in range(data.draw(st.integers(0, 2))):
            start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(turn))] * 2)))
            talk.segment(side, start - len(turn), turn[start:end])
    talk.packets[3:] = late(talk.packets[3:], data.draw)
    told = opened(pcap(timed(talk.close().packets), RAW))
    assert exchanges(told) == exchanges(undisturbed(said))
    assert len(exchanges(undisturbed(said))) > 1


def undisturbed(said: list[Turn]) -> Iterator[Item]:
    peer = Peer("a", 1)
    yield Began(1, 0.0, peer, peer)
    for side, turn in said:
        yield Spoke(1, Chunk(tuple(Side)[side], turn, 0.0))
    yield Over(1, 0.0, Ending(How.CLIENT_CLOSED))


def late(packets: list[bytes], draw: Callable[[st.SearchStrategy[int]], int]) -> list[bytes]:
    """Return *packets* with some of them up to four places late."""
    places = [index + draw(st.integers(0, 4)) for index in range(len(packets))]
    return [packets[index] for index in sorted(range(len(packets)), key=places.__getitem__)]


@given(said=turns, data=st.data())
def test_nobody_speaks_before_what_they_had_heard(said: list[Turn], data: st.DataObject) -> None:
    told = heard(data.draw(captured(said)))
    order = "".join(("CS"[side]) * len(octets) for side, octets in said)
    spoken = "".join(who * len(what) for who, what in told if isinstance(what, bytes))
    assert spoken == order


@given(
    whole=st.binary(min_size=1, max_size=60),
    cuts=st.lists(st.tuples(st.integers(0, 59), st.integers(1, 20)), max_size=12),
    seqs=seqs,
    data=st.data(),
)
def test_any_segments_of_a_stream_give_the_stream(
    whole: bytes, cuts: list[tuple[int, int]], seqs: tuple[int, int], data: st.DataObject
) -> None:
    """They overlap as they like, and what one of them repeats differently does not count."""
    talk = Talk(seqs=seqs).open()
    pieces = [(at, size) for at, size in cuts if at < len(whole)]
    pieces += [(at, 7) for at in range(0, len(whole), 7)]
    for at, size in data.draw(st.permutations(pieces)):
        talk.segment(1, at, whole[at : at + size])
    talk._seqs[1] += len(whole)
    for at, size in pieces:
        talk.segment(1, at - len(whole), b"\0" * len(whole[at : at + size]))
    told = heard(talk.close().packets)
    assert octets(told, Side.SERVER) == whole
    assert told[-1] == CLOSED


@given(said=turns, data=st.data())
def test_what_is_lost_is_missed_and_nothing_else_is(said: list[Turn], data: st.DataObject) -> None:
    talk = Talk().open()
    for side, octets_ in said:
        talk.client(octets_) if side == 0 else talk.server(octets_)
    lost = data.draw(st.sets(st.integers(0, len(said) - 1)))
    packets = [packet for at, packet in enumerate(talk.close().packets) if at - 3 not in lost]
    told = heard(packets)
    missed = sum(what for who, what in told if who == "missed" and isinstance(what, int))
    assert missed == sum(len(said[index][1]) for index in lost)
    kept = [turn for index, turn in enumerate(said) if index not in lost]
    assert [octets(told, side) for side in Side] == [stream(kept, 0), stream(kept, 1)]
    assert told[-1] == CLOSED


@given(said=turns, size=st.sampled_from((8, 16, 24)), data=st.data())
def test_fragments_in_any_order_change_nothing(
    said: list[Turn], size: int, data: st.DataObject
) -> None:
    talk = Talk().open()
    for side, octets_ in said:
        talk.client(octets_) if side == 0 else talk.server(octets_)
    packets: list[bytes] = []
    for name, packet in enumerate(talk.close().packets):
        pieces = ipv4_fragments(packet[20:], size, name)
        packets += [p[:12] + packet[12:20] + p[20:] for p in data.draw(st.permutations(pieces))]
    told = heard(packets)
    assert [octets(told, side) for side in Side] == [stream(said, 0), stream(said, 1)]
    assert told[-1] == CLOSED


@given(said=turns, steps=st.lists(st.integers(0, 10**9), min_size=20, max_size=20))
def test_every_kind_of_file_tells_the_same(said: list[Turn], steps: list[int]) -> None:
    talk = Talk().open()
    for side, octets_ in said:
        talk.client(octets_) if side == 0 else talk.server(octets_)
    times = accumulate(steps, initial=10**18)
    packets = [
        Packet(data, at // 1000 * 1000)
        for data, at in zip(talk.close().packets, times, strict=False)
    ]
    files = [
        *(pcap(packets, RAW, order, nano=nano) for order in "<>" for nano in (False, True)),
        *(pcapng(packets, RAW, order) for order in "<>"),
    ]
    first, *others = (list(opened(file)) for file in files)
    assert all(other == first for other in others)
    times_told = [item.chunk.at for item in first if isinstance(item, Spoke)]
    assert all(a <= b for a, b in pairwise(times_told))


@pytest.mark.parametrize("closer", [0, 1])
@given(data=st.data())
def test_ends_in_any_order_are_the_same_end(closer: int, data: st.DataObject) -> None:
    talk = Talk().open().server(b"+OK\r\n").fin(closer).ack(1 - closer).fin(1 - closer)
    last = talk.packets[3:]
    if data.draw(st.booleans()):
        last = data.draw(st.permutations(last))
    told: list[Short] = heard(talk.packets[:3] + last)
    assert told[1] == ("S", b"+OK\r\n")
    assert told[2:] in ([CLOSED], [("over", How.SERVER_CLOSED)])
