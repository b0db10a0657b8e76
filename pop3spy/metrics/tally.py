"""The numbers of every metric: kept by one thread, taken elsewhere as they are, and added up."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pop3spy.metrics.families import FAMILIES, OTHER, Family, MetricKind

Series = tuple[str, ...]
"""The values of the labels of one row of numbers, in the order of the family's labels."""


class Tally:
    """The numbers of one metric: a list for each series.

    Of a counter or a gauge that is one number; of a histogram how many were in each bucket, how
    many beyond all, and the sum of what was measured.
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        self._zeros = [0.0] * (
            len(family.buckets) + 2 if family.kind is MetricKind.HISTOGRAM else 1
        )
        self._values = tuple(frozenset(label.values) for label in family.labels)
        self.rows: dict[Series, list[float]] = {
            series: list(self._zeros) for series in family.from_the_beginning
        }

    def add(self, *series: str, by: float = 1) -> None:
        """Count so many more."""
        self._row(series)[0] += by

    def set(self, *series: str, to: float) -> None:
        """Know how many there are now, or how often something has been by now."""
        self._row(series)[0] = to

    def observe(self, value: float, *series: str) -> None:
        """Take in what was measured."""
        row = self._row(series)
        row[bisect_left(self.family.buckets, value)] += 1
        row[-1] += value

    def _row(self, series: Series) -> list[float]:
        row = self.rows.get(series)
        if row is None:
            bounded = tuple(map(_bounded, series, self._values))
            row = self.rows.setdefault(bounded, list(self._zeros))
        return row

    def take(self, rows: Iterable[tuple[Iterable[str], Iterable[float]]]) -> None:
        """Add what ``plain`` of another one returned."""
        for series, numbers in rows:
            row = self.rows.setdefault(tuple(series), list(self._zeros))
            row[:] = [mine + theirs for mine, theirs in zip(row, numbers, strict=True)]


def _bounded(value: str, known: frozenset[str]) -> str:
    return value if not known or value in known else OTHER


Plain = Mapping[str, list[tuple[list[str], list[float]]]]
"""What of tallies can be told as JSON: by the name of the metric, each series with its numbers."""


class Tallies:
    """One tally for each metric of the table."""

    def __init__(self) -> None:
        self._tallies: Final = {name: Tally(family) for name, family in FAMILIES.items()}

    def __getitem__(self, name: str) -> Tally:
        """Return the tally of one metric."""
        return self._tallies[name]

    def __iter__(self) -> Iterator[Tally]:
        """Yield the tallies in the order of the table."""
        yield from self._tallies.values()

    def plain(self) -> Plain:
        """Return all numbers."""
        return {
            tally.family.name: [(list(series), list(row)) for series, row in tally.rows.items()]
            for tally in self
        }

    def take(self, plain: Plain, *, ended: bool = False) -> None:
        """Add the numbers of another process; of one that has *ended*, those that stay."""
        for name, rows in plain.items():
            tally = self._tallies[name]
            if not (ended and tally.family.kind is MetricKind.GAUGE):
                tally.take(rows)
