"""TLS in a packet capture: what both sides say in clear before it is told."""

import io

import pytest

from capture.packets.talk import Talk
from capture.packets.wire import RAW, pcap, timed
from pop3spy.capture.packets import read_packets
from pop3spy.protocol.frames import Side
from pop3spy.session.events import Event, Glimpsed
from pop3spy.session.playback import play_back
from protocol.test_hello import HELLO

ANSWER = bytes((3, 3)) + bytes(32) + b"\0" + b"\xc0\x2f" + b"\0"
SERVER_HELLO = b"\x16\x03\x03\0\x2a\2\0\0\x26" + ANSWER
ASKS = "TLS passes unread: the client asks for mail.example.org, TLS 1.3, TLS 1.2, ALPN pop3"
CHOOSES = "TLS passes unread: the server chooses TLS 1.2, ECDHE-RSA-AES128-GCM-SHA256"


def told(talk: Talk) -> list[str]:
    events: list[Event] = []
    play_back(
        read_packets(io.BytesIO(pcap(timed(talk.packets), RAW)), "test"), lambda _: events.append
    )
    return [str(event.glimpse) for event in events if isinstance(event, Glimpsed)]


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_tls_at_once_and_tls_after_stls_are_told_alike(size: int) -> None:
    at_once, later = Talk(to=995).open(), Talk(to=110).open()
    later.server(b"+OK ready\r\n").client(b"STLS\r\n").server(b"+OK go on\r\n")
    for talk in (at_once, later):
        for place in range(0, len(HELLO), size):
            talk.client(HELLO[place : place + size])
        for place in range(0, len(SERVER_HELLO), size):
            talk.server(SERVER_HELLO[place : place + size])
        talk.server(b"\x14\x03\x03\0\1\1")
        assert told(talk.close()) == [ASKS, CHOOSES]


def test_a_server_that_goes_in_the_middle_is_told_as_far_as_it_came() -> None:
    talk = Talk(to=995).open().client(HELLO).server(SERVER_HELLO).close()
    assert told(talk) == [ASKS, CHOOSES]


def test_tls_on_a_plain_port_is_explained() -> None:
    talk = Talk(to=110).open().client(HELLO).server(b"+OK ready\r\n").close()
    asks, misplaced = told(talk)
    assert asks == ASKS
    assert misplaced.startswith("the client begins TLS where the server speaks clear text; let it")
    assert Side.CLIENT.name.lower() in misplaced
