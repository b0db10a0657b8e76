"""Exchanges as bars of SVG on a line of time: waits, transfers, refusals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from pop3spy.report.collected import CollectedExchange
from pop3spy.report.timeline import WIDTH, Timeline, merged

_LEAST: Final = 1.5
"""Units that a bar is broad at least, to be seen."""
_NEAR: Final = 1.0
"""Units between two bars from which on they are two."""


class Phase(Enum):
    """What a piece of time was: its class in the style sheet, and what the legend says of it.

    They are drawn in this order, the last above all others.
    """

    WAIT = "wait", "waiting for a reply"
    TRANSFER = "xfer", "transfer"
    SLOW = "slow", "waiting too long"
    OWN = "own", "pop3spy did something"
    REFUSED = "refused", "refused or broken off"

    def __init__(self, look: str, words: str) -> None:
        self.look = look
        self.words = words


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of ``WIDTH`` by *height* units: a path for each part."""

    height: int
    paths: Mapping[Phase, str] = field(default_factory=dict)


def bar(
    exchanges: Iterable[CollectedExchange], line: Timeline, height: int, *, shift: float = 0.0
) -> Drawing:
    """Return *exchanges* as one picture; near bars of a part are one, so it stays small.

    Their times are *shift* seconds later on *line*.
    """
    spans: dict[Phase, list[tuple[float, float]]] = {}
    for exchange in exchanges:
        for part, since, until in _parts(exchange):
            left, right = line.place(since + shift), line.place(until + shift)
            right = max(right, left + _LEAST)
            if right > WIDTH:
                left, right = min(left, WIDTH - _LEAST), float(WIDTH)
            spans.setdefault(part, []).append((left, right))
    return Drawing(
        height,
        {
            part: _path(merged(spans[part], _NEAR), _band(part, height))
            for part in Phase
            if part in spans
        },
    )


def _parts(exchange: CollectedExchange) -> Iterable[tuple[Phase, float, float]]:
    told = exchange.exchange
    answered = exchange.ended_at if told.answered_at is None else told.answered_at
    slow = exchange.slow
    yield Phase.SLOW if slow else Phase.WAIT, exchange.at, answered
    if exchange.transfer:
        yield Phase.SLOW if slow else Phase.TRANSFER, answered, exchange.ended_at
    if exchange.deeds:
        yield Phase.OWN, exchange.at, exchange.ended_at
    if told.ok is False or exchange.broken:
        yield Phase.REFUSED, exchange.ended_at, exchange.ended_at


def _band(part: Phase, height: int) -> tuple[int, int]:
    """Return where a part begins from above, and how high it is: what is bad has full height."""
    if part is Phase.REFUSED:
        return 0, height
    inset = max(1, height // 5)
    return inset, height - 2 * inset


def _path(spans: Iterable[tuple[float, float]], band: tuple[int, int]) -> str:
    top, height = band
    return "".join(
        f"M{_short(left)} {top}h{_short(right - left)}v{height}h-{_short(right - left)}z"
        for left, right in spans
    )


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
