"""Runs checks one after the other, and keeps what came of each."""

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from typing import Final, Protocol

from pop3spy.check.audit import Audit, MissingError, SkipError, UnfinishedError
from pop3spy.check.discovery import all_capabilities, discover, stls_of
from pop3spy.check.doors import Door
from pop3spy.check.logins import AuditLogins
from pop3spy.check.needs import Need
from pop3spy.check.order import in_order
from pop3spy.check.plan import Plan, allowed_by, plan_of
from pop3spy.check.registry import Check, CheckOutcome, Judgement, missing, skipped
from pop3spy.check.results import AuditReport, Result
from pop3spy.check.transcript import TranscriptLine
from pop3spy.errors import ConfigError, ConnectError
from pop3spy.protocol.certificate import read_certificate
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.text import show
from pop3spy.session.finding import AtFault, Finding, Severity

_OFFERED: Final = (Need.STLS, Need.GRANT, Need.TLS, Need.POP3S)
"""What a server need not have: without it the outcome is missing, not skipped."""


class Watching(Protocol):
    """What is told while an audit runs."""

    def planned(self, plan: Plan) -> None:
        """Learn what the audit will cost, before the first login."""

    def begun(self, check: Check, number: int, of: int) -> None:
        """Learn that a check begins."""

    def ended(self, result: Result) -> None:
        """Learn how a check ended."""


class Runner:
    """Runs *checks* on *audit*, and tells *watching*; ``report`` has what came of them so far."""

    def __init__(self, audit: Audit, checks: Iterable[Check], watching: Watching) -> None:
        self._audit = audit
        self._checks = in_order(list(checks))
        self._watching = watching
        self.baseline: dict[str, str] | None = None  # outcomes of an earlier audit
        self._granted = False  # STLS is answered with +OK, whatever comes of it
        self._began = time.monotonic()
        plan = plan_of(self._checks, audit.options)
        audit.logins = AuditLogins(audit, plan.logins)
        started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.report = AuditReport(audit.target, plan, {}, started, used=audit.used)

    async def prepare(self) -> None:
        """Find out what there is; raise ConnectError if no door gives a greeting."""
        audit, report = self._audit, self.report
        await discover(audit)
        seen_at = await all_capabilities(audit)
        for door, seen in seen_at.items():
            audit.logins.learn(seen)
            audit.expires |= seen.tags.get("EXPIRE", ())[:1] == ("0",)
            report.capabilities[door.value] = _texts(seen.lines)
        mechanisms = max(len(seen.mechanisms) for seen in seen_at.values())
        delay = audit.logins.delay
        report.plan = plan_of(self._checks, audit.options, delay, mechanisms)
        audit.logins.most = report.plan.logins
        first = audit.target.doors[audit.front].greeting
        report.greeting, report.greeting_seconds = show(line_of(first)), audit.greeting_seconds
        self._date_certificate()
        if audit.target.is_open(Door.CLEAR):
            self._granted = (await stls_of(audit)).reply.ok
        report.compared = self.baseline is not None
        self._watching.planned(report.plan)

    async def run(self) -> None:
        """Run every check."""
        try:
            for number, check in enumerate(self._checks, 1):
                self._watching.begun(check, number, len(self._checks))
                self._keep(await self._one(check))
            await self._audit.logins.close_shared()
        finally:
            await self._audit.logins.close_shared(polite=False)
            self._finish()

    def stop(self, why: str) -> None:
        """Know that the audit does not come to its end, since *why*."""
        self.report.stopped = why
        done = {result.check.id for result in self.report.results}
        for check in self._checks:
            if check.id not in done:
                self.report.results.append(Result(check, skipped(why)))

    async def _one(self, check: Check) -> Result:
        audit = self._audit
        audit.transcript.begin()
        audit.checking, audit.door = check.id, ""
        began = time.monotonic()
        unmet = self._unmet(check)
        if unmet is None:
            judgement = await self._judged(check)
        else:
            judgement = (missing if unmet in _OFFERED else skipped)(unmet.value)
        note = audit.concealed(judgement.note)
        judgement = Judgement(judgement.outcome, note, judgement.facts)
        return Result(
            check,
            judgement,
            round(time.monotonic() - began, 3),
            self._said(),
            tuple(filter(_of_the_server, audit.transcript.findings)),
            audit.door,
            (self.baseline or {}).get(check.id, ""),
        )

    def _said(self) -> tuple[TranscriptLine, ...]:
        """Return the transcript of the check, without secrets that the server knew before us."""
        conceal, last = self._audit.concealed, self._audit.transcript.last
        return tuple(replace(line, text=conceal(line.text)) for line in last)

    async def _judged(self, check: Check) -> Judgement:
        audit = self._audit
        try:
            if check.logins and Need.LOGIN in check.needs:
                await audit.logins.close_shared()
                audit.transcript.lines.clear()
            return await check.judge(audit)
        except SkipError as why:
            return skipped(str(why))
        except MissingError as why:
            return missing(str(why))
        except (UnfinishedError, ConnectError, ConfigError) as why:
            return Judgement(CheckOutcome.ERROR, str(why))

    def _unmet(self, check: Check) -> Need | None:
        """Return what *check* needs and is not there."""
        audit, options = self._audit, self._audit.options
        target = audit.target
        met = {
            Need.CLEAR: target.is_open(Door.CLEAR),
            Need.STLS: target.is_open(Door.STLS),
            Need.GRANT: target.is_open(Door.CLEAR) and self._granted,
            Need.TLS: bool(target.tls_doors),
            Need.POP3S: target.is_open(Door.POP3S),
            Need.RETRIEVAL: options.retr or not audit.expires,
            **allowed_by(options),
        }
        return next((need for need in check.needs if not met[need]), None)

    def _keep(self, result: Result) -> None:
        self.report.results.append(result)
        self._watching.ended(result)

    def _finish(self) -> None:
        audit, report = self._audit, self.report
        report.seconds = round(time.monotonic() - self._began, 3)
        report.ended_at = time.time()
        if audit.login_seconds:
            report.login_seconds = median(audit.login_seconds)
        if audit.logins.refused and not report.stopped:
            report.stopped = audit.logins.refused

    def _date_certificate(self) -> None:
        for door in self._audit.target.doors.values():
            if door.tls is not None and door.tls.chain:
                until = read_certificate(door.tls.chain[0]).until
                if until:
                    end = datetime.strptime(until, "%Y-%m-%d %H:%M:%SZ").replace(tzinfo=UTC)
                    days = (end - datetime.now(UTC)).total_seconds() / 86400
                    known = self.report.certificate_days
                    if known is None or days < known:
                        self.report.certificate_days = days
                        self.report.certificate_until = end.timestamp()


def _of_the_server(finding: Finding) -> bool:
    worth = finding.severity is not Severity.INFO
    return worth and finding.fault == (AtFault.SERVER,)


def _texts(lines: tuple[bytes, ...] | None) -> list[str] | None:
    return None if lines is None else [show(line_of(line)) for line in lines]
