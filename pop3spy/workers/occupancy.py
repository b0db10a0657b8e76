"""How many sessions each worker has open: numbers in memory that all of them share."""

import fcntl
import mmap
import os
from typing import BinaryIO, Final

_NUMBER: Final = 8
"""Octets of a number."""


class Occupancy:
    """The open sessions of so many workers, who are counted from 1; make it before they are forked.

    *most* is how many may be open at once in all of them together, 0 for any number.  Each worker
    writes its own number alone.
    """

    def __init__(self, workers: int, most: int = 0) -> None:
        self.most = most
        self.open = memoryview(mmap.mmap(-1, _NUMBER * workers)).cast("q")
        # Two who looked at once would both find the last place free.  A lock on a file is let go
        # by the system if its owner is killed, which none in memory is.
        self.lock = _nameless_file() if most else None

    def of(self, worker: int) -> int:
        """Return how many sessions *worker* has open."""
        return self.open[worker - 1]

    def clear(self, worker: int) -> None:
        """Know that *worker* is gone, and its sessions with it."""
        self.open[worker - 1] = 0

    def close(self) -> None:
        """Let go of what it takes of the system."""
        if self.lock is not None:
            self.lock.close()

    @property
    def total(self) -> int:
        """How many sessions are open."""
        return sum(self.open)


class SharedCapacity:
    """What *worker* may take of the places that all workers have; see ``net.capacity``."""

    def __init__(self, occupancy: Occupancy, worker: int) -> None:
        self.most = occupancy.most
        self._occupancy = occupancy
        self._open = occupancy.open
        self._place = worker - 1

    def take(self) -> bool:
        """Take a place, if one is free."""
        lock = self._occupancy.lock
        if lock is None:
            self._open[self._place] += 1
            return True
        fcntl.lockf(lock, fcntl.LOCK_EX)
        try:
            free = sum(self._open) < self.most
            self._open[self._place] += free
        finally:
            fcntl.lockf(lock, fcntl.LOCK_UN)
        return free

    def give_back(self) -> None:
        """Give a place back."""
        self._open[self._place] -= 1


def _nameless_file() -> BinaryIO:
    """Return a file that nobody else can open: one in memory where there are such."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("pop3spy"), "r+b")
    import tempfile  # noqa: PLC0415 - it takes a while to load

    return tempfile.TemporaryFile()
