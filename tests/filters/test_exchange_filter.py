"""What a filter means is passed on whole, and nothing else is."""

import io
import tracemalloc
from itertools import pairwise

import pytest

from export.playing import session, told_to
from filters.judged import SAID, did, numbers, play
from pop3spy.filters.exchange_filter import MOST_EVENTS, MOST_OCTETS, ExchangeFilter
from pop3spy.filters.expression import compile_filter
from pop3spy.filters.terms import TERMS
from pop3spy.logs import Transcript
from pop3spy.protocol.frames import BodyPart, Side
from pop3spy.session.bus import Reader
from pop3spy.session.events import Answered, Event, Heard, Intervened
from pop3spy.session.model import HISTORY, Session


def shown(expression: str, said: str = SAID) -> list[str]:
    """Return the rows of a transcript, without its times, from their states on."""
    stream = io.StringIO()
    play(said, told_to(ExchangeFilter(compile_filter(expression), Transcript(stream))))
    return [" ".join(row.split()) for row in stream.getvalue().splitlines()]


def test_of_a_session_the_matching_exchanges_its_beginning_and_its_end_are_shown() -> None:
    *rows, last = (row.split("s3 ")[1] for row in shown("code = IN-USE or verb = DELE"))
    assert last.startswith("└─ closed by the client after 1.78 s: 11 commands, 4 refused")
    assert rows == [
        "┌─ 127.0.0.1:50312 → mail.example.org:110",
        "USER_GIVEN C: PASS ████████",
        "USER_GIVEN S: -ERR [IN-USE] ████████ is not the password 250 ms",
        "TRANSACTION C: DELE 2",
        "TRANSACTION S: +OK gone \\x1b[1m 1.2 ms",
    ]


def test_of_a_session_without_a_match_nothing_is_shown() -> None:
    assert shown("verb = STAT") == []


SASL = """
    S: +OK
    C: AUTH LOGIN
    S: + VXNlcm5hbWU6
    C: Ym9i
    S: + UGFzc3dvcmQ6
    C: c2VzYW1l
    S: +OK
"""


def test_a_line_that_waited_is_shown_in_the_state_in_which_it_was_read() -> None:
    stream = io.StringIO()
    play(SASL, told_to(Transcript(stream)))
    everything = [" ".join(row.split()) for row in stream.getvalue().splitlines()]
    assert shown("duration < 1h", SASL) == [row for row in everything if "GREETING" not in row]


@pytest.mark.parametrize("expression", [term.example for term in TERMS.values()])
def test_what_is_passed_on_is_what_the_filter_means(expression: str) -> None:
    passed: list[int] = []
    said: list[int] = []

    def look(event: Event) -> None:
        if isinstance(event, Heard):
            said.append(event.frame.number)
        elif number := getattr(getattr(event, "exchange", None), "number", 0):
            passed.append(number)

    play(SAID, told_to(ExchangeFilter(compile_filter(expression), lambda _: look)))
    assert tuple(passed) == numbers(expression)
    assert sorted(set(said)) == sorted(passed)


def test_a_command_that_is_meant_is_shown_before_its_reply_comes() -> None:
    events: list[Event] = []
    wanted = compile_filter("verb = STAT")
    play("S: +OK\nC: STAT", told_to(ExchangeFilter(wanted, lambda _: events.append)))
    assert [type(event).__name__ for event in events[:2]] == ["Opened", "Heard"]
    assert events[1].at < events[2].at


BIG = 40
"""Parts of 100,000 octets."""


def download(exchange_filter: ExchangeFilter) -> int:
    """Let *exchange_filter* hear of a large message; return how many octets it took at most."""
    part = "y" * 99_998
    said = f"S: +OK\nC: RETR 1\nS: +OK\n{'S: ' + part}\n" + f"S: {part}\n" * (BIG - 1) + "S: .\n"
    tracemalloc.start()
    try:
        play(said, told_to(exchange_filter))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def parts(expression: str, *, whole: bool) -> int:
    octets: list[int] = []

    def look(event: Event) -> None:
        if isinstance(event, Heard) and isinstance(event.frame, BodyPart):
            octets.append(len(event.frame.raw))

    download(ExchangeFilter(compile_filter(expression), lambda _: look, whole=whole))
    return sum(octets)


def test_of_a_large_reply_only_the_beginning_waits() -> None:
    assert 0 < parts("octets > 1MB", whole=False) <= MOST_OCTETS
    assert parts("octets > 1MB", whole=True) == BIG * 100_000
    assert parts("octets < 1MB", whole=True) == 0
    assert parts("verb = RETR", whole=False) == BIG * 100_000


