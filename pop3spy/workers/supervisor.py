"""Whoever started the workers: hears what they tell, gives orders, and sees them end.

Rules: 1. what all of them would say is said once; 2. a worker that dies takes its own sessions with
it and nobody else's; 3. nobody waits for a worker: what is told is read as it comes, and one that
does not end in time is killed.
"""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

from pop3spy.errors import Pop3SpyError
from pop3spy.net.systemd import notify
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.workers.occupancy import Occupancy
from pop3spy.workers.pipes import LineReader
from pop3spy.workers.process import WorkerProcess, reap, worker_of

PATIENCE: Final = 5.0
"""Seconds beyond the grace of its sessions that a worker has to end."""

_OF_ALL: Final = ("reader_failed", "reader_loaded", "ledger_failed", "otlp_failed")
"""Notes that all workers would tell in the same words."""

Lines = Callable[[str], None]
"""Takes whole lines for the transcript, or for the log."""


class Watcher(Protocol):
    """Who is told of what happens in the sessions of all workers."""

    def tell(self, worker: int, message: Sequence[Any]) -> None:
        """Take a message of *worker* about one of its sessions."""

    def lost(self, worker: int, why: str) -> None:
        """Know that *worker* is gone, and why its sessions have ended."""


class Measured(Protocol):
    """Who takes the numbers of workers."""

    def take(self, worker: int, times: int, plain: Any) -> None:
        """Take the numbers of *worker*, who has been asked so many times."""

    def lost(self, worker: int) -> None:
        """Know that *worker* is gone."""


