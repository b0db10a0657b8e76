"""What the network says of a connection that does not come about."""

import pytest

from capture.packets.talk import Talk, opened
from capture.packets.wire import CLIENT, CLIENT_6, RAW, ipv4, ipv6, pcap, timed
from pop3spy.capture.pcap.connection import SYN
from pop3spy.errors import Unreached
from pop3spy.session.tape import Over

ROUTER, ROUTER_6 = "203.0.113.1", "2001:db8::fe"


def about(packet: bytes, kind: int, code: int, *, keep: int = 28) -> bytes:
    """Return a router's message of that type and code about an IPv4 *packet*."""
    message = bytes([kind, code, 0, 0, 0, 0, 0, 0]) + packet[:keep]
    return ipv4(message, ROUTER, CLIENT, protocol=1)


def about_6(packet: bytes, kind: int, code: int) -> bytes:
    """Return a router's message of that type and code about an IPv6 *packet*."""
    message = bytes([kind, code, 0, 0, 0, 0, 0, 0]) + packet
    return ipv6(message, ROUTER_6, CLIENT_6, following=58)


def reasons(*packets: bytes) -> list[Unreached | None]:
    items = opened(pcap(timed(packets, step=10**8), RAW))
    return [item.ending.unreached for item in items if isinstance(item, Over)]


def asked(*, six: bool = False) -> bytes:
    return Talk(six=six)._send(0, SYN).packets[0]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0, Unreached.UNANSWERED),
        (1, Unreached.UNANSWERED),
        (3, Unreached.REFUSED),
        (13, Unreached.UNANSWERED),
        (4, None),  # too large a packet ends no connection
    ],
)
def test_a_message_about_a_syn_says_why_there_is_no_connection(
    code: int, reason: Unreached | None
) -> None:
    assert reasons(asked(), about(asked(), 3, code)) == [reason]


@pytest.mark.parametrize(("code", "reason"), [(0, Unreached.UNANSWERED), (4, Unreached.REFUSED)])
def test_ipv6_has_numbers_of_its_own(code: int, reason: Unreached) -> None:
    assert reasons(asked(six=True), about_6(asked(six=True), 1, code)) == [reason]


def test_a_connection_that_was_answered_is_not_ended_by_a_message() -> None:
    talk = Talk().open()
    assert reasons(*talk.packets, about(talk.packets[0], 3, 1)) == [None]


def test_a_message_about_another_connection_ends_nothing() -> None:
    other = Talk(50001)._send(0, SYN).packets[0]
    assert reasons(asked(), about(other, 3, 3)) == [None]


@pytest.mark.parametrize("keep", range(28))
def test_a_message_that_does_not_hold_all_it_should_says_nothing_or_the_same(keep: int) -> None:
    (reason,) = reasons(asked(), about(asked(), 3, 3, keep=keep))
    assert reason is (Unreached.REFUSED if keep >= 24 else None)  # the ports are enough
