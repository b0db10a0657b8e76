"""What cannot be known is not said: recordings with gaps, TLS that nobody reads, and floods."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

import pytest

from findings.correct_sessions import Drawn
from findings.doors import ids, judged, on_tape
from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import State
from pop3spy.session.body_scan import MOST_NUL
from pop3spy.session.chunk import Chunk
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.tape import Began, Item, Knew, Missed, Over, Spoke
from pop3spy.session.tls import Tls

CLIENT, SERVER = Side.CLIENT, Side.SERVER
LOGIN: Final = b"+OK ready\r\n", b"USER bob\r\n", b"+OK\r\n", b"PASS tanstaaf\r\n", b"+OK\r\n"
MOST_FINDINGS: Final = 12
SECONDS: Final = 60.0
TLS: Final = {"tls": Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384").facts()}


def session(said: Iterator[tuple[Side, bytes]]) -> Iterator[Item]:
    """Yield a session inside TLS, in which this was *said* behind a login."""
    yield Began(1, 0.0, Peer("192.0.2.10", 50000), Peer("198.51.100.7", 995))
    yield Knew(1, 0.0, TLS)
    at = 0.0
    for number, line in enumerate(LOGIN):
        at += 0.001
        yield Spoke(1, Chunk(CLIENT if number % 2 else SERVER, line, at))
    for side, data in said:
        at += 0.001
        yield Spoke(1, Chunk(side, data, at))
    yield Over(1, at, Ending(How.CUT))


@pytest.mark.parametrize("seed", range(30))
def test_a_session_that_goes_on_in_another_file_is_accused_of_nothing(seed: int) -> None:
    """A rotated recording goes on between two exchanges, and says in which state."""
    random = Random(f"joined {seed}")
    items = list(Drawn(random).tape())
    place = random.choice(list(_between_exchanges(items)))
    first = items[place]
    assert isinstance(first, Spoke)
    number, at = first.session, first.chunk.at
    opened = next(item for item in items if isinstance(item, Began) and item.session == number)
    rest = [item for item in items[place:] if item.session == number]
    known: list[Item] = [
        *(Knew(number, at, TLS), Spoke(number, Chunk(SERVER, LOGIN[0], at))),
        Knew(number, at, {"state": State.TRANSACTION.value}),
    ]
    assert [one.text for _, one in judged([opened, *known, *rest])] == []


def _between_exchanges(items: list[Item]) -> Iterator[int]:
    """Yield where a client that has logged in asks for something."""
    before, turns = CLIENT, 0
    for place, item in enumerate(items):
        if isinstance(item, Began):
            before, turns = CLIENT, 0
        elif isinstance(item, Spoke):
            side = item.chunk.side
            if side is CLIENT and before is SERVER:
                turns += 1
                if turns > LOGIN.count(b"+OK\r\n") + 1:  # ... and CAPA
                    yield place
            before = side


@pytest.mark.parametrize("seed", range(30))
def test_a_gap_accuses_nobody(seed: int) -> None:
    random = Random(f"gap {seed}")
    items = list(Drawn(random).tape())
    said = [place for place, item in enumerate(items) if isinstance(item, Spoke)]
    place = random.choice(said)
    lost = items[place]
    assert isinstance(lost, Spoke)
    later = lost.chunk.at + random.choice([0.0, 70.0, 7000.0])
    missed = Missed(lost.session, later, "some octets are not there", len(lost.chunk.data))
    behind = [item for item in items[place + 1 :] if item.session != lost.session]
    over = Over(lost.session, later, Ending(How.CUT))
    assert [one.text for _, one in judged([*items[:place], missed, over, *behind])] == []


def test_tls_that_nobody_reads_is_accused_of_nothing() -> None:
    hello = b"\x16\x03\x01\x00\x09\x01\x00\x00\x05\x03\x03\x00\x00\x00"
    answer = b"\x16\x03\x03\x00\x09\x02\x00\x00\x05\x03\x03\x00\x00\x00"
    record = b"\x17\x03\x03\x00\x20" + bytes(range(32))

    def said() -> Iterator[Item]:
        yield Began(1, 0.0, Peer("192.0.2.10", 50000), Peer("198.51.100.7", 995))
        for number in range(5000):
            side = CLIENT if number % 2 == 0 else SERVER
            data = (hello, answer)[number] if number < 2 else record
            yield Spoke(1, Chunk(side, data, number / 10))
        yield Over(1, 500.0, Ending(How.CUT))

    assert ids(judged(said())) == []


def test_of_a_message_full_of_nul_it_is_said_that_there_are_at_least_so_many() -> None:
    (few,) = found_of_nul(rf"A: b\r\n\r\n{{\0*{MOST_NUL - 1}}}\r\n")
    assert few.startswith("Message 1 holds 9,999 NUL octets: ")
    (many,) = found_of_nul(rf"A: b\r\n\r\n{{\0*{MOST_NUL + 5}}}\r\n")
    assert many.startswith("Message 1 holds at least 10,000 NUL octets: ")


def found_of_nul(body: str) -> list[str]:
    found = on_tape(f"-- login\nC: RETR 1\nS< +OK\\r\\n{body}.\\r\\n")
    return [finding.text for _, finding in found if finding.id == "nul-in-message"]


# -- floods -------------------------------------------------------------------------------------

MESSAGES: Final = 100_000
PIECE: Final = b"x" * 1000
Said = Iterator[tuple[Side, bytes]]


def many_messages() -> Said:
    """List 100,000 messages and ask for 2,000 of them."""
    yield CLIENT, b"STAT\r\n"
    yield SERVER, b"+OK %d %d\r\n" % (MESSAGES, 11 * MESSAGES)
    for verb, line in ((b"LIST\r\n", b"%d 11\r\n"), (b"UIDL\r\n", b"%d id\r\n")):
        yield CLIENT, verb
        yield SERVER, b"+OK\r\n"
        for start in range(1, MESSAGES + 1, 1000):
            numbers = range(start, start + 1000)
            yield SERVER, b"".join(line.replace(b"id", b"id%d" % n) % n for n in numbers)
        yield SERVER, b".\r\n"
    for number in range(1, 2_001):
        yield CLIENT, b"RETR %d\r\n" % number
        yield SERVER, b"+OK\r\nA: b\r\n\r\nx\r\n.\r\n"


def endless_message() -> Said:
    yield CLIENT, b"RETR 1\r\n"
    yield SERVER, b"+OK\r\nA: b\r\n\r\n"
    for _ in range(500):
        yield SERVER, b"a line of text\r\n" * 2000


def endless_line() -> Said:
    yield CLIENT, b"STAT\r\n"
    yield SERVER, b"+OK 1 "
    for _ in range(10_000):
        yield SERVER, PIECE


def endless_junk() -> Said:
    for number in range(5_000):
        yield SERVER, b"* what %d\r\n" % number


def endless_questions() -> Said:
    for number in range(5_000):
        yield CLIENT, b"NOOP\r\nRETR %d\r\n" % number


def endless_challenges() -> Said:
    yield CLIENT, b"AUTH PLAIN\r\n"
    for _ in range(3_000):
        yield SERVER, b"+ AAAA\r\n"
        yield CLIENT, b"AAAA\r\n"


def endless_refusals() -> Said:
    for number in range(3_000):
        yield CLIENT, b"DELE %d\r\n" % (number + 1)
        yield SERVER, b"-ERR no such message\r\n"


FLOODS: Final = {
    many_messages: 90,
    endless_message: 2,
    endless_line: 2,
    endless_junk: 2,
    endless_questions: 8,
    endless_challenges: 2,
    endless_refusals: 4,
}
"""What comes, and how many MiB may be kept of it at most: listings are, up to their bound."""


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.__name__)
def test_a_flood_is_judged_in_bounded_memory_and_time(flood: Callable[[], Said]) -> None:
    """The items are made as they are read, so what is kept is the judges' own."""
    began = time.process_time()
    tracemalloc.start()
    try:
        found = judged(session(flood()))
        kept = tracemalloc.get_traced_memory()[1] / (1 << 20)
    finally:
        tracemalloc.stop()
    assert len(found) < MOST_FINDINGS
    assert kept < FLOODS[flood]
    assert time.process_time() - began < SECONDS
