"""Places that several processes share: never one too many, and none kept by the dead."""

import os
import signal
from contextlib import closing

from pop3spy.workers.occupancy import Occupancy, SharedCapacity

WORKERS, TRIES = 4, 10_000


def forked(occupancy: Occupancy, worker: int, gate: int) -> int:
    """Take the one place that there is, again and again, in another process; return its number.

    It ends with status 1 if somebody else had the place.
    """
    if pid := os.fork():
        return pid
    status = 70
    try:
        capacity, status = SharedCapacity(occupancy, worker), 0
        os.read(gate, 1)  # until all are there
        for _ in range(TRIES):
            if capacity.take():
                status |= occupancy.total > 1
                capacity.give_back()
    finally:
        os._exit(status)


def test_no_two_workers_ever_have_the_same_place() -> None:
    gate, opened = os.pipe()
    with closing(Occupancy(WORKERS, 1)) as occupancy:
        pids = [forked(occupancy, worker, gate) for worker in range(1, WORKERS + 1)]
        os.write(opened, bytes(WORKERS))
        assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * WORKERS
        assert occupancy.total == 0
    os.close(gate)
    os.close(opened)


def test_all_places_are_taken_and_no_more() -> None:
    with closing(Occupancy(2, 5)) as occupancy:
        first, second = SharedCapacity(occupancy, 1), SharedCapacity(occupancy, 2)
        took = [capacity.take() for capacity in (first, second) * 4]
        assert took == [True] * 5 + [False] * 3
        second.give_back()
        assert first.take()
        assert not second.take()


def test_without_a_bound_each_counts_its_own() -> None:
    occupancy = Occupancy(2)
    first, second = SharedCapacity(occupancy, 1), SharedCapacity(occupancy, 2)
    for _ in range(3):
        assert first.take()
    assert second.take()
    second.give_back()
    assert (occupancy.of(1), occupancy.of(2), occupancy.total) == (3, 0, 3)
    occupancy.clear(1)
    assert occupancy.total == 0


def test_a_worker_that_is_killed_keeps_no_lock() -> None:
    with closing(Occupancy(2, 1)) as occupancy:
        pid = os.fork()
        if not pid:
            capacity = SharedCapacity(occupancy, 1)
            while True:  # it is killed in the middle of this
                if capacity.take():
                    capacity.give_back()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        occupancy.clear(1)
        assert SharedCapacity(occupancy, 2).take()
