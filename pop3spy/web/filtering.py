"""Looking through what is kept, a little at a time, so that no session waits for it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final

from pop3spy.filters.expression import Filter
from pop3spy.logs.stats import Statistics
from pop3spy.session.events import Answered
from pop3spy.session.model import Exchange, Session

AT_ONCE: Final = 200
"""Exchanges that are looked at before others have their turn."""


async def matching(session: Session, wanted: Filter) -> list[int]:
    """Return the numbers of the exchanges of *session* that *wanted* means."""
    return [each.number async for _, each in _slowly([session]) if wanted.means(session, each)]


async def with_match(sessions: Iterable[Session], wanted: Filter, most: int) -> list[Session]:
    """Return the first *most* of *sessions* in which *wanted* means any exchange."""
    found: dict[int, Session] = {}
    async for session, exchange in _slowly(sessions):
        if session.id not in found and wanted.means(session, exchange):
            found[session.id] = session
            if len(found) == most:
                break
    return list(found.values())


async def statistics(sessions: Iterable[Session]) -> list[tuple[str, ...]]:
    """Return a row of cells for each command in *sessions*, below that of the head."""
    counted = Statistics()
    async for session, exchange in _slowly(sessions):
        if exchange.number not in session.outstanding:
            counted(session)(Answered(session, exchange.ended_at or exchange.asked_at, exchange))
    return counted.cells()


async def _slowly(sessions: Iterable[Session]) -> AsyncIterator[tuple[Session, Exchange]]:
    looked = 0
    for session in sessions:
        for exchange in list(session.exchanges):
            yield session, exchange
            looked += 1
            if looked % AT_ONCE == 0:
                await asyncio.sleep(0)
        looked += 1
