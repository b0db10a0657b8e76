"""TCP as a capture has it: twice, late, cut, lost; and how connections begin and end."""

import pytest

from capture.packets.talk import (
    BEGAN,
    CLOSED,
    CUT,
    SESSION,
    Short,
    Talk,
    closings,
    heard,
    octets,
    opened,
    session,
    shortly,
)
from capture.packets.wire import (
    ACK,
    CLIENT,
    FIN,
    RAW,
    RST,
    SYN,
    Packet,
    ip,
    pcap,
    tcp,
    timed,
)
from pop3spy.capture.pcap.connection import PATIENCE
from pop3spy.errors import Unreached
from pop3spy.protocol.frames import Side
from pop3spy.session.how import How
from pop3spy.session.tape import Missed, Over

GREETING = b"+OK ready\r\n"


def greeted() -> Talk:
    return Talk().open().server(GREETING)


GREETED: list[Short] = [BEGAN, ("S", GREETING)]


@pytest.mark.parametrize(
    ("talk", "told"),
    [
        pytest.param(greeted().again(3), [], id="again"),
        pytest.param(greeted().again(0).again(1).again(2).again(3), [], id="all again"),
        pytest.param(greeted().client(b"NOOP\r\n").again(4), [("C", b"NOOP\r\n")], id="command"),
        pytest.param(greeted().segment(1, -3, b"y\r\nno"), [("S", b"no")], id="overlap"),
        pytest.param(greeted().segment(1, -11, b"-ERR forge\n"), [], id="first copy"),
        pytest.param(greeted().segment(1, -1, b""), [], id="keep-alive"),
        pytest.param(greeted().segment(1, -1, b"\0"), [], id="keep-alive with an octet"),
        pytest.param(
            greeted().client(b"a").client(b"b").client(b"c").late(5).late(4),
            [("C", b"a"), ("C", b"b"), ("C", b"c")],
            id="out of order",
        ),
        pytest.param(
            greeted().segment(0, 4, b"EF").segment(0, 2, b"CDxx").segment(0, 0, b"ABxxxx"),
            [("C", b"AB"), ("C", b"CD"), ("C", b"EF")],
            id="overlap that waits",
        ),
        pytest.param(
            greeted().segment(0, 1, b"B").segment(0, 3, b"D").segment(0, 0, b"abcde"),
            [("C", b"a"), ("C", b"B"), ("C", b"c"), ("C", b"D"), ("C", b"e")],
            id="overlap on both sides",
        ),
        pytest.param(greeted().segment(0, 1 << 30, b"x"), [], id="beyond every window"),
    ],
)
def test_segments_in_every_state(talk: Talk, told: list[Short]) -> None:
    assert heard(talk.packets) == [*GREETED, *told, CUT]


@pytest.mark.parametrize(
    "seqs", [(0xFFFFFFFF, 0xFFFFFFFE), (0xFFFFFFF5, 0xFFFFFFF8), (0x7FFFFFFF, 0x80000000)]
)
def test_sequence_numbers_wrap_around(seqs: tuple[int, int]) -> None:
    talk = Talk(seqs=seqs).open().server(GREETING).client(b"NOOP\r\n").server(b"+OK\r\n" * 9)
    talk.client(b"QUIT\r\n").server(b"+OK bye\r\n").late(3).close()
    told = heard(talk.packets)
    assert octets(told, Side.SERVER) == GREETING + b"+OK\r\n" * 9 + b"+OK bye\r\n"
    assert octets(told, Side.CLIENT) == b"NOOP\r\nQUIT\r\n"
    assert told[-1] == CLOSED


def test_a_reply_that_comes_late_still_stands_before_what_its_reader_said() -> None:
    talk = greeted().client(b"NOOP\r\n").server(b"+OK\r\n").client(b"QUIT\r\n").late(5)
    assert heard(talk.packets)[2:-1] == [("C", b"NOOP\r\n"), ("S", b"+OK\r\n"), ("C", b"QUIT\r\n")]


