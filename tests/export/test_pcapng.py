"""Packets that any reader of pcapng takes, and what they hold."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.packets import Packet, conversation, read
from export.playing import LOGGED_IN, SOURCE, exported, session, stream_exporter, told_to
from export.test_dialogue import WHOLE_SESSION
from pop3spy.export.segments import LONGEST, Flags, checksum
from pop3spy.protocol.frames import Side
from pop3spy.session.how import Closing, How
from pop3spy.session.model import Peer

ACK, FIN, PSH, RST, SYN = Flags.ACK, Flags.FIN, Flags.PSH, Flags.RST, Flags.SYN
NAMES = Peer("client", 0), Peer("mail.example.org", 995)


def packets(script: str, *, end: How | None = How.QUIT) -> list[Packet]:
    return read(exported("pcapng", script, end=end))


def test_a_line_is_a_segment_and_all_octets_are_there() -> None:
    found = packets(WHOLE_SESSION)
    said = conversation(found)
    assert said["C"] == b"USER bob\r\nPASS ********\r\nUIDL\r\nRETR 1\r\nQUIT\r\n"
    assert said["S"].startswith(b"+OK POP3 ready\r\n+OK\r\n+OK\r\n+OK\r\n1 0001ab\r\n.\r\n+OK 83")
    data = [packet.data for packet in found if packet.data]
    assert data[:5] == [
        b"+OK POP3 ready\r\n",
        b"USER bob\r\n",
        b"+OK\r\n",
        b"PASS ********\r\n",
        b"+OK\r\n",
    ]
    assert data[-2:] == [b"QUIT\r\n", b"+OK bye\r\n"]


def test_times_are_those_of_the_recording() -> None:
    found = packets("S: +OK")
    start = int(SOURCE.started.timestamp() * 1e6)
    assert [packet.micros - start for packet in found if packet.data] == [1_001_200]


def test_comments_tell_states_latencies_and_endings() -> None:
    found = packets(LOGGED_IN + "C: LIST\nS: +OK\n1 2\n.\nC: QUIT\nS: +OK")
    assert [comment for packet in found for comment in packet.comments] == [
        "session 1: 127.0.0.1:50312 → mail.example.org:110",
        "exchange 1 in AUTHORIZATION",
        "exchange 1: reply after 0.001200 s, AUTHORIZATION → USER_GIVEN",
        "exchange 2 in USER_GIVEN",
        "exchange 2: reply after 0.001200 s, USER_GIVEN → TRANSACTION",
        "exchange 3 in TRANSACTION",
        "exchange 3: reply after 0.001200 s, ended after 0.001200 s",
        "exchange 4 in TRANSACTION",
        "exchange 4: reply after 0.001200 s, TRANSACTION → UPDATE",
        "session 1 ended: quit",
    ]
    ends = [packet.data for packet in found if any("reply" in text for text in packet.comments)]
    assert ends == [b"+OK\r\n", b"+OK\r\n", b".\r\n", b"+OK\r\n"]


def test_what_went_wrong_is_in_the_comments() -> None:
    found = packets("S: +OK\nC: *ENV 1\nS: +OK\nx\nC: NOOP\nC: NOOP", end=How.TIMEOUT)
    comments = " ".join(comment for packet in found for comment in packet.comments)
    assert "broke off, not allowed in AUTHORIZATION" in comments
    assert "exchange 2 in AUTHORIZATION, pipelined" in comments
    assert "session 1 ended: timeout; 2 commands without a reply" in comments


def test_what_is_wrong_with_a_reply_is_in_its_comment() -> None:
    found = packets(LOGGED_IN + "C: STAT\nS: OK 2 320\nC: LIST 2\nS: +OK\n1 2\n2 2\n.")
    comments = [(packet.data, comment) for packet in found for comment in packet.comments]
    assert (
        b"OK 2 320\r\n",
        "exchange 3: reply after 0.001200 s, the reply to STAT was no status line",
    ) in comments
    assert any(
        data == b".\r\n" and comment.endswith(", a listing where one line answers LIST")
        for data, comment in comments
    )


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (How.QUIT, [(110, FIN | ACK), (50312, FIN | ACK), (110, ACK)]),
        (How.SERVER_CLOSED, [(110, FIN | ACK), (50312, FIN | ACK), (110, ACK)]),
        (How.CLIENT_CLOSED, [(50312, FIN | ACK), (110, FIN | ACK), (50312, ACK)]),
        (How.CLIENT_RESET, [(50312, RST | ACK)]),
        (How.SERVER_RESET, [(110, RST | ACK)]),
        (How.UNREACHABLE, [(110, RST | ACK)]),
        (How.CUT, [(50312, ACK)]),
        (None, []),
    ],
)
def test_a_connection_begins_and_ends_as_it_did(
    how: How | None, expected: list[tuple[int, Flags]]
) -> None:
    found = [(packet.source[1], packet.flags) for packet in packets("S: +OK", end=how)]
    assert found[:4] == [(50312, SYN), (110, SYN | ACK), (50312, ACK), (110, PSH | ACK)]
    assert found[4:] == expected


def closing_packets(
    *closings: tuple[Side, float, bool], end: How = How.SERVER_CLOSED
) -> list[tuple[int, int, Flags]]:
    """Return port, seconds and flags of what stands behind a greeting."""
    exporter, stream = stream_exporter("pcapng")
    play = session(told_to(exporter), "S: +OK", end=None)
    for side, at, reset in closings:
        play.reading.side_closed(Closing(side, at, reset=reset))
        play.at = at
    play.end(end)
    exporter.close()
    start = SOURCE.started.timestamp()
    found = read(stream.getvalue())[4:]
    assert any(text.startswith("session 1 ended: ") for p in found for text in p.comments)
    return [(p.source[1], round(p.micros / 1e6 - start), p.flags) for p in found]


C, S = Side


@pytest.mark.parametrize(
    ("closings", "end", "expected"),
    [
        pytest.param(
            [(S, 5.0, False), (C, 9.0, False)],
            How.SERVER_CLOSED,
            [(110, 5, FIN | ACK), (50312, 9, FIN | ACK), (110, 9, ACK)],
            id="both",
        ),
        pytest.param(
            [(C, 5.0, False)],
            How.CLIENT_CLOSED,
            [(50312, 5, FIN | ACK), (110, 5, FIN | ACK), (50312, 5, ACK)],
            id="the other's is not known",
        ),
        pytest.param(
            [(S, 5.0, False), (C, 9.0, True)],
            How.SERVER_CLOSED,
            [(110, 5, FIN | ACK), (50312, 9, RST | ACK)],
            id="a reset behind a FIN",
        ),
        pytest.param(
            [(C, 5.0, True)], How.CLIENT_RESET, [(50312, 5, RST | ACK)], id="a reset alone"
        ),
        pytest.param(
            [(S, 5.0, False)],
            How.CUT,
            [(110, 5, FIN | ACK), (50312, 5, ACK)],
            id="a recording that ends half closed",
        ),
    ],
)
def test_each_side_closes_when_it_did(
    closings: list[tuple[Side, float, bool]], end: How, expected: list[tuple[int, int, Flags]]
) -> None:
    assert closing_packets(*closings, end=end) == expected


def test_a_large_body_is_cut_into_segments() -> None:
    found = packets(LOGGED_IN + f"C: RETR 1\nS: +OK\n{'x' * 4000}\n.")
    assert max(len(packet.data) for packet in found) == LONGEST
    assert b"x" * 4000 + b"\r\n.\r\n" in conversation(found)["S"]


def test_how_a_body_was_cut_in_one_read_changes_no_packet() -> None:
    """The decoder keeps back what may begin the end, so a capture has it as a part of its own."""
    body = b"x" * 1500 + b"\r\n"
    found = []
    for parts in ([body + b".\r\n"], [body[:7], body[7:-2], body[-2:], b".\r\n"]):
        exporter, stream = stream_exporter("pcapng")
        play = session(told_to(exporter), LOGGED_IN + "C: RETR 1\nS: +OK", end=None)
        for part in parts:
            play.say(Side.SERVER, part, 0.0)
        exporter.close()
        found.append(stream.getvalue())
    assert found[0] == found[1]
    assert [len(packet.data) for packet in read(found[0])][-3:] == [LONGEST, 42, 3]


def test_a_failure_to_read_is_told() -> None:
    exporter, stream = stream_exporter("pcapng")
    play = session(told_to(exporter), "S: +OK", end=None)
    play.reading.blind(1.0, "a gap\n")
    play.end(How.CLIENT_CLOSED)
    exporter.close()
    assert read(stream.getvalue())[-3].comments == [
        "nothing more was read: a gap\\n",
        "session 1 ended: client closed",
    ]


# -- addresses ------------------------------------------------------------------------------------


def hosts(*pairs: tuple[Peer, Peer], strict: bool = False) -> list[tuple[str, int, str, int]]:
    """Return client and server of the first packet of each session."""
    exporter, stream = stream_exporter("pcapng")
    for number, peers in enumerate(pairs, start=1):
        session(told_to(exporter), "S: +OK", number=number, peers=peers, strict=strict)
    exporter.close()
    return [
        (str(ip_address(client)), port, str(ip_address(server)), at)
        for packet in read(stream.getvalue())
        if packet.flags == SYN
        for (client, port), (server, at) in [(packet.source, packet.target)]
    ]


def test_addresses_are_kept_and_the_server_is_on_port_110() -> None:
    assert hosts((Peer("10.0.0.1", 4000), Peer("10.0.0.2", 995))) == [
        ("10.0.0.1", 4000, "10.0.0.2", 110)
    ]


def test_ipv6_is_kept() -> None:
    assert hosts((Peer("fe80::1%eth0", 4000), Peer("::1", 110))) == [("fe80::1", 4000, "::1", 110)]


def test_a_name_beside_ipv6_has_an_address_of_ipv6() -> None:
    assert hosts((Peer("::1", 4000), NAMES[1]), (Peer("10.0.0.1", 1), Peer("::1", 2))) == [
        ("::1", 4000, "2001:db8::1", 110),
        (str(ip_address("::ffff:10.0.0.1")), 1, "::1", 110),
    ]


def test_a_name_has_the_same_address_everywhere() -> None:
    other = Peer("other\x1b\n" + "x" * 9000, 110)
    found = hosts(NAMES, (NAMES[0], other), NAMES)
    assert found == [
        ("192.0.2.1", 49153, "192.0.2.2", 110),
        ("192.0.2.1", 49154, "192.0.2.3", 110),
        ("192.0.2.1", 49155, "192.0.2.2", 110),
    ]


def test_hidden_peers_stay_hidden() -> None:
    peers = Peer("10.9.8.7", 4321), Peer("10.9.8.6", 110)
    assert hosts(peers, strict=True) == [("192.0.2.1", 49153, "192.0.2.2", 110)]


def test_many_names_find_an_address_each_or_share_one() -> None:
    found = hosts(*((Peer(f"c{number}", 0), Peer("s", 0)) for number in range(800)))
    assert len({(client, port) for client, port, _, _ in found}) == 800
    assert all(client.startswith(("192.0.2.", "198.51.100.", "203.0.113.")) for client, *_ in found)


def test_a_port_that_is_used_again_is_a_new_connection() -> None:
    exporter, stream = stream_exporter("pcapng")
    for number in (1, 2):
        session(told_to(exporter), "S: +OK", number=number)
    exporter.close()
    first, second = (packet for packet in read(stream.getvalue()) if packet.flags == SYN)
    assert first.source == second.source
    assert first.seq != second.seq


# -- octets ---------------------------------------------------------------------------------------


@given(st.binary(min_size=1, max_size=99).filter(any))
def test_a_checksum_is_that_of_rfc_1071(data: bytes) -> None:
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    assert checksum(data) == 0xFFFF - total


def test_sequence_numbers_wrap() -> None:
    exporter, stream = stream_exporter("pcapng")
    play = session(
        told_to(exporter), "S: +OK", number=4294, end=None
    )  # 4294 * 1000003 is beyond 2**32
    play.say(Side.CLIENT, b"NOOP\r\n")
    exporter.close()
    assert conversation(read(stream.getvalue()))["C"] == b"NOOP\r\n"


def test_a_comment_has_an_end() -> None:
    exporter, stream = stream_exporter("pcapng")
    session(told_to(exporter), "S: +OK", peers=(Peer("☂" * 9000, 0), NAMES[1]))
    exporter.close()
    assert len(read(stream.getvalue())[0].comments[0].encode()) <= 4000


def test_a_time_that_no_calendar_has_is_that_of_the_start() -> None:
    exporter, stream = stream_exporter("pcapng")
    play = session(told_to(exporter), "S: +OK", end=None)
    play.at = 1e15
    play.say(Side.CLIENT, b"NOOP\r\n")
    exporter.close()
    assert read(stream.getvalue())[-1].micros == int(SOURCE.started.timestamp() * 1e6)
