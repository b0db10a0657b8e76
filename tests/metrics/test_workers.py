"""The numbers of several workers, as one that is killed leaves them."""

import asyncio

from pop3spy.metrics.tally import Tallies
from pop3spy.metrics.workers import WorkersTallies

PATIENCE = 20.0


def told(sessions: int) -> Tallies:
    tallies = Tallies()
    tallies["pop3spy_sessions_total"].add(by=sessions)
    tallies["pop3spy_sessions_open"].add(by=2)
    return tallies


async def test_what_a_killed_worker_told_stays_though_nobody_had_scraped() -> None:
    asked: asyncio.Queue[int] = asyncio.Queue()
    living = {1: 101, 2: 102}
    workers = WorkersTallies(asked.put_nowait, lambda: living, every=0.01)
    workers.begin()
    async with asyncio.timeout(PATIENCE):
        for sessions in (3, 5):  # the later one counts
            times = await asked.get()
            workers.take(1, times, told(sessions).plain())
    del living[1]
    workers.lost(1)
    together = workers.sum_with(Tallies())
    assert together["pop3spy_sessions_total"].rows[()] == [5]
    assert together["pop3spy_sessions_open"].rows[()] == [0]