def test_a_command_sent_again_with_a_later_acknowledgement_does_not_wait_for_its_reply() -> None:
    talk = greeted().lost(0, b"NOOP\r\n").server(b"+OK\r\n").segment(0, -6, b"NOOP\r\n")
    assert heard(talk.packets) == [*GREETED, ("C", b"NOOP\r\n"), ("S", b"+OK\r\n"), CUT]


# -- what is lost -----------------------------------------------------------------------------


def test_a_lost_reply_is_missed_before_anything_is_said_behind_it() -> None:
    talk = greeted().client(b"NOOP\r\n").lost(1, b"+OK\r\n").client(b"QUIT\r\n")
    talk.server(b"+OK bye\r\n").close()
    assert heard(talk.packets) == [
        *GREETED,
        ("C", b"NOOP\r\n"),
        ("missed", 5),
        ("C", b"QUIT\r\n"),
        ("S", b"+OK bye\r\n"),
        CLOSED,
    ]


def test_a_lost_reply_is_given_up_when_it_was_acknowledged_some_packets_ago() -> None:
    talk = greeted().client(b"NOOP\r\n").lost(1, b"+OK\r\n")
    before = len(talk.packets)
    for _ in range(PATIENCE + 5):
        talk.ack(0)
    items = list(opened(pcap(timed(talk.packets, step=10**9), RAW)))
    assert shortly(items)[3:] == [("missed", 5), CUT]
    assert isinstance(items[3], Missed)
    assert items[3].at == before + PATIENCE
    assert items[3].why == "5 octets of the server are not in the capture"


def test_a_lost_segment_that_nobody_acknowledged_is_given_up_when_much_waits_behind_it() -> None:
    talk = greeted().client(b"RETR 1\r\n").lost(1, b"+OK\r\n")
    for _ in range(80):
        talk.segment(1, 0, b"x" * 60000, ACK)
        talk._seqs[1] += 60000
    told = heard(talk.packets)
    assert told[3] == ("missed", 5)
    assert octets(told[4:], Side.SERVER) == b"x" * 60000 * 80


def test_a_lost_segment_that_nobody_acknowledged_is_told_at_the_end() -> None:
    talk = greeted().segment(1, 3, b"abc")
    assert heard(talk.packets) == [*GREETED, ("missed", 3), ("S", b"abc"), CUT]


def test_every_gap_is_told() -> None:
    talk = greeted().client(b"RETR 1\r\n")
    for number in range(5):
        talk.lost(1, b"lost!").server(b"%d" % number).ack(0)
    assert heard(talk.close().packets)[3:] == [
        *[short for n in range(5) for short in (("missed", 5), ("S", b"%d" % n))],
        CLOSED,
    ]


def test_a_capture_of_one_direction_tells_what_the_other_must_have_said() -> None:
    talk = session()
    talk.packets = [packet for packet in talk.packets if packet[12:16] == bytes((192, 0, 2, 1))]
    assert heard(talk.packets) == [
        BEGAN,
        ("missed", 11),
        ("C", b"QUIT\r\n"),
        ("missed", 10),  # with the FIN, which could be an octet
        CUT,
    ]


def test_a_packet_cut_at_capture_leaves_a_gap() -> None:
    talk = session()
    packets = timed(talk.packets)
    cut = packets[3]
    packets[3] = Packet(cut.data[:44], cut.time, len(cut.data))
    assert shortly(opened(pcap(packets, RAW))) == [
        BEGAN,
        ("S", b"+OK "),
        ("missed", 7),
        *SESSION[2:],
    ]


@pytest.mark.parametrize("cut", [20, 30, 40])
def test_a_capture_of_headers_only_tells_how_much_was_said(cut: int) -> None:
    packets = [Packet(p.data[:cut], p.time, len(p.data)) for p in timed(session().packets)]
    told = shortly(opened(pcap(packets, RAW)))
    if cut < 40:
        assert told == []
    else:
        assert told == [BEGAN, ("missed", 6), ("missed", 20), CLOSED]


