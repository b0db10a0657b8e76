"""``pop3spy proxy --workers N``: several processes that are one proxy.

Whatever they have in common is made before they are forked: sockets, keys, the clock, the gate.
Threads, loops and files come after: the process that started them has the terminal and the log,
and each worker relays the sessions that the system deals out to it.
"""

import asyncio
import json
import os
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pop3spy.capture.files import is_folder, make_folder
from pop3spy.cli.arriving import Front, advise, arriving
from pop3spy.cli.environment import Work, run
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.gating import gate_of, names_for
from pop3spy.cli.legs import proxy_legs
from pop3spy.cli.loading import load_for
from pop3spy.cli.outputs import check_outputs
from pop3spy.cli.relay import relay_of
from pop3spy.cli.terminal import on_terminal
from pop3spy.cli.worker_outputs import SharedOutputs, WorkerOutputs, shared_outputs, worker_outputs
from pop3spy.config.verbs import ProxySettings
from pop3spy.errors import ConfigError, Pop3SpyError
from pop3spy.gate.acts import Gate
from pop3spy.gate.faultset import Faults
from pop3spy.gate.holds import Holds
from pop3spy.live.screen import Screen
from pop3spy.metrics.health import Health
from pop3spy.metrics.tally import Tallies
from pop3spy.net.original import Original
from pop3spy.protocol.text import escape
from pop3spy.protocol.url import Url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.failure import describe
from pop3spy.workers.occupancy import Occupancy, SharedCapacity
from pop3spy.workers.orders import Steered, obey
from pop3spy.workers.pipes import LineWriter
from pop3spy.workers.process import WorkerEnds, numbers_of, start_workers
from pop3spy.workers.retelling import Retelling
from pop3spy.workers.shared_gate import SharedFaults, SharedHolds, SharedSessions
from pop3spy.workers.supervisor import Supervisor


def run_workers(settings: ProxySettings, upstream: Url | Original | None) -> int:
    """Start the workers, and do for all of them what one process has to do, until the end.

    Raise ConfigError if several workers could not do what the *settings* ask for.
    """
    _check(settings)
    load_for(settings)
    clock, legs_at = Clock(), partial(proxy_legs, settings)
    screen = Screen() if settings.console and on_terminal() else None
    notes: list[Noted] = []
    holds = Holds(clock)
    gate = gate_of(settings, notes.append, clock, stls=settings.stls, holds=holds)
    with (
        arriving(
            settings,
            legs_at,
            workers=settings.workers,
            routes=settings.route,
            routed=upstream is None,
        ) as front,
        closing(Occupancy(settings.workers, settings.max_sessions)) as occupancy,
    ):
        if settings.record is not None:
            make_folder(Path(settings.record))
        common = _Common(settings, upstream, front, clock, gate, holds, occupancy)
        watched = screen is not None or settings.web is not None
        work = partial(_work, common, shown=screen is not None, watched=watched)
        workers = start_workers(settings.workers, work)
        with (
            shared_outputs(settings, clock, screen, watched=watched or settings.judged) as told,
            ExitStack() as stack,
        ):
            advise(front, told.bus, clock)
            for sock in (sock for share in front.shares for sock in share.values()):
                sock.close()  # that of a worker which dies is to go with it
            for note in notes:
                told.bus.publish(note)
            supervisor = Supervisor(
                workers,
                occupancy,
                told.bus,
                clock,
                told.transcript,
                told.log,
                told.complaints,
                settings.grace,
            )
            supervising = _measured(settings, clock, supervisor, told, stack)
            if not watched:
                return run(supervising, settings.loop)
            return _watched(common, supervisor, supervising, told.bus, screen, stack)


def _check(settings: ProxySettings) -> None:
    if settings.transparent:
        raise ConfigError(
            "--workers does not go with --transparent: a worker would not know the connections of"
            " the others, if the firewall sent them back; leave one of the two out"
        )
    if settings.record is not None and not is_folder(settings.record):
        folder = escape(str(Path(settings.record).with_suffix("")))
        raise ConfigError(
            "--workers records each session in a file of its own, so it needs a folder:"
            f" --record {folder}/"
        )
    check_outputs(settings)


