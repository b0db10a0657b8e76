"""A probe: a session up to a stage, without a person, and what became of each stage."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from pop3spy.connect.console import Console
from pop3spy.connect.probe_stages import (
    ON_DEMAND,
    OPTIONAL,
    STAGES,
    ProbedSession,
    Reach,
    RetrievedMessage,
)
from pop3spy.connect.stage import Stage
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import error_row, hint, note
from pop3spy.errors import ConfigError, ConnectError, TlsError
from pop3spy.protocol.frames import Side, StatusLine
from pop3spy.session.bus import Reader
from pop3spy.session.events import Event, Heard, Secured
from pop3spy.session.model import Exchange, Session


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """How far a probe goes: the *last* stage, and the *message* that it is about.

    *message* is a number, ``first`` or ``last``.  With *drop* the connection is closed behind the
    last stage, without QUIT.
    """

    last: str
    message: str = "first"
    drop: bool = False


@dataclass(frozen=True, slots=True)
class ReachedStage:
    """What became of a stage; ``why`` tells why it was not reached, if anything is to be told.

    ``seconds`` is how long the server took for it: the sum of its exchanges, so that what a person
    or a command takes to give a password does not count.
    """

    name: str
    reached: bool
    seconds: float
    exchanges: tuple[Exchange, ...] = ()
    why: str = ""


class Probe:
    """One run: what became of each stage, and the times at which the connection came about.

    Times are seconds on the clock of the session; ``began`` is when dialling did.
    """

    def __init__(self, settings: ProbeSettings, began: float) -> None:
        self.settings = settings
        self.began = began
        self.stages: list[ReachedStage] = []
        self.session: Session | None = None
        self.connected_at: float | None = None
        self.secured_at: float | None = None
        self.greeted_at: float | None = None
        self.retrieved: RetrievedMessage | None = None
        self.farewell: Exchange | None = None
        self.failure = ""
        self._asked = 0  # the last exchange of the stages so far

    def subscribe(self, session: Session) -> Reader:
        """Return what notes when the connection came about."""
        self.session = session
        self.connected_at = session.opened_at
        self.secured_at = self.greeted_at = None
        return self._note

    def _note(self, event: Event) -> None:
        match event:
            case Secured():
                self.secured_at = event.at
            case Heard(frame=StatusLine(side=Side.SERVER, number=0)) if self.greeted_at is None:
                self.greeted_at = event.at

    @property
    def seconds(self) -> float:
        """How long the server took for all stages together."""
        return sum(stage.seconds for stage in self.stages)

    async def run(self, console: Console) -> None:
        """Do every stage; ``console.failed_at`` tells what was not reached."""
        last = self.settings.last
        probed = ProbedSession(console, self.settings.message)
        for name, (stage, reach) in _up_to(last):
            done = await self._do(name, partial(reach, probed), console)
            self.stages.append(done)
            if done.reached:
                console.view.add(note(f"{name} took {done.seconds * 1000:,.1f} ms"))
            await console.flush()
            if not done.reached and (name == last or name not in OPTIONAL):
                console.view.add(hint(f"stage not reached: {name}"))
                console.fail(stage)
                break
        self.retrieved = probed.retrieved
        await self._leave(console, probed)

    def failed(self, error: ConnectError) -> None:
        """Note that there was no connection, and why."""
        took = self._now_connected()
        first = "tls" if isinstance(error, TlsError) else "connect"
        self.failure = str(error)
        self.stages.append(ReachedStage(first, reached=False, seconds=took, why=self.failure))

    async def _do(
        self, name: str, reach: Callable[[], Awaitable[bool]], console: Console
    ) -> ReachedStage:
        why = ""
        try:
            reached = await reach()
        except (RefusalError, ConnectError, ConfigError) as error:
            console.view.add(error_row(error))
            reached, why = False, str(error)
        if not reached and not why:
            why = console.talk.broken or ""
        exchanges = self._exchanges_since()
        return ReachedStage(name, reached, self._took(name, exchanges), exchanges, why)

    def _exchanges_since(self) -> tuple[Exchange, ...]:
        """Return the exchanges behind those of the stages before."""
        if self.session is None:
            return ()
        newest = takewhile(lambda each: each.number > self._asked, reversed(self.session.exchanges))
        found = tuple(reversed(list(newest)))
        if found:
            self._asked = found[-1].number
        return found

    def _took(self, name: str, exchanges: tuple[Exchange, ...]) -> float:
        if name == "connect":
            return self._now_connected()
        took = sum(each.duration or 0.0 for each in exchanges)
        if name == "tls" and exchanges and self.secured_at and exchanges[-1].ended_at:
            took += max(0.0, self.secured_at - exchanges[-1].ended_at)
        return took

    def _now_connected(self) -> float:
        times = (self.connected_at, self.secured_at, self.greeted_at)
        return max((at - self.began for at in times if at is not None), default=0.0)

    async def _leave(self, console: Console, probed: ProbedSession) -> None:
        """Say QUIT, unless nobody is to hear it, or something would be deleted then."""
        if console.talk.connection is None:
            return
        if not probed.harmless:
            console.view.add(hint("closing without QUIT, since the message may still be marked"))
        if self.settings.drop or not probed.harmless:
            await console.talk.close()
            return
        bye = await self._do("quit", partial(_quit, probed), console)
        self.farewell = bye.exchanges[-1] if bye.exchanges else None
        await console.flush()


async def _quit(probed: ProbedSession) -> bool:
    return (await probed.say(b"QUIT")).ok


def _up_to(last: str) -> Iterator[tuple[str, tuple[Stage, Reach]]]:
    """Yield the stages up to the *last*, without those that only the last stage asks for."""
    for name, stage in STAGES.items():
        if name == last:
            yield name, stage
            return
        if name not in ON_DEMAND:
            yield name, stage
