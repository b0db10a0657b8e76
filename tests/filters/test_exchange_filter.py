"""What a filter means is passed on whole, and nothing else is."""

import io
import tracemalloc

import pytest

from filters.judged import SAID, numbers, play
from pop3spy.filters.exchange_filter import MOST_EVENTS, MOST_OCTETS, ExchangeFilter
from pop3spy.filters.expression import compile_filter
from pop3spy.filters.terms import TERMS
from pop3spy.logs import Transcript
from pop3spy.protocol.frames import BodyPart, Side
from pop3spy.session.events import Answered, Event, Heard, Intervened, Opened, Told


def shown(expression: str, said: str = SAID) -> list[str]:
    """Return the rows of a transcript, without its times, from their states on."""
    stream = io.StringIO()
    play(said, ExchangeFilter(compile_filter(expression), Transcript(stream)))
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
    play(SASL, Transcript(stream))
    everything = [" ".join(row.split()) for row in stream.getvalue().splitlines()]
    assert shown("duration < 1h", SASL) == [row for row in everything if "GREETING" not in row]


@pytest.mark.parametrize("expression", [term.example for term in TERMS.values()])
def test_what_is_passed_on_is_what_the_filter_means(expression: str) -> None:
    passed: list[int] = []
    said: list[int] = []

    def look(event: Told) -> None:
        if isinstance(event, Heard):
            said.append(event.frame.number)
        elif not isinstance(event, Event | Opened):
            raise TypeError(event)
        elif number := getattr(getattr(event, "exchange", None), "number", 0):
            passed.append(number)

    play(SAID, ExchangeFilter(compile_filter(expression), look))
    assert tuple(passed) == numbers(expression)
    assert sorted(set(said)) == sorted(passed)


def test_a_command_that_is_meant_is_shown_before_its_reply_comes() -> None:
    events: list[Told] = []
    play("S: +OK\nC: STAT", ExchangeFilter(compile_filter("verb = STAT"), events.append))
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
        play(said, exchange_filter)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def parts(expression: str, *, whole: bool) -> int:
    octets: list[int] = []

    def look(event: Told) -> None:
        if isinstance(event, Heard) and isinstance(event.frame, BodyPart):
            octets.append(len(event.frame.raw))

    download(ExchangeFilter(compile_filter(expression), look, whole=whole))
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
    events: list[Told] = []
    play(SAID, ExchangeFilter(compile_filter("verb = RETR"), events.append))
    sides = [event.frame.side for event in events if isinstance(event, Heard)]
    assert sides[:2] == [Side.CLIENT, Side.SERVER]
    assert sum(isinstance(event, Answered) for event in events) == 1


def test_what_a_gate_did_is_passed_on_with_the_exchange_that_it_did_it_to() -> None:
    passed: list[Told] = []
    exchange_filter = ExchangeFilter(
        compile_filter("verb = RETR or err and verb = TOP"), passed.append
    )

    def gated(event: Told) -> None:
        exchange_filter(event)
        if isinstance(event, Heard) and event.frame.side is Side.CLIENT:
            exchange_filter(Intervened(event.session, event.at, event.frame, "a person", "held it"))

    play(SAID, gated)
    frames = [event.frame for event in passed if isinstance(event, Intervened)]
    assert [frame.number for frame in frames if frame] == [7, 8]
