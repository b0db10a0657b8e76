"""Which exchanges stand in the transcript of a report, which are folded, and which only counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from statistics import median
from typing import Final

from pop3spy.report.bars import Drawing, bar
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

_BAR: Final = 10
"""Units that the picture of an exchange is high."""
_WORTH_FOLDING: Final = 20
"""Rows of a part that are shown at least, if not all of it has room."""


@dataclass(slots=True)
class TranscriptPart:
    """Rows that stand one behind the other; folded ones have a row that sums them up.

    Of those that are ``gone`` there is only that row.
    """

    rows: list[CollectedExchange | Aside]
    folded: bool = False
    gone: bool = False

    @property
    def exchanges(self) -> list[CollectedExchange]:
        """The exchanges among its rows."""
        return [row for row in self.rows if isinstance(row, CollectedExchange)]

    @property
    def verbs(self) -> str:
        """What was said in them, the most frequent first: ``38 RETR, 2 NOOP``."""
        names = Counter(_verb(one) for one in self.exchanges)
        return ", ".join(f"{number:,} {name}" for name, number in names.most_common())

    @property
    def outcome(self) -> str:
        """How they went: ``all +OK``, ``37 refused``."""
        refused = sum(one.exchange.ok is False for one in self.exchanges)
        none = sum(one.exchange.ok is None for one in self.exchanges)
        parts = [f"{refused:,} refused"] * bool(refused) + [f"{none:,} without a reply"] * bool(
            none
        )
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
        waits = self._waits
        return median(waits) if waits else None

    @property
    def longest_wait(self) -> float | None:
        """The longest of their waits, in seconds."""
        return max(self._waits, default=None)

    @property
    def _waits(self) -> list[float]:
        return [one.exchange.latency for one in self.exchanges if one.exchange.latency is not None]


class Room:
    """How many rows of transcripts the report has room for yet."""

    def __init__(self) -> None:
        self.plain = EXCHANGES
        self.remarkable = REMARKABLE

    def takes(self, rows: Sequence[CollectedExchange | Aside]) -> bool:
        """Return whether there is room for all of *rows*; then it is taken."""
        plain = sum(isinstance(one, CollectedExchange) and one.plain for one in rows)
        others = len(rows) - plain
        if plain > self.plain or others > self.remarkable:
            return False
        self.plain -= plain
        self.remarkable -= others
        return True


def parts_of(kept: CollectedSession, room: Room) -> list[TranscriptPart]:
    """Return the parts of a session's transcript; what has no room in the report is gone."""
    items = sorted(kept.items, key=_at)
    shown = _shown(items)
    parts: list[TranscriptPart] = []
    start = 0
    while start < len(items):
        end = start
        while end < len(items) and (end in shown) == (start in shown):
            end += 1
        rows = items[start:end]
        folded = start not in shown
        parts += _folded(rows, room) if folded else _unfolded(rows, room)
        start = end
    return parts


def _at(item: CollectedExchange | Aside) -> float:
    return item.asked_at if isinstance(item, CollectedExchange) else item.at


def _shown(items: Sequence[CollectedExchange | Aside]) -> set[int]:
    """Return which of *items* stand unfolded: all, unless there are too many."""
    if len(items) <= EXCHANGES_OF_SESSION:
        return set(range(len(items)))
    shown = {*range(FIRST), *range(len(items) - LAST, len(items))}
    for place, item in enumerate(items):
        if isinstance(item, CollectedExchange) and not item.plain:
            shown |= {*range(place - AROUND, place + AROUND + 1)}
    return shown | set(nlargest(SLOWEST, range(len(items)), key=lambda place: _took(items[place])))


def _took(item: CollectedExchange | Aside) -> float:
    return item.ended_at - item.asked_at if isinstance(item, CollectedExchange) else 0.0


def _unfolded(rows: list[CollectedExchange | Aside], room: Room) -> list[TranscriptPart]:
    """Return *rows* as they are, as far as there is room; what has findings always has."""
    parts: list[TranscriptPart] = []
    for row in rows:
        found = isinstance(row, CollectedExchange) and bool(row.findings)
        there = found or room.takes([row])
        if not parts or parts[-1].gone == there:
            parts.append(TranscriptPart([], folded=not there, gone=not there))
        parts[-1].rows.append(row)
    return parts


def _folded(rows: list[CollectedExchange | Aside], room: Room) -> list[TranscriptPart]:
    """Return *rows* behind a row that sums them up; those that have no room are gone."""
    if room.takes(rows):
        return [TranscriptPart(rows, folded=True)]
    first = rows[: room.plain]
    if len(first) < _WORTH_FOLDING or not room.takes(first):
        return [TranscriptPart(rows, folded=True, gone=True)]
    rest = rows[len(first) :]
    return [TranscriptPart(first, folded=True), TranscriptPart(rest, folded=True, gone=True)]


def bar_of(exchanges: Iterable[CollectedExchange], line: Timeline) -> Drawing:
    """Return the picture of *exchanges* on the time of their session."""
    return bar(exchanges, line, _BAR)


def _verb(item: CollectedExchange) -> str:
    command = item.exchange.command
    return command.verb if command.spec else "(unknown)"


def session_time(kept: CollectedSession) -> Timeline:
    """Return the line of a session's own time."""
    busy = [(one.asked_at, one.ended_at) for one in kept.exchanges]
    if kept.greeted_at is not None:
        busy.append((kept.opened_at, kept.greeted_at))
    end = max([kept.ended_at, *(until for _, until in busy)])
    return Timeline(kept.opened_at, end, busy)
