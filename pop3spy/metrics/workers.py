"""The numbers of several processes as one: each tells its own when somebody scrapes.

Rules: 1. no scrape waits for long: of a worker that does not answer, the last that it told counts;
2. what a worker has told stays when it is gone, else counters would go back; 3. each is asked every
few seconds though nobody scrapes, so that what is lost of one that is killed is no more than that.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

from pop3spy.metrics.tally import Plain, Tallies

PATIENCE: Final = 1.0
"""Seconds that a scrape waits for workers."""
EVERY: Final = 5.0
"""Seconds between two questions where nobody scrapes."""


class WorkersTallies:
    """Sums what the workers *living* tell; *ask* asks all of them, and is told how often by now.

    From ``begin`` on they are asked *every* so many seconds as well.
    """

    def __init__(
        self,
        ask: Callable[[int], None],
        living: Callable[[], Collection[int]],
        *,
        every: float = EVERY,
    ) -> None:
        self._ask = ask
        self._every = every
        self._living = living
        self._gone = Tallies()
        self._told: dict[int, tuple[int, Plain]] = {}  # by worker: which time, and its numbers
        self._times = 0
        self._changed = asyncio.Event()

    def begin(self) -> None:
        """Ask again and again, as long as the loop runs; no scrape waits for these answers."""
        self._ask(self._times)
        asyncio.get_running_loop().call_later(self._every, self.begin)

    async def ready(self) -> None:
        """Ask all workers, and wait until they have answered, but not for long."""
        self._times += 1
        times = self._times
        self._ask(times)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self._answering(times) < len(self._living()):
                    self._changed.clear()
                    await self._changed.wait()

    def _answering(self, times: int) -> int:
        """Return how many have answered the question of that number, or a later one."""
        return sum(self._told.get(worker, (0, {}))[0] >= times for worker in self._living())

    def take(self, worker: int, times: int, plain: Plain) -> None:
        """Know what *worker* has told."""
        self._told[worker] = times, plain
        self._changed.set()

    def lost(self, worker: int) -> None:
        """Know that *worker* is gone: what it told last stays counted."""
        if worker in self._told:
            _, plain = self._told.pop(worker)
            self._gone.take(plain, ended=True)
        self._changed.set()

    def sum_with(self, own: Tallies) -> Tallies:
        """Return the numbers of all workers, and *own* of the process that started them."""
        together = Tallies()
        for plain in (own.plain(), self._gone.plain(), *(told for _, told in self._told.values())):
            together.take(plain)
        together["pop3spy_workers"].set(to=len(self._living()))
        together["pop3spy_workers_answering"].set(to=self._answering(self._times))
        return together
