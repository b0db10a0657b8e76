"""What a ladder tells once: exchanges that are alike, and of too many the first and the last."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from pop3spy.protocol.states import BEFORE_LOGIN
from pop3spy.protocol.text import count
from pop3spy.report.collected import Aside, CollectedExchange
from pop3spy.report.ladder_row import LadderRow, RowKind
from pop3spy.report.limits import LADDER
from pop3spy.report.words import took

_LEAST: Final = 3
"""Exchanges in a row that are alike, from which on only the first is told."""

Item = CollectedExchange | Aside | LadderRow
"""What a ladder is made of; a row stands for exchanges that it hides."""


def shortened(items: Iterable[CollectedExchange | Aside]) -> Iterator[Item]:
    """Yield what a ladder tells of *items*."""
    told: list[Item] = []
    for alike, group in groupby(items, key=_likeness):
        first, *rest = group
        told.append(first)
        hidden = [one for one in rest if isinstance(one, CollectedExchange)]
        if alike is not None and len(hidden) + 1 >= _LEAST:
            told.append(_run(hidden, "more like that"))
        else:
            told += rest
    if len(told) <= LADDER:
        yield from told
        return
    last = LADDER // 3
    yield from told[: LADDER - last]
    yield _middle(told[LADDER - last : -last])
    yield from told[-last:]


def _likeness(item: CollectedExchange | Aside) -> object:
    """Return what exchanges that are alike have in common; None for what is told each time."""
    if isinstance(item, Aside) or not item.unremarkable or item.inner:
        return None
    line = item.exchange.line
    if line.pipelined or line.command.spec is None:
        return None
    return line.command.spec.name, item.exchange.state_before


def _run(hidden: Sequence[CollectedExchange], words: str) -> LadderRow:
    first = hidden[0]
    longest = max(one.exchange.latency or 0.0 for one in hidden)
    return _hiding(
        [one.number for one in hidden],
        words,
        LadderRow(
            RowKind.RUN,
            first.at,
            took=f"≤ {took(longest)}",
            logged_in=first.exchange.state_before not in BEFORE_LOGIN,
        ),
    )


def _middle(left_out: Sequence[Item]) -> LadderRow:
    """Return the row that stands for what is left out of a long ladder."""
    numbers = [number for item in left_out for number in _numbers(item)]
    beside = sum(isinstance(item, Aside) for item in left_out)
    row = LadderRow(RowKind.RUN, left_out[0].at)
    if not numbers:
        row.text = count(beside, "more line")
        return row
    row.more = f"and {count(beside, 'line')} beside them" if beside else ""
    row.logged_in = any(isinstance(item, LadderRow) and item.logged_in for item in left_out)
    return _hiding(numbers, "exchanges that stand in the transcript alone", row)


def _hiding(numbers: Sequence[int], words: str, row: LadderRow) -> LadderRow:
    span = f"no. {numbers[0]}" + (f" to {numbers[-1]}" if len(numbers) > 1 else "")
    row.text = f"{len(numbers):,} {words}, {span}"
    row.hidden, row.exchange = numbers, numbers[0]
    return row


def _numbers(item: Item) -> Sequence[int]:
    if isinstance(item, LadderRow):
        return item.hidden
    return (item.number,) if isinstance(item, CollectedExchange) else ()
