"""What a gate changed is judged, shown and counted in one way everywhere."""

import io
import re
import tracemalloc
from collections.abc import Callable, Iterable

import pytest

from capture.test_gates import gated
from export.playing import session, told_to
from filters.judged import SAID, did, play
from logs.dialogue import Stage
from pop3spy.filters.exchange_filter import MOST_OCTETS, ExchangeFilter
from pop3spy.filters.expression import compile_filter
from pop3spy.logs import Transcript
from pop3spy.logs.stats import Statistics
from pop3spy.protocol.frames import BodyPart, Side
from pop3spy.session.events import (
    Answered,
    Ended,
    Event,
    Heard,
    Intervened,
    Opened,
    Unanswered,
)
from pop3spy.session.substitute_frames import in_place_of
from session.changed import CHANGED, changed


def everything() -> list[Event]:
    events: list[Event] = []
    changed(lambda _: events.append)
    return events


def numbers(expression: str) -> list[int]:
    """Return the numbers of the exchanges that a filter means."""
    wanted = compile_filter(expression)
    return sorted(
        event.exchange.number
        for event in everything()
        if isinstance(event, Answered | Unanswered) and wanted.means(event.session, event.exchange)
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("verb = DELE", [6]),
        ("verb = LIST", [5, 6]),
        ("verb = LIST and arg = 1", [6]),
        ("verb = DELE and text = 'list 1'", []),
        ("verb = NOOP", [3, 8]),
        ("verb = STAT", [3]),
        ("verb = TOP", [11]),
        ("verb = UIDL", [4, 7]),
        ("arg = 2 and verb = RETR", [8]),
        ("'LIST 1'", [6]),
        ("err", [4]),
        ("code = IN-USE", [4]),
        ("not ok and not err", [9]),
        ("verb != LIST,USER,PASS,QUIT,RETR", [3, 4, 6, 7, 8, 11]),
    ],
)
def test_a_filter_is_about_what_was_said_or_about_what_was_heard(
    expression: str, expected: list[int]
) -> None:
    assert numbers(expression) == expected


FILTERS = [
    *("verb = DELE", "verb = LIST", "verb != LIST", "not verb = LIST,RSET and session = 1"),
    *("verb = NOOP", "verb = UIDL", "verb = RETR", "arg = 1", "err", "ok", "latency >= 0"),
    *("text ~ LIST", "session = 1", "session = 2", "verb = PASS", "not ok and not err"),
]


def number_of(event: Event) -> int:
    match event:
        case Heard(frame=frame) | Intervened(frame=None, sent=frame) | Intervened(frame=frame):
            return frame.number if frame else 0
        case Answered(exchange=exchange) | Unanswered(exchange=exchange):
            return exchange.number
    return 0


def live() -> list[Event]:
    """Return what a guard told while it changed things."""
    return [event for event in gated()[0] if isinstance(event, Event)]


def by_exchange(events: Iterable[Event], numbers: Iterable[int]) -> dict[int, list[int]]:
    """Return which events belong to which of the exchanges."""
    return {
        number: [id(each) for each in events if number_of(each) == number] for number in numbers
    }


@pytest.mark.parametrize("expression", FILTERS)
@pytest.mark.parametrize("source", [everything, live])
def test_all_that_is_told_of_an_exchange_is_passed_on_and_nothing_of_another(
    expression: str, source: Callable[[], list[Event]]
) -> None:
    events, wanted = source(), compile_filter(expression)
    passed: list[Event] = []
    publish = told_to(ExchangeFilter(wanted, lambda _: passed.append))
    for event in events:
        publish(event)
    meant = [
        event.exchange.number
        for event in events
        if isinstance(event, Answered | Unanswered) and wanted.means(event.session, event.exchange)
    ]
    assert by_exchange(passed, meant) == by_exchange(events, meant)
    others = [event for event in passed if not number_of(event)]
    assert [type(event) for event in others] == ([Opened, Ended] if meant else [])
    assert {number_of(each) for each in passed} - {0} == set(meant)


def shown(expression: str) -> list[str]:
    stream = io.StringIO()
    changed(ExchangeFilter(compile_filter(expression), Transcript(stream)))
    rows = [" ".join(row.split()) for row in stream.getvalue().splitlines()]
    return [re.sub(r" [0-9.]+ ms$", "", row.split("s1 TRANSACTION ")[1]) for row in rows[1:-1]]


def test_a_filtered_transcript_tells_what_both_sides_heard() -> None:
    assert shown("verb = DELE,UIDL,STAT") == [
        *("C: STAT", "◆ rewrite: changed the command", "C» NOOP", "S: +OK"),
        *("C: UIDL", "◆ answer: answered", "S» -ERR [IN-USE] no"),
        *("C: DELE 1", "◆ dry run: asked", "C» LIST 1", "S: +OK 1 426"),
        *("◆ dry run: told", "S» +OK deleted"),
        *("◆ console: sent a command", "C» UIDL", "S: +OK"),
        *("S: 1 0001ab", "S: 2 0002cd", "S: ."),
    ]