# -- how it begins ----------------------------------------------------------------------------


def without(talk: Talk, *indexes: int) -> list[bytes]:
    return [packet for index, packet in enumerate(talk.packets) if index not in indexes]


@pytest.mark.parametrize(
    ("lost", "first"),
    [
        pytest.param((1,), [], id="SYN ACK"),
        pytest.param((2,), [], id="ACK"),
        pytest.param((0,), [], id="SYN"),
        pytest.param((0, 2), [], id="SYN and ACK"),
        pytest.param((1, 2), [("missed", None)], id="SYN ACK and ACK"),
        pytest.param((0, 1), [("missed", None)], id="SYN and SYN ACK"),
        pytest.param((0, 1, 2), [("missed", None)], id="all three"),
    ],
)
def test_a_handshake_that_was_not_captured_whole(lost: tuple[int, ...], first: list[Short]) -> None:
    assert heard(without(session(), *lost)) == [BEGAN, *first, *SESSION[1:]]


def test_a_session_caught_in_the_middle() -> None:
    items = list(opened(pcap(timed(session().packets[4:]), RAW)))
    assert shortly(items) == [BEGAN, ("missed", None), *SESSION[2:]]
    assert isinstance(items[1], Missed)
    assert items[1].why == "the capture begins in the middle of this session"


def test_a_session_caught_in_the_middle_of_a_reply() -> None:
    assert heard(session().packets[5:]) == [BEGAN, ("missed", None), *SESSION[3:]]


@pytest.mark.parametrize("flags", [ACK, FIN | ACK, RST, RST | ACK], ids=str)
def test_the_last_packets_of_an_earlier_session_are_none(flags: int) -> None:
    assert heard(Talk().segment(0, 0, b"", flags).packets) == []


def test_octets_in_the_first_packet_are_octets() -> None:
    """TCP Fast Open (RFC 7413)."""
    talk = Talk()
    talk.segment(0, 0, b"CAPA\r\n", SYN)
    talk._seqs[0] += 7
    talk._send(1, SYN | ACK).server(GREETING)
    assert heard(talk.packets) == [BEGAN, ("C", b"CAPA\r\n"), ("S", GREETING), CUT]


def test_ports_are_used_again() -> None:
    first, second = session(), session()
    second._seqs = [90000, 80000]
    again = Talk(seqs=(90000, 80000)).open().server(GREETING)
    assert heard(first.packets + again.packets) == [*SESSION, *GREETED, CUT]


def test_ports_are_used_again_although_no_end_was_captured() -> None:
    again = Talk(seqs=(90000, 80000)).open().server(GREETING)
    items = list(opened(pcap(timed(greeted().packets + again.packets), RAW)))
    assert shortly(items) == [*GREETED, CUT, *GREETED, CUT]
    assert isinstance(items[2], Over)
    assert items[2].ending.why == "its end is not in the capture, and its ports were used again"
    assert items[2].session == 1
    assert items[3].session == 2


def test_sessions_at_the_same_time_are_told_apart() -> None:
    one, two = session(50000).packets, session(50001).packets
    items = list(opened(pcap(timed([p for pair in zip(one, two, strict=True) for p in pair]), RAW)))
    first, second = ([item for item in items if item.session == n] for n in (1, 2))
    assert shortly(first) == SESSION
    assert shortly(second)[1:] == SESSION[1:]