def _measured(
    settings: ProxySettings,
    clock: Clock,
    supervisor: Supervisor,
    told: SharedOutputs,
    stack: ExitStack,
) -> Work:
    """Return what *supervisor* does, and beside it, if asked for, the metrics of all workers."""
    if settings.metrics is None:
        return supervisor.run
    from pop3spy.cli.measuring import measured_together, scrape_socket  # noqa: PLC0415 - as in proxy

    sock = stack.enter_context(scrape_socket(settings.metrics))
    health = Health(Tallies(), told.failures, told.lossy)
    return measured_together(supervisor.run, sock, told.bus, clock, health, supervisor)


def _watched(  # noqa: PLR0913, PLR0917 - who is watched, and by whom
    common: "_Common",
    supervisor: Supervisor,
    supervising: Work,
    bus: Bus,
    screen: Screen | None,
    stack: ExitStack,
) -> ExitStatus:
    """Let people see and steer the sessions of all workers, on the *screen* and in browsers."""
    from pop3spy.cli.steering import Steering  # noqa: PLC0415 - see cli.proxy

    settings, clock = common.settings, common.clock
    supervisor.watcher = Retelling(bus, clock, anonymous=settings.redact == "strict")
    sessions, holds = SharedSessions(supervisor), SharedHolds(supervisor, clock)
    faults = SharedFaults(supervisor, common.gate, common.holds)
    bus.subscribe(sessions)
    bus.subscribe(holds)

    def recorded(note: Noted) -> None:
        if note.what == "noted":
            supervisor.order("noted", note.at, str(note.facts.get("text", "")))

    bus.subscribe_to_notes(recorded)
    steered = Steering(settings, sessions, holds, faults, bus, clock)
    return steered.run(supervising, screen, stack)


@dataclass(frozen=True, slots=True)
class _Common:
    """What all workers have, each as it was when they were forked."""

    settings: ProxySettings
    upstream: Url | Original | None
    front: Front
    clock: Clock
    gate: Gate
    holds: Holds
    occupancy: Occupancy


def _work(common: _Common, ends: WorkerEnds, *, shown: bool, watched: bool) -> int:
    """Be a worker; return the exit status."""
    try:
        outputs_of = partial(worker_outputs, shown=shown, watched=watched)
        with outputs_of(common.settings, common.clock, ends) as outputs, ExitStack() as stack:
            if common.settings.otlp is not None:
                from pop3spy.cli.telemetry import telemetry  # noqa: PLC0415 - as in proxy

                stack.enter_context(telemetry(common.settings.otlp, outputs.bus, common.clock))
            return _relay(common, ends, outputs)
    except Pop3SpyError as error:
        why, status = str(error), error.exit_status
    except BaseException as error:  # noqa: BLE001 - every way to end becomes one line and a status
        why, status = describe(error), ExitStatus.FAILED
    with suppress(OSError):
        LineWriter(ends.told).write(f"{json.dumps(['failed', why])}\n")
    return status


def _relay(common: _Common, ends: WorkerEnds, outputs: WorkerOutputs) -> int:
    """Relay the clients that come to the sockets of this worker."""
    settings, holds, front = common.settings, common.holds, common.front
    own = front.shares[ends.number - 1]
    for sock in {sock for share in front.shares for sock in share.values()} - {*own.values()}:
        sock.close()
    os.environ.pop("NOTIFY_SOCKET", None)  # systemd hears of all workers from who started them
    holds.numbers = numbers_of(ends.number, settings.workers)
    relay = relay_of(
        settings,
        common.upstream,
        outputs.bus,
        common.clock,
        common.gate,
        front,
        names=names_for(settings, ends.number, settings.workers),
        numbers=numbers_of(ends.number, settings.workers),
        capacity=SharedCapacity(common.occupancy, ends.number),
    )
    counted = None
    if settings.metrics is not None:
        from pop3spy.cli.counted import Counted  # noqa: PLC0415 - nobody else should wait for it

        counted = Counted(outputs.bus, common.clock, outputs.lossy, relay.unread)

    def measure(times: int) -> None:
        if counted is not None:
            counted.health.look()
            outputs.tell("measured", times, counted.tallies.plain())

    steered = Steered(relay, holds, Faults(common.gate, holds), outputs.recorded, measure)

    async def work(stop: asyncio.Event) -> None:
        if counted is not None:
            counted.begin()
        await obey(steered, ends.orders, stop)
        await relay.run(own, stop)

    return run(work, settings.loop, outputs.complaints, stops=())
