"""How the program itself does: what is asked when somebody scrapes, and what is measured before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pop3spy.metrics.tally import Tallies
from pop3spy.spool import Lossy

EVERY: Final = 0.5
"""Seconds between two looks at how late the loop is."""


@dataclass(frozen=True, slots=True)
class Health:
    """What is asked of a process when somebody scrapes, into *tallies*.

    ``failures`` returns how often each reader of events failed, ``unread`` how many octets wait to
    be read; ``lossy`` are those who may have left entries out.
    """

    tallies: Tallies
    failures: Callable[[], Mapping[str, int]]
    lossy: Sequence[Lossy]
    unread: Callable[[], int] = lambda: 0

    def look(self) -> None:
        """Ask, and let the tallies know."""
        failures = self.tallies["pop3spy_reader_failures_total"]
        for reader, times in self.failures().items():
            failures.set(reader, to=times)
        self.tallies["pop3spy_entries_lost_total"].set(to=sum(each.lost for each in self.lossy))
        self.tallies["pop3spy_unread_bytes"].set(to=self.unread())


class LoopLag:
    """Measures how late an event loop calls what is due.

    *now* tells the time in seconds, and *later* lets it call something after so many seconds.
    """

    def __init__(
        self,
        tallies: Tallies,
        now: Callable[[], float],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._tally = tallies["pop3spy_loop_lag_seconds"]
        self._now = now
        self._later = later

    def begin(self) -> None:
        """Measure from now on."""
        self._due = self._now() + EVERY
        self._later(EVERY, self._look)

    def _look(self) -> None:
        self._tally.observe(max(0.0, self._now() - self._due))
        self.begin()
