"""What is kept of sessions has a bound, and twenty thousand behind it slow no answer."""

import time
from collections.abc import Iterable

import pytest

from pop3spy.protocol.frames import Side
from pop3spy.session.bus import Bus, NoteReader, Subscriber
from pop3spy.session.chunk import Chunk
from pop3spy.session.finding import Finding, Severity
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.web.kept_sessions import KeptSessions
from security.sinks import talk
from web.inspecting import beside

TALK = talk(
    b"S: +OK ready",
    b"C: USER bob",
    b"S: +OK",
    b"C: PASS tanstaaf",
    b"S: +OK logged in",
    b"C: RETR 1",
    b"S: +OK",
    b"S: Subject: x",
    b"S: .",
    b"C: QUIT",
    b"S: +OK bye",
)
BODY = 200 + len(b"Subject: x\r\n")
"""Octets of the one body of such a session, with what it takes to keep it."""
SESSIONS = 20_000
LEAST = 0.2
"""Seconds in which an answer has to be there."""


def fails(reader: Subscriber | NoteReader, error: Exception) -> None:
    raise AssertionError(reader) from error


def play(kept: KeptSessions, count: int) -> None:
    """Let so many sessions take place, one after the other."""
    bus = Bus(fails)
    bus.subscribe(kept)
    for number in range(1, count + 1):
        reading = begun(bus, number)
        say(reading, TALK)
        reading.end(number + 0.5, Ending(How.QUIT))


def begun(bus: Bus, number: int) -> Reading:
    return Reading(number, Peer("192.0.2.1", 1), Peer("mail", 110), float(number), bus.publish)


def say(reading: Reading, lines: Iterable[tuple[Side, bytes | None]]) -> None:
    for side, data in lines:
        reading.hear(Chunk(Side(side), data or b"", reading.session.opened_at + 0.1))


def test_of_sessions_that_are_over_the_last_are_kept() -> None:
    kept = KeptSessions(ended=10)
    play(kept, 25)
    assert (kept.ended, kept.forgotten) == (25, 15)
    assert kept.numbers == list(range(25, 15, -1))
    assert kept.find(15) is None


def test_as_long_as_they_have_not_too_many_exchanges() -> None:
    kept = KeptSessions(exchanges=10)  # each has four
    play(kept, 5)
    assert kept.numbers == [5, 4]


def test_of_bodies_the_latest_are_kept() -> None:
    kept = KeptSessions(bodies=2 * BODY)
    play(kept, 5)
    assert [number for number in range(1, 6) if kept.body(number, 3)] == [4, 5]
    assert kept.body(5, 3) == b"Subject: x\r\n"
    assert kept.body(5, 1) is None


def test_the_bodies_of_forgotten_sessions_are_forgotten_with_them() -> None:
    kept = KeptSessions(ended=2, bodies=3 * BODY)  # of two, and of the one that goes on
    play(kept, 5)
    assert [number for number in range(1, 6) if kept.body(number, 3)] == [4, 5]


def test_the_latest_of_a_session_that_goes_on_are_kept_before_those_of_earlier_ones() -> None:
    kept, bus = KeptSessions(bodies=3 * BODY), Bus(fails)
    bus.subscribe(kept)
    first, second, third = (begun(bus, number) for number in (1, 2, 3))
    for reading in (first, second, third):
        say(reading, TALK[:-2])
    for _ in range(2):
        say(first, TALK[5:-2])  # the command and its reply
    assert [number for number in (1, 2, 3) if kept.body(number, 3)] == [1]
    assert kept.body(1, 4)
    assert kept.body(1, 5)


PATHS = [
    "/api/snapshot",
    "/api/sessions",
    "/api/sessions?before=10000",
    "/api/sessions/12345",
    "/api/findings",
    "/api/control",
    "/api/sessions?filter=verb%20%3D%20RETR",
]


@pytest.fixture(scope="module")
def crowd() -> KeptSessions:
    kept = KeptSessions(ended=SESSIONS, exchanges=10 * SESSIONS)
    play(kept, SESSIONS)
    for session in kept.all():
        session.keep(
            Finding("x", Severity.WARNING, (), "It is so.", "change it", session.opened_at, 3)
        )
    return kept


@pytest.mark.slow
async def test_twenty_thousand_sessions_slow_no_answer(crowd: KeptSessions) -> None:
    assert len(crowd.numbers) == SESSIONS
    async with beside(crowd) as browser:
        for path in PATHS:
            began = time.process_time()
            answer = await browser.get(path)
            took = time.process_time() - began
            assert (answer.status, took < LEAST) == (200, True), (path, took)
        listed = (await browser.get("/api/sessions?before=101&limit=50")).json
        assert [each["session"] for each in listed["sessions"]] == list(range(100, 50, -1))
        assert listed["more"]
