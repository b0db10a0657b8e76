"""Which connections are told: by their port, or by what is said on them."""

import pytest

from capture.packets.talk import (
    BEGAN,
    CUT,
    SESSION,
    Short,
    Talk,
    heard,
    opened,
    session,
    shortly,
)
from capture.packets.wire import ACK, CLIENT, RAW, SERVER, SYN, ip, pcap, tcp, timed
from pop3spy.capture.pcap.sessions import CONNECTIONS
from pop3spy.protocol.foreign import PROXY_V2
from pop3spy.session.how import How
from pop3spy.session.tape import Began, Over

ELSEWHERE: Short = ("began", "192.0.2.1:50000 198.51.100.7:8110")


def talk(*said: bytes, to: int = 8110) -> Talk:
    """Return an open connection; what begins with ``>`` the client says, the rest the server."""
    out = Talk(to=to).open()
    for data in said:
        if data.startswith(b">"):
            out.client(data[1:])
        else:
            out.server(data)
    return out


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([b"+OK ready\r\n"], id="greeting"),
        pytest.param([b"+", b"O", b"K", b" ready\r\n"], id="in pieces"),
        pytest.param([b"+ok\r\n"], id="lower case"),
        pytest.param([b"-ERR too many connections\r\n"], id="refusal"),
        pytest.param([b">PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", b"+OK\r\n"], id="PROXY"),
        pytest.param([b">user a\r\nPASS b\r\n", b">STAT\r\n", b"+OK\r\n"], id="spoken ahead"),
        pytest.param([b">CAPA\n", b"+OK\r\n"], id="asked ahead"),
        pytest.param([b">" + PROXY_V2 + b"\x21\x11\0\x02ab", b"+OK\r\n"], id="PROXY 2"),
        pytest.param([b">" + PROXY_V2[:5], b">" + PROXY_V2[5:], b"+OK\r\n"], id="PROXY in pieces"),
    ],
)
def test_a_session_is_known_by_its_greeting(said: list[bytes]) -> None:
    shorts = [("C", data[1:]) if data[:1] == b">" else ("S", data) for data in said]
    assert heard(talk(*said).packets) == [ELSEWHERE, *shorts, CUT]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([b"* OK IMAP4rev1\r\n"], id="IMAP"),
        pytest.param([b"220 ready\r\n", b">EHLO a\r\n"], id="SMTP"),
        pytest.param([b'INFO {"server_id":"a"}\r\n', b">CONNECT {}\r\n", b"+OK\r\n"], id="NATS"),
        pytest.param(
            [b">*1\r\n$4\r\nPING\r\n", b"+PONG\r\n", b">QUIT\r\n", b"+OK\r\n"], id="Redis"
        ),
        pytest.param([b">AUTH secret\r\n", b"+OK\r\n"], id="Redis, by hand"),
        pytest.param([b">USER " + b"a" * 2000 + b"\r\n", b"+OK\r\n"], id="endless ahead"),
        pytest.param([b">USER a\r\n", b"220 ready\r\n"], id="FTP, ahead"),
        pytest.param([b">GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n"], id="HTTP"),
        pytest.param([b">\x16\x03\x01\0\x05hello", b"\x16\x03\x03"], id="TLS"),
        pytest.param([b"+O", b"H\r\n"], id="almost"),
        pytest.param([b">PROXY TCP4 " + b"1" * 2000, b"+OK\r\n"], id="endless PROXY"),
        pytest.param([], id="silence"),
    ],
)
def test_what_does_not_begin_like_pop3_is_passed_over(said: list[bytes]) -> None:
    connection = talk(*said)
    packets = opened(pcap(timed(connection.packets), RAW))
    assert list(packets) == []
    assert packets.notes == [
        f"there is no POP3 session among these {len(connection.packets)} packets"
    ]


def test_what_was_told_to_be_no_session_is_none_until_its_ports_are_used_again() -> None:
    connection = talk(b"220 ready\r\n", b">QUIT\r\n", b"+OK\r\n").close()
    again = session(to=8110)
    assert heard([*connection.packets, *again.packets]) == [ELSEWHERE, *SESSION[1:]]


@pytest.mark.parametrize("port", [110, 995])
def test_on_the_ports_of_pop3_everything_is_told(port: int) -> None:
    hello = b"\x16\x03\x01\0\x05hello"
    told = heard(talk(b">" + hello, to=port).packets)
    assert told == [("began", f"192.0.2.1:50000 198.51.100.7:{port}"), ("C", hello), CUT]


