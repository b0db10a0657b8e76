"""Starting workers, and the pipes between them and the process that started them.

Rules: 1. a process has no end of a pipe but its own, so that the end of either is seen by the
other; 2. a worker heeds no signal that asks it to end: who started it says when; 3. it never
returns from here.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Final

_STOPS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FAILED: Final = 70
"""The exit status of a worker that does not even know why it failed."""


@dataclass(frozen=True, slots=True)
class WorkerEnds:
    """The ends of a worker's pipes that are its own, and its ``number``, counted from 1.

    It writes the lines of its transcript, of its log, and what else it tells; it reads orders.
    """

    number: int
    transcript: int
    log: int
    told: int
    orders: int


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """A worker as seen from where it was started: the other ends of its pipes."""

    number: int
    pid: int
    transcript: int
    log: int
    told: int
    orders: int

    @property
    def ends(self) -> tuple[int, ...]:
        """The file descriptors."""
        return self.transcript, self.log, self.told, self.orders


Work = Callable[[WorkerEnds], int]
"""What a worker does; it returns the exit status."""


def start_workers(workers: int, work: Work) -> list[WorkerProcess]:
    """Start so many *workers*, each of which does *work*; there must be no threads yet."""
    started: list[WorkerProcess] = []
    for number in range(1, workers + 1):
        started.append(_start(number, work, started))
    return started


def _start(number: int, work: Work, others: Sequence[WorkerProcess]) -> WorkerProcess:
    transcript, log, told, orders = (os.pipe() for _ in range(4))
    theirs = transcript[1], log[1], told[1], orders[0]
    ours = transcript[0], log[0], told[0], orders[1]
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # else both processes would write it
    with _blocked_signals():
        pid = os.fork()
        if pid == 0:
            for stop in _STOPS:
                signal.signal(stop, signal.SIG_IGN)
    if pid == 0:
        for end in (*(end for other in others for end in other.ends), *ours):
            os.close(end)
        status = _FAILED
        try:
            status = work(WorkerEnds(number, *theirs))
        finally:
            os._exit(status)
    for end in theirs:
        os.close(end)
    return WorkerProcess(number, pid, *ours)


@contextmanager
def _blocked_signals() -> Iterator[None]:
    """Let no signal come before it is known what is to be done about it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def numbers_of(worker: int, workers: int) -> Iterator[int]:
    """Return the numbers that *worker*, one of so many, gives its sessions, and what it holds."""
    return count(worker, workers)


def worker_of(number: int, workers: int) -> int:
    """Return which of so many *workers* has given this *number*."""
    return (number - 1) % workers + 1


def reap(worker: WorkerProcess) -> int:
    """Return the exit status of a *worker* that is ending; minus the signal that killed it."""
    _, status = os.waitpid(worker.pid, 0)
    return os.waitstatus_to_exitcode(status)
