"""Which exchanges stand in the transcript of a report, which are folded, and which only counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from heapq import nlargest
from typing import Final

from pop3spy.logs.stats import name_of_command, quantile
from pop3spy.report.collected import Aside, CollectedExchange, CollectedSession
from pop3spy.report.limits import (
    AROUND,
    EXCHANGES,
    EXCHANGES_OF_SESSION,
    FIRST,
    LAST,
    REMARKABLE,
    SLOWEST,
)
from pop3spy.report.timeline import Timeline

_WORTH_FOLDING: Final = 20
"""Rows of a part that are shown at least, if not all of it has room."""


class PartShown(Enum):
    """How much of a part of a transcript is shown."""

    OPEN = "all rows"
    FOLDED = "all rows, folded behind one that sums them up"
    COUNTED = "only a row that sums them up"


@dataclass(slots=True)
class TranscriptPart:
    """Rows that stand one behind the other."""

    shown: PartShown
    rows: list[CollectedExchange | Aside]

    @property
    def counted(self) -> bool:
        """Whether its rows are not in the report."""
        return self.shown is PartShown.COUNTED

    @property
    def folded(self) -> bool:
        """Whether a row sums it up."""
        return self.shown is not PartShown.OPEN

    @property
    def exchanges(self) -> list[CollectedExchange]:
        """The exchanges among its rows."""
        return [row for row in self.rows if isinstance(row, CollectedExchange)]

    @property
    def verbs(self) -> str:
        """What was said in them, the most frequent first: ``38 RETR, 2 NOOP``."""
        names = Counter(name_of_command(one.exchange) for one in self.exchanges)
        return ", ".join(f"{number:,} {name}" for name, number in names.most_common())

    @property
    def outcome(self) -> str:
        """How they went: ``all +OK``, ``37 refused``."""
        refused = sum(one.exchange.ok is False for one in self.exchanges)
        none = sum(one.exchange.ok is None for one in self.exchanges)
        amounts = [(refused, "refused"), (none, "without a reply")]
        parts = [f"{number:,} {words}" for number, words in amounts if number]
        return ", ".join(parts) or "all +OK"

    @property
    def beside(self) -> int:
        """How many of its rows are no exchanges."""
        return len(self.rows) - len(self.exchanges)

    @property
    def octets(self) -> int:
        """Octets of their bodies."""
        return sum(one.exchange.body.octets for one in self.exchanges if one.exchange.body)

    @property
    def usual_wait(self) -> float | None:
        """The median of their waits, in seconds."""
        return quantile(sorted(self._waits), 0.5)

    @property
    def longest_wait(self) -> float | None:
        """The longest of their waits, in seconds."""
        return max(self._waits, default=None)

    @property
    def _waits(self) -> list[float]:
        return [one.exchange.latency for one in self.exchanges if one.exchange.latency is not None]


class RowBudget:
    """How many rows of transcripts the report has room for yet."""

    def __init__(self) -> None:
        self.unremarkable = EXCHANGES
        self.others = REMARKABLE

    def spend(self, rows: Sequence[CollectedExchange | Aside]) -> bool:
        """Take the room of all of *rows*, and return whether there was enough of it."""
        unremarkable = sum(isinstance(one, CollectedExchange) and one.unremarkable for one in rows)
        others = len(rows) - unremarkable
        if unremarkable > self.unremarkable or others > self.others:
            return False
        self.unremarkable -= unremarkable
        self.others -= others
        return True


def parts_of(collected: CollectedSession, budget: RowBudget) -> list[TranscriptPart]:
    """Return the parts of a session's transcript; what has no room in the report is counted."""
    items = collected.items
    shown = _shown(items)
    parts: list[TranscriptPart] = []
    start = 0
    while start < len(items):
        end = start
        while end < len(items) and (end in shown) == (start in shown):
            end += 1
        rows = items[start:end]
        folded = start not in shown
        parts += _folded(rows, budget) if folded else _unfolded(rows, budget)
        start = end
    return parts


def _shown(items: Sequence[CollectedExchange | Aside]) -> set[int]:
    """Return which of *items* stand unfolded: all, unless there are too many."""
    if len(items) <= EXCHANGES_OF_SESSION:
        return set(range(len(items)))
    shown = {*range(FIRST), *range(len(items) - LAST, len(items))}
    for place, item in enumerate(items):
        if isinstance(item, CollectedExchange) and not item.unremarkable:
            shown |= {*range(place - AROUND, place + AROUND + 1)}
    return shown | set(nlargest(SLOWEST, range(len(items)), key=lambda place: _took(items[place])))


def _took(item: CollectedExchange | Aside) -> float:
    return item.ended_at - item.at if isinstance(item, CollectedExchange) else 0.0


def _unfolded(rows: list[CollectedExchange | Aside], budget: RowBudget) -> list[TranscriptPart]:
    """Return *rows* as they are, as far as there is room; where something was found, it is."""
    parts: list[TranscriptPart] = []
    for row in rows:
        there = (isinstance(row, CollectedExchange) and row.proves) or budget.spend([row])
        if not parts or parts[-1].counted == there:
            parts.append(TranscriptPart(PartShown.OPEN if there else PartShown.COUNTED, []))
        parts[-1].rows.append(row)
    return parts


def _folded(rows: list[CollectedExchange | Aside], budget: RowBudget) -> list[TranscriptPart]:
    """Return *rows* behind a row that sums them up; those that have no room are counted."""
    if budget.spend(rows):
        return [TranscriptPart(PartShown.FOLDED, rows)]
    first = rows[: budget.unremarkable]
    if len(first) < _WORTH_FOLDING or not budget.spend(first):
        return [TranscriptPart(PartShown.COUNTED, rows)]
    rest = rows[len(first) :]
    return [TranscriptPart(PartShown.FOLDED, first), TranscriptPart(PartShown.COUNTED, rest)]


def session_time(collected: CollectedSession) -> Timeline:
    """Return the line of a session's own time."""
    busy = [(one.at, one.ended_at) for one in collected.exchanges]
    if collected.greeted_at is not None:
        busy.append((collected.opened_at, collected.greeted_at))
    end = max([collected.ended_at, *(until for _, until in busy)])
    return Timeline(collected.opened_at, end, busy)
