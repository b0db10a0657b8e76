"""A conversation, and which of its exchanges a filter means."""

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from functools import cache

from logs.dialogue import CLIENT, SERVER, chunks
from pop3spy.filters.expression import Filter, compile_filter
from pop3spy.protocol.frames import Frame, Side
from pop3spy.session.chunk import Chunk
from pop3spy.session.deeds import in_words
from pop3spy.session.events import Answered, Heard, Intervened, Told, Unanswered
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Exchange, Session
from pop3spy.session.reading import Reading

SAID = r"""
    S: +OK ready
    C: CAPA
    S: -ERR no such thing
    C: USER Bob
    S: +OK
    C: PASS sesame123
    S(0.25): -ERR [IN-USE] sesame123 is not the password
    C: USER Bob
    S: +OK
    C: PASS open*sesame
    S: +OK 2 messages
    C: LIST
    S: +OK 2 messages (320 octets)
    1 120
    2 200
    .
    C: RETR 1
    S: +OK 120 octets
    S(1.5): Subject: found nowhere

    text
    .
    C: TOP 2 0
    S: -ERR [SYS/TEMP] try again\tlater
    C: DELE 2
    S: +OK gone \x1b[1m
    C: XYZZY open*sesame
    S: -ERR unknown
    C: UIDL 12
"""
"""Exchanges 1 to 11; the last gets no reply, and the last but one has a verb that nobody knows."""
ALL = tuple(range(1, 12))


def play(said: str, publish: Callable[[Told], None], number: int = 3) -> None:
    reading, at = Reading(number, CLIENT, SERVER, 0.0, publish), 0.0
    for side, wait, data in chunks(said):
        at += wait
        reading.append(Chunk(side, data, at))
        reading.read_all()
    for side in Side:
        reading.close(side)
    reading.end(at + 0.001, Ending(How.CLIENT_CLOSED))


def did(heard: Heard, by: str, what: str, sent: Frame | None = None) -> Intervened:
    """Return the event that a gate did *what* about what was *heard*."""
    exchange, done = heard.exchange, in_words(what)
    return Intervened(heard.session, heard.at, heard.frame, by, done, sent, exchange=exchange)


def numbers(wanted: Filter | str, said: str = SAID) -> tuple[int, ...]:
    """Return the numbers of the exchanges that a filter means, in the order in which they ended."""
    judge = compile_filter(wanted) if isinstance(wanted, str) else wanted
    found: list[int] = []

    def look(event: Told) -> None:
        if isinstance(event, Answered | Unanswered) and judge.means(event.session, event.exchange):
            found.append(event.exchange.number)

    play(said, look)
    return tuple(found)


@cache
def ended() -> Sequence[tuple[Session, Exchange]]:
    """Return each exchange as it was when it ended, and its session as it was then."""
    found: list[tuple[Session, Exchange]] = []

    def look(event: Told) -> None:
        if isinstance(event, Answered | Unanswered):
            found.append(deepcopy((event.session, event.exchange)))

    play(SAID, look)
    return found


def others(some: Iterable[int]) -> tuple[int, ...]:
    return tuple(number for number in ALL if number not in set(some))
