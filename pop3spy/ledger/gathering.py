"""Sessions that wait to be written: taken at once from whoever relays, given to a thread."""

from collections import deque
from threading import Event
from typing import Final

from pop3spy.ledger.forms import SavedSession

GATHERED: Final = 0.5
"""Seconds in which sessions come that are written together."""
MOST_WAITING: Final = 10_000
"""Sessions that may wait to be written; what is more is left out."""


class Gathering:
    """What one thread adds, and another takes."""

    def __init__(self) -> None:
        self._saved: deque[SavedSession] = deque()
        self._some = Event()
        self.closing = Event()

    def add(self, saved: SavedSession) -> bool:
        """Take a session to be written; return False if too many are waiting."""
        if len(self._saved) >= MOST_WAITING:
            return False
        self._saved.append(saved)
        if not self._some.is_set():  # waking the thread for each session costs more than all else
            self._some.set()
        return True

    def take(self) -> list[SavedSession]:
        """Wait for something to write, and for what comes soon after: writing all costs as much.

        Return nothing when no more will come.
        """
        while True:
            self._some.wait()
            over = self.closing.wait(GATHERED)
            self._some.clear()
            batch = [self._saved.popleft() for _ in range(len(self._saved))]
            if over:
                self._some.set()  # look once more, and then end
            if batch or over:
                return batch

    def close(self) -> None:
        """Know that no more will come."""
        self.closing.set()
        self._some.set()