def test_a_port_that_is_named_is_told_whatever_is_said_there_and_no_other() -> None:
    web = talk(b">GET / HTTP/1.1\r\n\r\n", to=8080)
    packets = [*web.packets, *session().packets]
    assert heard(packets, 8080) == [
        ("began", "192.0.2.1:50000 198.51.100.7:8080"),
        ("C", b"GET / HTTP/1.1\r\n\r\n"),
        CUT,
    ]
    assert heard(packets, 110) == SESSION
    none = opened(pcap(timed(packets), RAW), 2110)
    assert list(none) == []
    assert none.notes == [
        f"there is no POP3 session of port 2110 among these {len(packets)} packets"
    ]


def test_a_client_that_comes_from_the_port_is_no_server() -> None:
    assert heard(Talk(110, 8080).open().client(b"GET / HTTP/1.1\r\n\r\n").packets) == []


@pytest.mark.parametrize(
    ("first", "said", "told"),
    [
        pytest.param(3, [b">NOOP\r\n", b"+OK\r\n"], [("S", b"+OK\r\n")], id="command first"),
        pytest.param(
            4, [b">NOOP\r\n", b"+OK 1\r\n", b">LIST\r\n"], [("C", b"LIST\r\n")], id="reply first"
        ),
        pytest.param(
            3,
            [b"Subject: x\r\n", b".\r\n", b">retr 2\r\n", b"-ERR no\r\n"],
            [("S", b"-ERR no\r\n")],
            id="body first",
        ),
    ],
)
def test_in_the_middle_a_session_is_known_by_command_and_reply(
    first: int, said: list[bytes], told: list[Short]
) -> None:
    connection = talk(*said)
    assert heard(connection.packets[first:]) == [ELSEWHERE, ("missed", None), *told, CUT]


def test_in_the_middle_others_are_not_taken_for_pop3() -> None:
    redis = [b">*1\r\n$4\r\nPING\r\n", b"+PONG\r\n", b">*1\r\n$3\r\nSET\r\n", b"+OK\r\n"]
    assert heard(talk(*redis).packets[3:]) == []
    bulk = [b"x" * 100] * 20 + [b">NOOP\r\n", b"+OK\r\n"]
    assert heard(talk(*bulk).packets[3:]) == []


def test_a_lost_greeting_is_made_up_for_by_command_and_reply() -> None:
    connection = talk().lost(1, b"+OK\r\n").client(b"CAPA\r\n").server(b"+OK\r\n.\r\n")
    assert heard(connection.packets) == [ELSEWHERE, ("missed", None), ("S", b"+OK\r\n.\r\n"), CUT]


def test_sessions_are_numbered_as_they_turn_out_to_be_some() -> None:
    late, early = talk(), session()
    packets = [*late.packets, *early.packets]
    late.packets.clear()
    packets += late.server(b"+OK\r\n").close().packets
    items = list(opened(pcap(timed(packets), RAW)))
    begun = [(item.session, item.server.port, item.at) for item in items if isinstance(item, Began)]
    assert begun == [(1, 110, 0.003), (2, 8110, 0.0)]


def syns(count: int, to: int) -> list[bytes]:
    return [
        ip(tcp(number % 60000 + 1, to + number // 60000, number, 0, SYN), CLIENT, SERVER)
        for number in range(count)
    ]


def test_a_scan_of_ports_does_not_push_a_session_out() -> None:
    talking = session().packets
    packets = talking[:4] + syns(CONNECTIONS + 500, 2000) + talking[4:]
    assert heard(packets) == SESSION


def test_of_too_many_sessions_the_oldest_is_let_go() -> None:
    talking = Talk().open().server(b"+OK\r\n")
    items = list(opened(pcap(timed(talking.packets + syns(CONNECTIONS, 110)), RAW)))
    first = [item for item in items if item.session == 1]
    assert shortly(first) == [BEGAN, ("S", b"+OK\r\n"), ("over", How.CUT)]
    assert isinstance(first[-1], Over)
    assert first[-1].ending.why == f"more than {CONNECTIONS:,} connections at once"


def test_connections_that_are_over_are_not_remembered_for_ever() -> None:
    from pop3spy.capture.pcap import sessions  # noqa: PLC0415 - looked into here only

    table = sessions.SessionFinder((), lambda _: None)
    for number in range(sessions.DONE + 10):
        table._remember(number.to_bytes(12))
    assert len(table._done) == sessions.DONE
    assert ACK