def test_what_becomes_a_command_that_is_meant_is_shown_from_its_beginning() -> None:
    assert shown("verb = TOP")[:3] == ["C: RETR 4", "◆ rewrite: changed the command", "C» TOP 4 0"]


def test_a_command_that_nobody_changes_is_given_up_when_its_reply_begins() -> None:
    """So a filter of what is asked keeps nothing of a large reply that it does not mean."""
    passed: list[Event] = []
    exchange_filter = ExchangeFilter(compile_filter("verb = STAT"), lambda _: passed.append)
    told = session(told_to(exchange_filter), "S: +OK\nC: RETR 1\nS: +OK", end=None)
    body = b"y" * 9_998 + b"\r\n"
    tracemalloc.start()
    try:
        for _ in range(MOST_OCTETS // len(body)):
            told.say(Side.SERVER, body, 0.0)
        assert tracemalloc.get_traced_memory()[0] < 10 * len(body)
    finally:
        tracemalloc.stop()
    told.end()
    assert passed == []


def test_of_a_large_message_that_a_gate_changed_not_all_of_it_waits() -> None:
    passed: list[Event] = []
    exchange_filter = ExchangeFilter(compile_filter("octets > 1MB"), lambda _: passed.append)

    def change(event: Event) -> None:
        if isinstance(event, Heard) and isinstance(event.frame, BodyPart):
            sent = in_place_of(event.frame, event.frame.raw.replace(b"y", b"x"))
            publish(did(event, "test", "changed it", sent))

    said = "S: +OK\nC: RETR 1\nS: +OK\n" + f"S: {'y' * 99_998}\n" * 40 + "S: .\n"
    publish = told_to(exchange_filter, lambda _: change)
    play(said, publish)
    deeds = [event for event in passed if isinstance(event, Intervened)]
    assert len(deeds) >= 40
    kept = sum(len(f.raw) for e in deeds for f in (e.frame, e.sent) if f is not None)
    assert 0 < kept <= 2 * MOST_OCTETS
    assert [event for event in deeds if event.sent is not None] == deeds[:1]


def test_what_a_gate_did_to_the_greeting_belongs_to_no_exchange() -> None:
    passed: list[Event] = []
    exchange_filter = ExchangeFilter(compile_filter("session > 0"), lambda _: passed.append)

    def change(event: Event) -> None:
        if isinstance(event, Heard) and event.frame.side is Side.SERVER and not event.frame.number:
            publish(did(event, "test", "did it"))

    publish = told_to(exchange_filter, lambda _: change)
    play(SAID, publish)
    assert [event for event in passed if isinstance(event, Intervened)] == []


def test_a_table_counts_what_clients_said_and_tells_what_they_did_not_say() -> None:
    statistics = Statistics()
    changed(statistics)
    rows = [re.split(r" {2,}", row) for row in statistics.table().splitlines()[1:]]
    assert {name: count for name, count, *_ in rows} == {
        **dict.fromkeys(("DELE", "LIST", "NOOP", "PASS", "QUIT", "STAT", "UIDL", "USER"), "1"),
        "UIDL (injected)": "1",
        "RETR": "3",
    }


def test_what_the_server_never_heard_has_retrieved_and_deleted_nothing() -> None:
    answer = (
        '[0.1, 1, "gate", {"side": "C", "by": "a", "did": "b", "sent": "", "answer": "+OK\\r\\n"}]'
    )
    events: list[Event] = []
    changed(
        lambda _: events.append,
        f"{CHANGED.split('- C: STAT')[0]}- C: DELE 1\n- {answer}\n- C: QUIT\n",
    )
    changed(lambda _: events.append)
    ended = [event.session.totals for event in events if isinstance(event, Ended)]
    assert [(totals.retrieved, totals.deleted) for totals in ended] == [(0, 0), (1, 0)]


def test_a_message_of_which_only_the_status_line_came_is_not_complete() -> None:
    stage = Stage()
    play = stage.session().play("S: +OK\nC: USER a\nS: +OK\nC: PASS b\nS: +OK\nC: RETR 1\nS: +OK")
    play.end()
    assert stage.events("command_answered")[-1]["complete"] is False
    assert stage.events("session_ended")[-1]["retrieved"] == 0


def test_the_json_log_has_what_was_said_and_what_was_heard() -> None:
    stage = Stage()
    for event in everything():
        stage.bus.publish(event)
    told = [each for each in stage.objects if each["event"].startswith("command_")]
    assert [(x["verb"], x["line"], x["sent"], x["injected"]) for x in told[2:]] == [
        ("STAT", "STAT", "NOOP", False),
        ("UIDL", "UIDL", "", False),
        ("LIST", "LIST 2", None, False),
        ("DELE", "DELE 1", "LIST 1", False),
        ("UIDL", "UIDL", None, True),
        ("NOOP", "NOOP", "RETR 2", False),
        ("RETR", "RETR 1", "", False),
        ("RETR", "RETR 3", "", False),
        ("RETR", "RETR 4", "TOP 4 0", False),
        ("QUIT", "QUIT", None, False),
    ]
