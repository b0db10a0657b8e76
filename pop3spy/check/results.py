"""What came of an audit: a result for each check, and how the audit as a whole ends."""

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from pop3spy.check.audit import Used
from pop3spy.check.doors import Target
from pop3spy.check.plan import Plan
from pop3spy.check.registry import Check, CheckOutcome, Judgement, Level
from pop3spy.check.transcript import TranscriptLine
from pop3spy.session.finding import Finding, Severity

FAIL_ON: Final = ("must", "should", "practice", "non-strict", "never")
"""From where on an audit ends with status 1: the first is the highest."""
_LEVELS: Final = {Level.MUST: 0, Level.SHOULD: 1, Level.PRACTICE: 2}
_NON_STRICT, _HARMLESS = 3, 9
_ODD: Final = frozenset({"net", "greeting", "tls", "state", "limit", "oauth"})
"""Groups that say odd things on purpose: what is found in answers to that, they judge."""


class AuditStatus(IntEnum):
    """How an audit ends; each means one thing."""

    CLEAN = 0
    FOUND = 1
    USAGE = 2
    NO_CONNECTION = 3
    UNFINISHED = 4


@dataclass(frozen=True, slots=True)
class Result:
    """How one check ended, in how many seconds, what was said, and what was found in that.

    ``door`` is where it was said.
    """

    check: Check
    judgement: Judgement
    seconds: float = 0.0
    transcript: tuple[TranscriptLine, ...] = ()
    findings: tuple[Finding, ...] = ()
    door: str = ""
    before: str = ""  # how it ended in the audit that this one is compared with

    @property
    def changed(self) -> bool:
        """Whether it ended otherwise than in the audit that this one is compared with."""
        return self.outcome.value != self.before

    @property
    def outcome(self) -> CheckOutcome:
        """How it ended."""
        return self.judgement.outcome

    @property
    def sentence(self) -> str:
        """What was expected, what came, and whom it hurts."""
        note = self.judgement.note
        if self.outcome not in (CheckOutcome.FAIL, CheckOutcome.NON_STRICT):
            return note
        first = note[:1].upper() + note[1:]
        return f"{first}{'' if first.endswith('.') else '.'} {self.check.harm}"

    @property
    def rank(self) -> int:
        """How much it weighs, 0 the most."""
        if self.outcome is CheckOutcome.FAIL:
            return _LEVELS[self.check.level]
        return _NON_STRICT if self.outcome is CheckOutcome.NON_STRICT else _HARMLESS


@dataclass(slots=True)
class AuditReport:
    """All that an audit found; ``stopped`` says why it did not come to its end.

    ``certificate_until`` and ``ended_at`` are seconds since 1970.  If it was ``compared`` with an
    earlier audit, only what has changed counts.
    """

    target: Target
    plan: Plan
    options: dict[str, str | int | float | bool]
    started: str
    seconds: float = 0.0
    used: Used = field(default_factory=Used)
    results: list[Result] = field(default_factory=list)
    capabilities: dict[str, list[str] | None] = field(default_factory=dict)
    greeting: str = ""
    greeting_seconds: float = 0.0
    login_seconds: float | None = None
    certificate_days: float | None = None
    certificate_until: float | None = None
    ended_at: float = 0.0
    stopped: str = ""
    fail_on: str = "must"
    cert_days: int = 14
    compared: bool = False

    @property
    def told(self) -> list[Result]:
        """The results that people are told of: all, or those that have changed."""
        return [result for result in self.results if not self.compared or result.changed]

    @property
    def counts(self) -> dict[CheckOutcome, int]:
        """How many checks ended how."""
        counted = Counter(result.outcome for result in self.results)
        return {outcome: counted[outcome] for outcome in CheckOutcome}

    @property
    def findings(self) -> list[tuple[Result, Finding]]:
        """What the server's side of the conversations showed beside, each kind once."""
        seen: dict[str, tuple[Result, Finding]] = {}
        for result in self.told:
            for finding in result.findings if result.check.group not in _ODD else ():
                seen.setdefault(finding.id, (result, finding))
        return list(seen.values())

    @property
    def unfinished(self) -> str:
        """Why the audit is no verdict, or nothing."""
        if self.stopped:
            return self.stopped
        broken = [result for result in self.results if result.outcome is CheckOutcome.ERROR]
        return f"{broken[0].check.id}: {broken[0].judgement.note}" if broken else ""

    @property
    def status(self) -> AuditStatus:
        """How the program ends; what was not finished goes before what failed."""
        if self.unfinished:
            return AuditStatus.UNFINISHED
        return AuditStatus.FOUND if self.fails else AuditStatus.CLEAN

    @property
    def fails(self) -> list[Result]:
        """The results that are at or above ``fail_on``."""
        if self.fail_on == "never":
            return []
        least = FAIL_ON.index(self.fail_on)
        return [result for result in self.told if result.rank <= least or _hurts(result, least)]


def _hurts(result: Result, least: int) -> bool:
    """Return whether a finding weighs enough, which is as experience does."""
    if result.check.group in _ODD:
        return False
    errors = any(finding.severity is Severity.ERROR for finding in result.findings)
    return errors and least >= _LEVELS[Level.PRACTICE]
