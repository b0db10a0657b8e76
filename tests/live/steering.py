"""The live console on a real proxy, with a script in place of a person, and what it shows."""

import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from net.serving import Relayed, relaying
from net.wires import Wire
from pop3spy.cli.judging import judge_sessions
from pop3spy.config.verbs import FindingsSettings
from pop3spy.console.input_mask import Hides
from pop3spy.console.registry import RefusalError
from pop3spy.gate.acts import Gate, Keeper
from pop3spy.gate.dryrun import DryRun
from pop3spy.gate.faultset import Faults
from pop3spy.gate.holds import Holds
from pop3spy.live.commands import LIVE_COMMANDS
from pop3spy.live.console import LiveConsole, SteeredProxy
from pop3spy.logs import Transcript
from pop3spy.logs.stats import Statistics
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.workers.forwarding import Forwarding
from pop3spy.workers.orders import Steered as Worked
from pop3spy.workers.orders import carry_out
from pop3spy.workers.retelling import Retelling
from pop3spy.workers.shared_gate import SharedFaults, SharedHolds, SharedSessions

assert LIVE_COMMANDS


@dataclass
class Answers:
    """Gives one answer after the other, and notes what was asked."""

    answers: list[str] = field(default_factory=list)
    asked: list[tuple[str, bool, str]] = field(default_factory=list)
    hides: Hides | None = None

    async def answer(
        self, question: str, *, hidden: bool = False, begun: str = "", hides: Hides | None = None
    ) -> str:
        self.hides = hides
        self.asked.append((question, hidden, begun))
        if not self.answers:
            raise RefusalError("given up")
        return self.answers.pop(0)


class Way:
    """Whether the console is where the sessions are, or where workers tell of them."""

    workers = False


class Worker:
    """Carries out orders as a worker does, and tells what happens as one does."""

    def __init__(self, relayed: Relayed, holds: Holds, bus: Bus) -> None:
        faults = Faults(relayed.gate, holds)
        self._steered = Worked(relayed.proxy, holds, faults, lambda _: None)
        self._retelling = Retelling(bus, Clock())
        relayed.bus.subscribe(Forwarding(self._tell, lambda: 0))

    def _tell(self, *message: object) -> None:
        self._retelling.tell(1, json.loads(json.dumps(message)))

    def order(self, *words: object) -> None:
        name, *rest = json.loads(json.dumps(words))
        carry_out(self._steered, name, *rest)

    def order_for(self, number: int, *words: object) -> None:
        assert number
        self.order(*words)


class Steered:
    """A proxy, the console that steers it, and what that shows."""

    def __init__(self, relayed: Relayed, holds: Holds, *, dry_run: bool) -> None:
        self.relayed = relayed
        self.holds = holds
        self.faults = Faults(relayed.gate, holds)
        self.person = Answers()
        self._stream = io.StringIO()
        self.columns: int | None = None  # of the terminal, as they are now
        self.ahead = 0.0  # seconds that have passed for the console alone
        clock = Clock(ticks=lambda: time.monotonic_ns() + round(self.ahead * 1e9))
        bus, proxy = relayed.bus, cast(SteeredProxy, relayed.proxy)
        if Way.workers:
            bus = Bus(relayed.complain)
            bus.subscribe_to_notes(relayed.witness)
            worker = Worker(relayed, holds, bus)
            self.holds = shared = SharedHolds(worker, clock)
            self.faults = SharedFaults(worker, Gate(relayed.gate.keepers), holds)
            proxy = sessions = SharedSessions(worker)
            bus.subscribe(sessions)
            bus.subscribe(shared)
        self.console = LiveConsole(
            proxy,
            self.holds,
            self.faults,
            clock,
            self._stream,
            Statistics(),
            lambda: Transcript(self._stream),
            dry_run=dry_run,
            columns=lambda: self.columns,
        )
        self.console.person = self.person
        self.console.subscribe_to(bus)

    async def do(self, line: str, *answers: str) -> str:
        """Do *line*; return what was shown because of it."""
        self.person.answers = list(answers)
        before = len(self.text)
        self.remembered = await self.console.dispatch(line)
        return self.text[before:]

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def waits(self) -> bool:
        """Whether any session waits for its server."""
        sessions = self.console.sessions.open.values()
        return any(self.console.waits.of(session) for session in sessions)

    async def shows(self, text: str) -> None:
        """Wait until *text* is shown."""
        await self.relayed.witness.until(lambda: text in self.text)

    async def held(self, line: bytes = b"DELE 1\r\n") -> tuple[Wire, Wire]:
        """Return a client of which *line* is held as number 1, and its server."""
        client, server = await self.relayed.greeted()
        await self.do(":hold not verb = NOOP")
        await client.send(line)
        await self.relayed.witness.until(lambda: self.holds.tickets)
        return client, server


@asynccontextmanager
async def steering(
    *, dry_run: bool = False, strict: bool = False, judged: bool = False
) -> AsyncIterator[Steered]:
    """Steer a proxy; where sessions are *judged*, findings are raised in them."""
    holds = Holds(Clock())
    keepers: list[Keeper] = [holds, DryRun()] if dry_run else [holds]
    async with relaying(keepers=keepers, strict=strict) as relayed:
        if judged:
            settings = FindingsSettings(findings="warnings", rules=(), threshold=())
            judge_sessions(settings, relayed.bus, Clock())
        yield Steered(relayed, holds, dry_run=dry_run)
        assert not relayed.complaints