# -- how it ends ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("talk", "how"),
    [
        pytest.param(greeted().fin(0).fin(1), How.CLIENT_CLOSED, id="client"),
        pytest.param(greeted().fin(1).fin(0), How.SERVER_CLOSED, id="server"),
        pytest.param(
            greeted().fin(0).again(4).fin(1).again(5).ack(0), How.CLIENT_CLOSED, id="again"
        ),
        pytest.param(greeted().fin(0).fin(1).late(4), How.SERVER_CLOSED, id="late"),
        pytest.param(greeted().rst(0), How.CLIENT_RESET, id="client resets"),
        pytest.param(greeted().rst(1), How.SERVER_RESET, id="server resets"),
        pytest.param(greeted().fin(0).rst(1), How.CLIENT_CLOSED, id="closed, then reset"),
        pytest.param(greeted().rst(0).rst(0).rst(1), How.CLIENT_RESET, id="reset again"),
        pytest.param(greeted().fin(0), How.CUT, id="half"),
        pytest.param(greeted(), How.CUT, id="open"),
    ],
)
def test_how_it_ends(talk: Talk, how: How) -> None:
    assert heard(talk.packets) == [*GREETED, ("over", how)]


def test_a_side_that_closed_may_still_hear() -> None:
    talk = greeted().client(b"QUIT\r\n").fin(0).server(b"+OK bye\r\n").fin(1)
    assert heard(talk.packets) == SESSION


def test_a_fin_that_comes_before_the_last_octets() -> None:
    talk = greeted().client(b"QUIT\r\n").server(b"+OK bye\r\n").close().late(5)
    assert heard(talk.packets) == SESSION


@pytest.mark.parametrize(
    ("talk", "told"),
    [
        pytest.param(greeted().fin(0).fin(1), ["C 4 fin", "S 5 fin"], id="client first"),
        pytest.param(greeted().fin(1).fin(0), ["S 4 fin", "C 5 fin"], id="server first"),
        pytest.param(greeted().fin(1).ack(0).again(4), ["S 4 fin"], id="half, and again"),
        pytest.param(greeted().rst(0).rst(1), ["C 4 rst"], id="reset"),
        pytest.param(greeted().fin(0).rst(0), ["C 4 fin", "C 5 rst"], id="client changes its mind"),
        pytest.param(greeted().fin(1).rst(0), ["S 4 fin", "C 5 rst"], id="client does not listen"),
        pytest.param(
            greeted().client(b"NOOP\r\n").fin(0).server(b"+OK\r\n").late(4).fin(1),
            ["C 4 fin", "S 7 fin"],
            id="a FIN before the last octets keeps its time",
        ),
        pytest.param(greeted(), [], id="open"),
    ],
)
def test_each_fin_and_rst_is_told_at_its_time(talk: Talk, told: list[str]) -> None:
    assert closings(talk.packets) == told


def test_a_half_close_stands_where_it_was() -> None:
    talk = greeted().client(b"QUIT\r\n").fin(0).server(b"+OK bye\r\n").fin(1)
    items = opened(pcap(timed(talk.packets), RAW))
    assert [type(item).__name__ for item in items][2:] == [
        "Spoke",
        "Closed",
        "Spoke",
        "Closed",
        "Over",
    ]


# -- clients that get no connection -----------------------------------------------------------


def asked(*, again: int = 0, to: int = 110) -> Talk:
    """Return a client that asks for a connection, and *again* so many times."""
    talk = Talk(to=to)._send(0, SYN)
    for _ in range(again):
        talk.again(0)
    return talk


def refused(talk: Talk) -> Talk:
    return talk._send(1, RST | ACK)


def ends(talk: Talk, step: float = 1.0) -> list[tuple[How, str, float]]:
    """Return how the sessions ended, of packets that are *step* seconds apart."""
    items = opened(pcap(timed(talk.packets, step=int(step * 10**9)), RAW))
    return [(i.ending.how, i.ending.why, i.at) for i in items if isinstance(i, Over)]


REFUSED = "the server refused the connection"
SILENT = "the server never answered"


def test_a_connection_that_is_refused() -> None:
    talk = refused(asked())
    assert heard(talk.packets) == [BEGAN, ("over", How.UNREACHABLE)]
    assert ends(talk) == [(How.UNREACHABLE, REFUSED, 1.0)]
    assert closings(talk.packets) == []  # there was nothing to be closed


