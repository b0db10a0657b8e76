"""Time as a picture: linear, with long silences cut out, and an axis with round numbers."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

WIDTH: Final = 1000
"""Units from the left to the right of every picture of time."""
_CUT: Final = 0.04
"""The share of a picture that a silence has which was cut."""
_MOST_TICKS: Final = 5
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# fmt: off
_STEPS: Final = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
    _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE,
    _HOUR, 2 * _HOUR, 4 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY, 28 * _DAY,
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, of ``WIDTH``, and what stands there."""

    at: float
    text: str


class Timeline:
    """Places times between *start* and *end*, in seconds, on a line of ``WIDTH`` units.

    *busy* are the spans in which something happened.  A silence that would take more than half of
    the line is cut to a small part of it, again and again; ``cuts`` are where, and how many seconds
    each silence lasted.
    """

    def __init__(self, start: float, end: float, busy: Iterable[tuple[float, float]]) -> None:
        self._start = start
        silences = _silences(start, max(start, end), busy)
        shown = max(end - start, 1e-6)
        cut: list[tuple[float, float]] = []
        for since, until in sorted(silences, key=lambda one: one[0] - one[1]):
            rest = shown - (until - since)
            if until - since <= rest:
                break
            cut.append((since, until))
            shown = max(rest / (1 - _CUT), 1e-6)
        self._set(start, end, sorted(cut), shown)

    def _set(
        self, start: float, end: float, cut: Sequence[tuple[float, float]], shown: float
    ) -> None:
        """Lay the line out: times, and where on it they are."""
        squeezed = _CUT * shown
        times, places, at = [start], [0.0], 0.0
        for since, until in cut:
            at += since - times[-1]
            times.append(since)
            places.append(at)
            at += squeezed
            times.append(until)
            places.append(at)
        at += max(0.0, end - times[-1])
        times.append(max(end, times[-1]))
        places.append(at)
        scale = WIDTH / max(at, 1e-6)
        self._times, self._places = times, [place * scale for place in places]
        self._per_second = scale
        self.cuts = [(self.place((since + until) / 2), until - since) for since, until in cut]

    def place(self, at: float) -> float:
        """Return where *at* is."""
        times, places = self._times, self._places
        before = min(max(bisect_right(times, at) - 1, 0), len(times) - 2)
        span = times[before + 1] - times[before]
        share = (at - times[before]) / span if span > 0 else 0.0
        return places[before] + min(max(share, 0.0), 1.0) * (places[before + 1] - places[before])

    def ticks(self) -> list[Tick]:
        """Return the axis in seconds since the start; none if something is cut."""
        if self.cuts:
            return []
        end = WIDTH / self._per_second
        step = next((step for step in _STEPS if end / step <= _MOST_TICKS), None)
        if step is None:
            return []
        count = int(end / step + 1e-9) + 1
        marks = (number * step for number in range(count))
        return [Tick(at * self._per_second, _named(at, step)) for at in marks]


def _silences(
    start: float, end: float, busy: Iterable[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return the spans between *start* and *end* in which nothing was *busy*."""
    spans, reached = [], start
    for since, until in sorted(busy):
        if since > reached:
            spans.append((reached, min(since, end)))
        reached = max(reached, until)
    if end > reached:
        spans.append((reached, end))
    return [(since, until) for since, until in spans if until > since]


def _named(at: float, step: float) -> str:
    """Return what stands at a tick: the unit is that of the distance between two."""
    if at == 0:
        return "0"
    if step < 1:
        return f"{at * 1000:.0f} ms" if step < 0.1 and at < 1 else f"{at:.3g} s"  # noqa: PLR2004 - milliseconds
    for seconds, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if step >= seconds:
            return f"{at / seconds:g} {name}"
    if at < _MINUTE:
        return f"{at:g} s"
    minutes, rest = divmod(at, _MINUTE)
    return f"{minutes:g}:{rest:02.0f} min"


def merged(spans: Iterable[tuple[float, float]], nearer_than: float) -> list[tuple[float, float]]:
    """Return *spans* with those made one that are nearer to each other."""
    ordered = sorted(spans)
    if not ordered:
        return []
    found = [ordered[0]]
    for (_, _), (since, until) in pairwise(ordered):
        last = found[-1]
        if since - last[1] < nearer_than:
            found[-1] = last[0], max(last[1], until)
        else:
            found.append((since, until))
    return found
