"""Metrics beside what they measure: a proxy of one process, or of several.

Only who asks for it loads this: it needs the extra ``metrics``.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from pop3spy import __version__
from pop3spy.cli.counted import Counted
from pop3spy.cli.environment import Work
from pop3spy.config.address import Address
from pop3spy.errors import ListenError, said_by_system
from pop3spy.metrics.counting import Counting
from pop3spy.metrics.exposition import PATH, Exposition, metrics_app
from pop3spy.metrics.health import Health
from pop3spy.metrics.tally import Tallies
from pop3spy.metrics.workers import WorkersTallies
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.failure import describe
from pop3spy.web.server import WebServer
from pop3spy.workers.supervisor import Supervisor

BACKLOG: Final = 16


@contextmanager
def scrape_socket(address: Address) -> Iterator[socket.socket]:
    """Give a socket that listens at *address*; raise ListenError if that cannot be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        sock = socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        raise ListenError(
            f"the metrics cannot have {address}: {said_by_system(error)}; --metrics 0 takes a free"
            " port of this machine"
        ) from None
    with sock:
        yield sock


class Measuring:
    """Tells the numbers of *tallies* at *sock*; let ``around`` do the work that is measured.

    *ready* is awaited before each scrape, *pids* are the processes that do the work.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it brings together
        self,
        sock: socket.socket,
        bus: Bus,
        clock: Clock,
        tallies: Callable[[], Tallies],
        ready: Callable[[], Awaitable[None]],
        pids: Callable[[], Sequence[int]],
    ) -> None:
        self._sock = sock
        self._bus = bus
        self._clock = clock
        self._told = False
        exposition = Exposition(tallies, pids)
        self._server = WebServer(metrics_app(exposition, ready, self._complain))

    def around(self, work: Work, begin: Callable[[], None]) -> Work:
        """Return *work* with scrapes answered beside it; *begin* is called when the loop runs."""

        async def run(stop: asyncio.Event) -> None:
            begin()
            where = Address(*self._sock.getsockname()[:2])
            facts = {"where": f"http://{where}{PATH}"}
            self._bus.publish(Noted("metrics_at", self._clock.now(), facts))
            async with self._server.answering([self._sock], self._complain):
                await work(stop)

        return run

    def _complain(self, error: Exception) -> None:
        """Tell once that something failed here."""
        if not self._told:
            self._told = True
            facts = {"error": describe(error)}
            self._bus.publish(Noted("metrics_failed", self._clock.now(), facts))


def measured_alone(
    work: Work, sock: socket.socket, bus: Bus, clock: Clock, counted: Counted
) -> Work:
    """Return *work*, which is all of a proxy, with its numbers at *sock* as they are *counted*."""
    bus.subscribe_to_notes(counted.counting.note)
    tallies = counted.tallies
    tallies["pop3spy_workers"].set(to=1)
    tallies["pop3spy_workers_answering"].set(to=1)
    tallies["pop3spy_build_info"].set(__version__, to=1)

    async def ready() -> None:
        counted.health.look()

    measuring = Measuring(sock, bus, clock, lambda: tallies, ready, lambda: [os.getpid()])
    return measuring.around(work, counted.begin)


def measured_together(  # noqa: PLR0913, PLR0917 - what it brings together
    work: Work, sock: socket.socket, bus: Bus, clock: Clock, health: Health, supervisor: Supervisor
) -> Work:
    """Return *work* of *supervisor*, whose own *health* it is, with all numbers at *sock*."""
    own = health.tallies
    bus.subscribe_to_notes(Counting(own).note)
    own["pop3spy_build_info"].set(__version__, to=1)

    def ask(times: int) -> None:
        supervisor.order("measure", times)

    together = WorkersTallies(ask, lambda: supervisor.living)
    supervisor.measured = together

    async def ready() -> None:
        health.look()
        await together.ready()

    def pids() -> list[int]:
        return [os.getpid(), *supervisor.living.values()]

    measuring = Measuring(sock, bus, clock, lambda: together.sum_with(own), ready, pids)
    return measuring.around(work, together.begin)