def test_a_large_message_of_the_client_is_shown_with_its_right_size() -> None:
    said = "S: +OK\nC: USER a\nS: +OK\nC: PASS b\nS: +OK\nC: XTND XMIT\nS: +OK go on\n"
    said += f"C: {'y' * 99_998}\n" * 5 + "C: .\nS: +OK\n"
    rows = "\n".join(shown("octets > 1GB", said))
    assert "message, 500,000 octets on the wire" in rows


def test_an_exchange_that_goes_on_and_on_is_shown_at_some_time() -> None:
    steps = "S: + Pw==\nC: eA==\n" * MOST_EVENTS
    rows = shown("octets > 1GB", f"S: +OK\nC: AUTH LOGIN\n{steps}S: -ERR no\n")
    assert len(rows) > MOST_EVENTS


def test_every_side_and_the_end_of_the_exchange_are_passed_on() -> None:
    events: list[Event] = []
    play(SAID, told_to(ExchangeFilter(compile_filter("verb = RETR"), lambda _: events.append)))
    sides = [event.frame.side for event in events if isinstance(event, Heard)]
    assert sides[:2] == [Side.CLIENT, Side.SERVER]
    assert sum(isinstance(event, Answered) for event in events) == 1


def test_a_line_that_is_no_reply_belongs_to_the_exchange_that_waits_for_one() -> None:
    said = "S: +OK\nC: STAT\nS: huh\nS: +OK 0 0\nC: NOOP\nS: what\nS: +OK"
    rows = [row.split("s3 ")[1] for row in shown("verb = NOOP", said)]
    assert [row.split()[1:3] for row in rows[1:-1]] == [
        ["C:", "NOOP"],
        ["S:", "what"],
        ["S:", "+OK"],
    ]


def test_a_subscriber_hears_of_a_session_only_if_something_of_it_is_meant() -> None:
    begun: list[int] = []

    def subscriber(session: Session) -> Reader | None:
        begun.append(session.id)
        return None

    publish = told_to(ExchangeFilter(compile_filter("verb = STAT"), subscriber))
    play("S: +OK\nC: NOOP\nS: +OK", publish, 1)
    play("S: +OK\nC: STAT\nS: +OK 0 0\nC: STAT\nS: +OK 0 0", publish, 2)
    assert begun == [2]


def test_what_a_gate_does_about_a_reply_when_the_client_has_gone_on_is_passed_on() -> None:
    passed: list[Event] = []
    held: list[Heard] = []

    def hold(event: Event) -> None:
        if not isinstance(event, Heard) or event.exchange is None:
            return
        if event.frame.side is Side.SERVER:
            held.append(event)
        elif held:
            publish(did(held.pop(), "a person", "let it go"))

    wanted = compile_filter("verb = STAT")
    publish = told_to(ExchangeFilter(wanted, lambda _: passed.append), lambda _: hold)
    play("S: +OK\nC: STAT\nS: +OK 0 0\nC: NOOP", publish)
    did_late = [event.exchange for event in passed if isinstance(event, Intervened)]
    assert [exchange.number for exchange in did_late if exchange] == [1]


def test_exchanges_that_are_over_are_forgotten() -> None:
    publish = told_to(ExchangeFilter(compile_filter("err"), lambda _: lambda _: None))
    told = session(publish, "S: +OK", end=None)
    taken: list[int] = []
    tracemalloc.start()
    try:
        for _ in range(5):
            told.play("C: NOOP\nS: +OK\n" * HISTORY)
            taken.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    # What is remembered grows in every round; a table that is enlarged does in one.
    assert min(after - before for before, after in pairwise(taken)) < 50 * HISTORY


def test_what_a_gate_did_is_passed_on_with_the_exchange_that_it_did_it_to() -> None:
    passed: list[Event] = []
    exchange_filter = ExchangeFilter(
        compile_filter("verb = RETR or err and verb = TOP"), lambda _: passed.append
    )

    def gate(event: Event) -> None:
        if isinstance(event, Heard) and event.frame.side is Side.CLIENT:
            publish(did(event, "a person", "held it"))

    publish = told_to(exchange_filter, lambda _: gate)
    play(SAID, publish)
    frames = [event.frame for event in passed if isinstance(event, Intervened)]
    assert [frame.number for frame in frames if frame] == [7, 8]
