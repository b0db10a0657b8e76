"""How a report arranges time and rows, whatever they are."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.report.bars import Phase, bar
from pop3spy.report.timeline import WIDTH, Timeline, merged
from pop3spy.report.transcript import RowBudget, parts_of
from report.made import LOGIN, QUIT, collected

TIMES = st.floats(0, 1e6, allow_nan=False)
SPANS = st.lists(st.tuples(TIMES, TIMES).map(lambda pair: (min(pair), max(pair))), max_size=30)


@given(SPANS, TIMES, TIMES)
def test_later_is_further_to_the_right_and_never_outside(
    busy: list[tuple[float, float]], one: float, other: float
) -> None:
    start = min((since for since, _ in busy), default=0.0)
    end = max((until for _, until in busy), default=0.0)
    line = Timeline(start, end, busy)
    left, right = line.place(min(one, other)), line.place(max(one, other))
    assert 0 <= left <= right <= WIDTH + 1e-6
    assert abs(line.place(end) - WIDTH) < 1e-3 or end - start < 1e-6


@given(SPANS)
def test_only_silences_are_cut_and_they_were_more_than_half(
    busy: list[tuple[float, float]],
) -> None:
    start = min((since for since, _ in busy), default=0.0)
    end = max((until for _, until in busy), default=0.0)
    line = Timeline(start, end, busy)
    cut = sum(length for _, length in line.cuts)
    assert cut <= end - start + 1e-6
    for _, length in line.cuts:
        assert any(
            abs(length - (since - until)) < 1e-6
            for since, _ in [*busy, (end, end)]
            for _, until in [*busy, (start, start)]
        )
    assert bool(line.cuts) <= (cut > (end - start) / 2)


def test_a_silence_of_hours_leaves_room_for_what_was_said() -> None:
    line = Timeline(0, 7210, [(0, 5), (7205, 7210)])
    assert [round(length) for _, length in line.cuts] == [7200]
    assert line.place(5) > 0.4 * WIDTH
    assert line.ticks() == []


def test_an_axis_has_few_round_numbers() -> None:
    texts = [
        [tick.text for tick in Timeline(0, end, [(0, end)]).ticks()]
        for end in (0.03, 1, 8, 90, 7200, 4e5)
    ]
    assert texts == [
        ["0", "10 ms", "20 ms", "30 ms"],
        ["0", "0.2 s", "0.4 s", "0.6 s", "0.8 s", "1 s"],
        ["0", "2 s", "4 s", "6 s", "8 s"],
        ["0", "30 s", "1:00 min", "1:30 min"],
        ["0", "30 min", "60 min", "90 min", "120 min"],
        ["0", "1 d", "2 d", "3 d", "4 d"],
    ]


@given(SPANS)
def test_bars_that_are_merged_cover_the_same(busy: list[tuple[float, float]]) -> None:
    found = merged(busy, 1.0)
    assert all(one[1] + 1.0 <= other[0] for one, other in pairwise(found))
    assert all(any(a <= since and until <= b for a, b in found) for since, until in busy)


@given(st.lists(st.sampled_from(["ok", "err", "stray"]), max_size=150), st.integers(0, 100))
def test_nothing_of_a_transcript_gets_lost(kinds: list[str], plain: int) -> None:
    said = {
        "ok": "    C: NOOP\n    S: +OK\n",
        "err": "    C: NOOP\n    S: -ERR\n",
        "stray": "    S: hello\n",
    }
    session = collected(LOGIN + "".join(said[kind] for kind in kinds) + QUIT)
    budget = RowBudget()
    budget.unremarkable = plain
    parts = parts_of(session, budget)
    assert [row for part in parts for row in part.rows] == session.items
    assert [row.at for row in session.items] == sorted(row.at for row in session.items)
    assert budget.unremarkable >= 0


@pytest.mark.parametrize(
    ("dialogue", "phases"),
    [
        ("    C: STAT\n    S(1): +OK\n", {Phase.WAIT}),
        ("    C: STAT\n    S(1): -ERR\n", {Phase.WAIT, Phase.REFUSED}),
        ("    C: STAT\n    S(30): +OK 1 2\n", {Phase.SLOW}),
        ("    C: RETR 1\n    S: +OK\n    a\n    S(1): b\n    .\n", {Phase.WAIT, Phase.TRANSFER}),
        ("    C: STAT\n", {Phase.WAIT, Phase.REFUSED}),
    ],
)
def test_a_bar_tells_what_time_was_spent_on(dialogue: str, phases: set[Phase]) -> None:
    exchange = collected(LOGIN + dialogue).exchanges[-1]
    drawing = bar([exchange], Timeline(exchange.at, exchange.ended_at, []), 10)
    assert set(drawing.paths) == phases
    path = re.compile(r"(M[\d.]+ \d+h[\d.]+v\d+h-[\d.]+z)+")
    assert all(map(path.fullmatch, drawing.paths.values()))
