"""The time between the rows of a ladder: who was waited for, how long, and in which state."""

from collections.abc import Iterable, Iterator, Mapping
from math import log
from typing import Final

from pop3spy.protocol.frames import Side
from pop3spy.report.collected import CollectedExchange, CollectedSession
from pop3spy.report.ladder_row import HEIGHTS, LadderRow, RowKind, WaitedFor
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
}


def with_waits(collected: CollectedSession, rows: Iterable[LadderRow]) -> Iterator[LadderRow]:
    """Yield *rows* with those of waits between them; a state is told where it changes."""
    exchanges = {item.number: item for item in collected.exchanges}
    reached, state, logged_in = collected.opened_at, "", False
    secured: set[Side | None] = set()
    last: LadderRow | None = None
    for row in rows:
        row.logged_in = logged_in = row.logged_in or logged_in
        if row.tls:
            secured.add(row.side)
        row.tls = bool(secured)
        gap = row.at - reached
        in_a_run = RowKind.RUN in (row.kind, last.kind if last else None)  # others have spoken
        if gap >= LEAST and not in_a_run:
            yield _wait(row, last, gap, exchanges)
        row.state, state = "" if row.state == state else row.state, row.state or state
        reached, last = max(reached, row.at), row
        yield row


def _wait(
    row: LadderRow,
    last: LadderRow | None,
    gap: float,
    exchanges: Mapping[int, CollectedExchange],
) -> LadderRow:
    """Return the row of a wait of *gap* seconds before *row* and behind *last*."""
    item = exchanges.get(row.exchange or 0)
    before = exchanges.get(last.exchange or 0) if last else None
    waited_for = _waited_for(row, last, item)
    if waited_for is not WaitedFor.TRANSFER and any(map(_held_up, filter(None, (item, before)))):
        waited_for = WaitedFor.OWN
    return LadderRow(
        RowKind.WAIT,
        row.at - gap,
        _WORDS[waited_for].format(took(gap)),
        waited_for=waited_for,
        slow=bool(item and item.slow) and waited_for in (WaitedFor.SERVER, WaitedFor.TRANSFER),
        height=min(HEIGHTS, 1 + int(log(gap / LEAST, _GROWTH))),
        logged_in=row.logged_in,
        tls=row.tls,
    )


def _waited_for(
    row: LadderRow, last: LadderRow | None, item: CollectedExchange | None
) -> WaitedFor:
    if row.kind is RowKind.SERVER or (row.kind is RowKind.ASIDE and row.exchange is not None):
        body = item is not None and row.at > (item.exchange.answered_at or row.at)
        return WaitedFor.TRANSFER if body and not row.text else WaitedFor.SERVER
    if row.kind is RowKind.END and last is not None and last.kind is RowKind.CLIENT:
        return WaitedFor.SERVER
    return WaitedFor.CLIENT


def _held_up(item: CollectedExchange) -> bool:
    return any(deed.takes_time for deed in item.deeds)
