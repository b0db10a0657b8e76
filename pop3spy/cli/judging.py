"""Who looks for findings in sessions that go on, and what is remembered for the next run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pop3spy.cli.environment import ledger_file
from pop3spy.config.verbs import FindingsSettings, OutputSettings
from pop3spy.errors import ConfigError
from pop3spy.findings import Findings, Rule
from pop3spy.findings.history import History
from pop3spy.findings.loading import all_rules
from pop3spy.findings.own_deeds import SERVED
from pop3spy.findings.thresholds import thresholds_of
from pop3spy.ledger import Ledger
from pop3spy.session.bus import Bus, Reader
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.failure import describe
from pop3spy.session.model import Session

TICK: Final = 1.0
"""Seconds between two looks at the time, while any session is open."""
Later = Callable[[float, Callable[[], None]], None]


def judge_sessions(  # noqa: PLR0913 - who is judged, and by what is known
    settings: FindingsSettings,
    bus: Bus,
    clock: Clock,
    history: History | None = None,
    later: Later | None = None,
    *,
    hosts: bool = False,
) -> None:
    """Let all sessions of *bus* be judged; with *later* also while nobody speaks.

    If this program *hosts* them, nothing is held against the server.  Whoever shows findings has to
    subscribe behind this.  Raise RuleError if the rules of a user cannot be loaded.
    """
    rules, thresholds = all_rules(settings.rules), thresholds_of(settings.threshold)

    def complain(rule: Rule, error: Exception) -> None:
        facts = {"rule": rule.id, "error": describe(error)}
        bus.publish(Noted("rule_failed", clock.now(), facts))

    epoch = clock.started.timestamp()
    findings = Findings(
        bus.publish,
        rules,
        complain,
        thresholds=thresholds,
        history=history,
        epoch=epoch,
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


@contextmanager
def remembered(settings: OutputSettings, bus: Bus, clock: Clock) -> Iterator[History | None]:
    """Give the history of earlier runs, and keep it; None where nothing is to be remembered.

    Under ``--redact strict`` nothing is, since the names of users there are nobody's.  Raise
    ConfigError if a ledger that was asked for can neither be read nor be set aside; without one
    that nobody asked for the sessions go on.
    """
    path = settings.ledger or ledger_file()
    if settings.no_ledger or settings.redact == "strict" or settings.findings == "off" or not path:
        yield None
        return

    def complain(text: str) -> None:
        bus.publish(Noted("ledger_failed", clock.now(), {"text": text}))

    try:
        ledger = Ledger(Path(path), complain)
    except ConfigError as error:
        if settings.ledger is not None:
            raise
        complain(f"nothing is remembered for the next run: {error}")  # a service may have no home
        yield None
        return
    try:
        yield ledger.history
    finally:
        ledger.close()