class Supervisor:
    """Runs *workers*, who wait for orders, until it is to stop; *grace* is that of their sessions.

    *transcript* and *log* take the lines of all, and *complaints* what concerns no session.
    ``watcher`` hears of the sessions, if anybody does, and ``measured`` of their numbers.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it brings together
        self,
        workers: Sequence[WorkerProcess],
        occupancy: Occupancy,
        bus: Bus,
        clock: Clock,
        transcript: Lines,
        log: Lines,
        complaints: Lines,
        grace: float,
    ) -> None:
        self.watcher: Watcher | None = None
        self.measured: Measured | None = None
        self._workers = {worker.number: _Worker(worker) for worker in workers}
        self._count = len(workers)
        self._occupancy = occupancy
        self._bus = bus
        self._clock = clock
        self._transcript = transcript
        self._log = log
        self._complaints = complaints
        self._grace = grace
        self._listening: Counter[str] = Counter()
        self._told: set[str] = set()
        self._stopping = False
        self._failures: list[str] = []
        self._none_left = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Let the workers work until *stop* is set, then end in order.

        Raise Pop3SpyError if none is left before that, or if one could not write what it had.
        """
        for worker in list(self._workers.values()):
            await self._connect(worker)
        try:
            await _first(stop, self._none_left)
            if not stop.is_set():
                raise Pop3SpyError("no worker is left, so nobody relays any more; start it again")
            await self._wind_up()
        finally:
            for worker in self._workers.values():
                worker.kill()
        if self._failures:
            raise Pop3SpyError(self._failures[0])

    @property
    def living(self) -> dict[int, int]:
        """The number of each worker that has not ended, with that of its process."""
        return {number: worker.process.pid for number, worker in self._workers.items()}

    def order(self, *words: object) -> None:
        """Give an order to every worker."""
        for worker in self._workers.values():
            worker.order(words)

    def order_for(self, number: int, *words: object) -> None:
        """Give an order to the worker that has the session, or the ticket, *number*."""
        if worker := self._workers.get(worker_of(number, self._count)):
            worker.order(words)

    async def _wind_up(self) -> None:
        self._stopping = True
        notify("STOPPING=1")
        if sessions := self._occupancy.total:
            facts = {"sessions": sessions, "grace": f"{self._grace:g}"}
            self._bus.publish(Noted("stopping", self._clock.now(), facts))
        self.order("stop")
        try:
            async with asyncio.timeout(self._grace + PATIENCE):
                await self._none_left.wait()
        except TimeoutError:
            for worker in self._workers.values():
                worker.kill()
            await self._none_left.wait()

    # -- what a worker tells --------------------------------------------------------------------

    async def _connect(self, worker: "_Worker") -> None:
        """Read the pipes of *worker*, and be able to give it orders."""
        loop, process = asyncio.get_running_loop(), worker.process
        ended = partial(self._closed, worker)
        takers: dict[int, Lines] = {
            process.transcript: self._transcript,
            process.log: self._log,
            process.told: partial(self._hear, worker),
        }
        for fd, take in takers.items():
            reader = partial(LineReader, take, ended)
            await loop.connect_read_pipe(reader, os.fdopen(fd, "rb", 0))
        worker.orders, _ = await loop.connect_write_pipe(
            asyncio.BaseProtocol, os.fdopen(process.orders, "wb", 0)
        )

    def _hear(self, worker: "_Worker", lines: str) -> None:
        for line in lines.split("\n")[:-1]:
            match json.loads(line):
                case ["note", str(what), float(at), dict(facts)]:
                    self._note(Noted(what, at, facts))
                case ["complaint", str(text)]:
                    if text not in self._told:
                        self._told.add(text)
                        self._complaints(text)
                case ["failed", str(why)]:
                    worker.why = why
                case ["measured", int(times), plain] if self.measured is not None:
                    self.measured.take(worker.process.number, times, plain)
                case message if self.watcher is not None:
                    self.watcher.tell(worker.process.number, message)

    def _note(self, note: Noted) -> None:
        """Say *note*, unless it has been said or is yet to be said by others."""
        match note.what:
            case "listening":
                self._listening[json.dumps(note.facts)] += 1
                self._tell_of_listening()
            case "stopping":
                pass  # of all, it is said above
            case what if what in _OF_ALL and repr(note.facts) in self._told:
                pass
            case _:
                self._told.add(repr(note.facts))
                self._bus.publish(note)

    def _tell_of_listening(self) -> None:
        """Say where clients can come, once all who are there listen."""
        for facts, count in list(self._listening.items()):
            if count >= len(self._workers):
                del self._listening[facts]
                self._bus.publish(Noted("listening", self._clock.now(), json.loads(facts)))
                if not self._listening:
                    notify("READY=1")

    # -- how a worker ends ----------------------------------------------------------------------

    def _closed(self, worker: "_Worker") -> None:
        """Know that a pipe of *worker* has come to its end: with the last, it is over."""
        worker.pipes -= 1
        if worker.pipes:
            return
        process = worker.process
        status = reap(process)
        worker.close()
        del self._workers[process.number]
        if self.measured is not None:
            self.measured.lost(process.number)
        if status or not self._stopping:
            self._tell_of_loss(worker, status)
        if worker.why:
            self._failures.append(worker.why)
        if not self._workers:
            self._none_left.set()
        else:
            self._tell_of_listening()

    def _tell_of_loss(self, worker: "_Worker", status: int) -> None:
        process = worker.process
        how = _how(status, worker.why)
        facts = {
            "worker": process.number,
            "process": process.pid,
            "how": how,
            "sessions": self._occupancy.of(process.number),
            "left": len(self._workers),
        }
        self._occupancy.clear(process.number)
        self._bus.publish(Noted("worker_lost", self._clock.now(), facts))
        if self.watcher is not None:
            self.watcher.lost(process.number, f"worker {process.number} {how}")


class _Worker:
    """A worker that has not ended."""

    def __init__(self, process: WorkerProcess) -> None:
        self.process = process
        self.pipes = 3
        self.why = ""  # it could not go on
        self.orders: asyncio.WriteTransport | None = None

    def order(self, words: Sequence[object]) -> None:
        if self.orders is not None and not self.orders.is_closing():
            self.orders.write(f"{json.dumps(words)}\n".encode())

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        if self.orders is not None and not self.orders.is_closing():
            self.orders.abort()


def _how(status: int, why: str) -> str:
    """Return in words how a worker ended."""
    if status < 0:
        try:
            return f"was killed by {signal.Signals(-status).name}"
        except ValueError:  # a real-time signal
            return f"was killed by signal {-status}"
    return f"could not go on: {why}" if why else f"ended with status {status}"


async def _first(*events: asyncio.Event) -> None:
    """Wait until one of *events* is set."""
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(event.wait()) for event in events]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
