"""What nobody reads is counted while it comes in a row, and told once."""

import pytest

from pop3spy.protocol.frames import Frame, Junk, Opaque, Side
from pop3spy.protocol.why import Why
from pop3spy.session.unread import Stretches


def frame(text: str) -> Frame:
    """Return ``C tls 5`` as five unread octets, ``C tls ?`` as some that may hold a secret."""
    side, why, octets = text.split()
    if why == "line":
        return Junk(Side(side), octets.encode(), why=Why.UNASKED)
    counted = None if octets == "?" else int(octets)
    return Opaque(Side(side), b"", why=Why.coded(why), counted=counted)


SECRET = "line without an end, not counted: it may hold a secret"


@pytest.mark.parametrize(
    ("said", "before_the_last", "at_the_end"),
    [
        ("C tls 5, C tls 6", [], ["client: TLS: 11 octets not read"]),
        ("C unfinished 5, C unfinished ?", [], [f"client: {SECRET}"]),
        ("C unfinished ?, C unfinished 5", [], [f"client: {SECRET}"]),
        ("C tls 1, S line hi", [], ["client: TLS: 1 octet not read"]),
        ("C tls 1, C line hi", ["client: TLS: 1 octet not read"], []),
        ("C telnet 1, S line hi", ["client: Telnet negotiation: 1 octet"], []),
        (
            "C tls 1, S tls 2, C tls 4",
            [],
            ["client: TLS: 5 octets not read", "server: TLS: 2 octets not read"],
        ),
        (
            "S telnet 9, S tls 2",
            ["server: Telnet negotiation: 9 octets"],
            ["server: TLS: 2 octets not read"],
        ),
        (
            "C telnet 1, S tls 2",
            ["client: Telnet negotiation: 1 octet"],
            ["server: TLS: 2 octets not read"],
        ),
    ],
)
def test_a_stretch_ends_before_what_is_no_part_of_it(
    said: str, before_the_last: list[str], at_the_end: list[str]
) -> None:
    stretches = Stretches()
    for each in map(frame, said.split(", ")):
        ended = stretches.end_before(each)
        if isinstance(each, Opaque):
            stretches.add(each, 0.0, 0.0)
    assert list(map(str, ended)) == before_the_last
    assert list(map(str, stretches.end())) == at_the_end
    assert not stretches


def test_a_stretch_has_the_times_of_its_first_and_last_octet() -> None:
    stretches = Stretches()
    for first, last in ((0.5, 1.0), (2.5, 2.5), (3.0, 4.0)):
        piece = frame("S tls 2")
        assert isinstance(piece, Opaque)
        began = stretches.add(piece, first, last)
        assert (began is not None) == (first == 0.5)
    (stretch,) = stretches.end()
    assert (stretch.began_at, stretch.ended_at) == (0.5, 4.0)
