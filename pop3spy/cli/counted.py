"""What one process counts of its sessions, whoever is told of it: see ``measuring``."""

import asyncio
import errno
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from pop3spy.cli.outputs import later
from pop3spy.logs import name_of
from pop3spy.metrics.counting import Counting
from pop3spy.metrics.health import Health, LoopLag
from pop3spy.metrics.tally import Tallies
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.spool import Lossy

_NO_FILES: Final = (errno.EMFILE, errno.ENFILE)


class Counted:
    """Counts the sessions of *bus*, and how their process does; say ``begin`` once a loop runs.

    *lossy* may leave entries out, *unread* returns how many octets wait to be read.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        lossy: Sequence[Lossy],
        unread: Callable[[], int] = lambda: 0,
    ) -> None:
        self.tallies = Tallies()
        self.counting = Counting(self.tallies)
        self._clock = clock
        self.health = Health(self.tallies, lambda: failures_of(bus), lossy, unread)
        bus.subscribe(self.counting)

    def begin(self) -> None:
        """Measure the loop that runs, and count what it complains of."""
        LoopLag(self.tallies, self._clock.now, later).begin()
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler()

        def complained(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            error = context.get("exception")
            full = isinstance(error, OSError) and error.errno in _NO_FILES
            name = "pop3spy_accept_failures_total" if full else "pop3spy_loop_errors_total"
            self.counting.count(name)
            if before is not None:
                before(loop, context)

        loop.set_exception_handler(complained)


def failures_of(bus: Bus) -> Counter[str]:
    """Return how often each reader of *bus* has failed, by its name."""
    failures: Counter[str] = Counter()
    for reader, times in bus.failures():
        failures[name_of(reader)] += times
    return failures