def reasons(talk: Talk, step: float) -> list[Unreached | None]:
    """Return why there was no connection, of packets that are *step* seconds apart."""
    items = opened(pcap(timed(talk.packets, step=int(step * 10**9)), RAW))
    return [item.ending.unreached for item in items if isinstance(item, Over)]


def test_why_there_is_no_connection_is_told_once_it_is_certain() -> None:
    assert reasons(refused(asked()), 1.0) == [Unreached.REFUSED]
    assert reasons(asked(again=3), 4.0) == [Unreached.UNANSWERED]
    assert reasons(asked(again=3), 2.0) == [None]  # an answer may have come behind the capture


def test_who_is_refused_and_asks_again_makes_one_attempt() -> None:
    """As Windows does, which does not believe it at first."""
    talk = refused(refused(refused(asked()).again(0)).again(0))
    assert ends(talk) == [(How.UNREACHABLE, REFUSED, 1.0)]


def test_a_new_attempt_is_one_of_its_own() -> None:
    talk = refused(asked())
    talk._seqs[0] += 90000
    assert len(ends(refused(talk._send(0, SYN)))) == 2


def test_who_asks_in_vain_again_and_again_makes_one_attempt() -> None:
    assert ends(asked(again=3)) == [(How.UNREACHABLE, SILENT, 3.0)]


def test_who_asked_when_the_capture_was_about_to_end_may_have_been_answered() -> None:
    assert ends(asked(again=1), step=0.4) == [(How.CUT, "the capture ends here", 0.4)]


def test_who_is_answered_at_last_has_a_connection() -> None:
    talk = asked(again=2)._send(1, SYN | ACK)._send(0, ACK).server(GREETING).close()
    assert heard(talk.packets) == [BEGAN, ("S", GREETING), CLOSED]


@pytest.mark.parametrize(("port", "told"), [(110, 1), (995, 1), (8110, 0)])
def test_only_who_asks_for_pop3_is_told_of(port: int, told: int) -> None:
    assert len(ends(refused(asked(to=port)))) == told
    assert len(ends(asked(again=3, to=port))) == told


def test_a_port_that_is_named_is_one_of_pop3() -> None:
    told = heard(refused(asked(to=8110)).packets, 8110)
    assert told[-1] == ("over", How.UNREACHABLE)


def test_a_late_reset_of_an_earlier_connection_ends_nothing() -> None:
    talk = Talk(seqs=(90000, 0x70000000)).open().server(GREETING)
    talk.segment(1, 1 << 25, b"", RST).segment(1, -(1 << 25), b"", RST | ACK)
    talk.segment(0, 1 << 24, b"", RST)
    assert heard(talk.fin(0).fin(1).ack(0).packets) == [*GREETED, CLOSED]


def test_a_reset_may_be_a_little_off() -> None:
    """It has the number that the other side acknowledged, which may be one from a while ago."""
    for off in (-5, 5):
        told = heard(greeted().segment(1, off, b"", RST).packets)
        assert told[-1] == ("over", How.SERVER_RESET)


@pytest.mark.parametrize("off", [-3, -(1 << 20), 1 << 30])
def test_a_late_fin_of_an_earlier_connection_closes_nothing(off: int) -> None:
    talk = greeted().segment(1, off, b"", FIN | ACK).client(b"QUIT\r\n").server(b"+OK bye\r\n")
    assert heard(talk.close().packets) == SESSION


def test_what_comes_behind_the_end_is_nothing() -> None:
    talk = session().client(b"NOOP\r\n").server(b"+OK\r\n").ack(0)
    assert heard(talk.packets) == SESSION


def test_a_fin_that_was_not_captured_is_no_octet_that_was_missed() -> None:
    assert heard(without(session(), 7)) == [*SESSION[:-1], CUT]


def test_one_packet_between_the_same_ports_of_the_same_host() -> None:
    land = [ip(tcp(110, 110, 1, 1, flags, b"x"), CLIENT, CLIENT) for flags in (SYN, ACK, FIN, RST)]
    assert heard([*land, *session().packets])[-5:] == SESSION
