"""The time between the rows of a ladder: who was waited for, how long, and in which state."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby, pairwise
from math import log
from typing import Final

from pop3spy.protocol.frames import Side
from pop3spy.report.collected import CollectedExchange, CollectedSession, WaitedFor
from pop3spy.report.ladder_row import HEIGHTS, LadderRow, RowKind
from pop3spy.report.words import took

LEAST: Final = 0.03
"""Seconds from which on a wait has a row."""
_GROWTH: Final = 3.0
"""Each height stands for so many times the time of the one before."""
_WORDS: Final = {
    WaitedFor.SERVER: "waited {} for the server",
    WaitedFor.CLIENT: "waited {} for the client",
    WaitedFor.TRANSFER: "{} of transfer",
    WaitedFor.OWN: "{} at pop3spy",
    WaitedFor.UNKNOWN: "{} in which nothing could be read",
}

Span = tuple[float, float, WaitedFor]
"""From when to when, and who was waited for."""


def with_waits(collected: CollectedSession, rows: Iterable[LadderRow]) -> Iterator[LadderRow]:
    """Yield *rows* with those of waits between them; a state is told where it changes."""
    exchanges = {item.number: item for item in collected.exchanges}
    reached, state, logged_in = collected.opened_at, "", False
    secured: frozenset[Side] = frozenset()
    last: LadderRow | None = None
    for row in rows:
        in_a_run = RowKind.RUN in (row.kind, last.kind if last else None)  # others have spoken
        if row.at - reached >= LEAST and not in_a_run:
            for span in _spans(collected, reached, row.at):
                yield _wait(span, row, exchanges, logged_in=logged_in, secured=secured)
        row.logged_in = logged_in = row.logged_in or logged_in
        row.secured = secured = secured | row.secured
        row.state, state = "" if row.state == state else row.state, row.state or state
        reached, last = max(reached, row.at), row
        yield row


def _spans(collected: CollectedSession, since: float, until: float) -> Iterator[Span]:
    """Yield the spans of a silence, those that are worth a row."""
    if not collected.turns:
        return
    edges = {since, until, *(at for at, _ in collected.turns if since < at < until)}
    edges |= {at for span in collected.own_time for at in span if since < at < until}
    pieces = [(a, b, _waited_for(collected, a)) for a, b in pairwise(sorted(edges))]
    for waited_for, group in groupby(pieces, key=lambda piece: piece[2]):
        same = list(group)
        if same[-1][1] - same[0][0] >= LEAST:
            yield same[0][0], same[-1][1], waited_for


def _waited_for(collected: CollectedSession, at: float) -> WaitedFor:
    """Return who was waited for just behind *at*."""
    if any(since <= at < until for since, until in collected.own_time):
        return WaitedFor.OWN
    turn = WaitedFor.SERVER  # which has to greet
    for began, waited_for in collected.turns:
        if began > at:
            break
        turn = waited_for
    return turn


def _wait(
    span: Span,
    row: LadderRow,
    exchanges: Mapping[int, CollectedExchange],
    *,
    logged_in: bool,
    secured: frozenset[Side],
) -> LadderRow:
    """Return the row of a wait before *row*."""
    item = exchanges.get(row.exchange or 0)
    late = item is not None and item.slow
    return replace(
        wait_row(*span),
        slow=late and span[2] in (WaitedFor.SERVER, WaitedFor.TRANSFER),
        logged_in=logged_in,
        secured=secured,
    )


def wait_row(since: float, until: float, waited_for: WaitedFor) -> LadderRow:
    """Return the row of a wait, as high as it was long."""
    return LadderRow(
        RowKind.WAIT,
        since,
        _WORDS[waited_for].format(took(until - since)),
        waited_for=waited_for,
        height=min(HEIGHTS, 1 + int(log((until - since) / LEAST, _GROWTH))),
    )
