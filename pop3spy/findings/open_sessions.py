"""Judges sessions while they go on, also while nobody speaks."""

from collections.abc import Callable, Mapping
from typing import Final

from pop3spy.findings.engine import Findings
from pop3spy.findings.history import History
from pop3spy.findings.own_deeds import SERVED
from pop3spy.findings.rule import Rule
from pop3spy.findings.thresholds import Thresholds
from pop3spy.session.bus import Bus, Reader
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.failure import describe
from pop3spy.session.model import Session

TICK: Final = 1.0
"""Seconds between two looks at the time, while any session is open."""
Later = Callable[[float, Callable[[], None]], None]


def judge_open_sessions(  # noqa: PLR0913, PLR0917 - who is judged, and by what is known
    bus: Bus,
    clock: Clock,
    rules: Mapping[str, Rule],
    thresholds: Thresholds | None = None,
    history: History | None = None,
    later: Later | None = None,
    *,
    hosts: bool = False,
) -> None:
    """Let all sessions of *bus* be judged by *rules*; with *later* also while nobody speaks.

    If this program *hosts* them, nothing is held against the server.  Whoever shows findings has to
    subscribe behind this.
    """

    def complain(rule: Rule, error: Exception) -> None:
        facts = {"rule": rule.id, "error": describe(error)}
        bus.publish(Noted("rule_failed", clock.now(), facts))

    findings = Findings(
        bus.publish,
        rules,
        complain,
        thresholds=thresholds,
        history=history,
        epoch=clock.started.timestamp(),
        spared=SERVED if hosts else (),
    )
    bus.subscribe(findings)
    if later is not None:
        bus.subscribe(Ticking(findings, clock, later))


class Ticking:
    """A subscriber that lets time pass for *findings* as long as any session is open."""

    def __init__(self, findings: Findings, clock: Clock, later: Later) -> None:
        self._findings = findings
        self._clock = clock
        self._later = later
        self._ticks = False

    def __call__(self, _: Session) -> Reader | None:
        """Begin, unless that has been done."""
        if not self._ticks:
            self._ticks = True
            self._later(TICK, self._tick)
        return None

    def _tick(self) -> None:
        self._findings.tick(self._clock.now())
        self._ticks = self._findings.open > 0
        if self._ticks:
            self._later(TICK, self._tick)
