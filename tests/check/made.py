"""Reports of audits that never were: of every outcome, and of what a hostile server would say."""

from pop3spy.check.doors import Door, OpenDoor, Target
from pop3spy.check.loading import all_checks
from pop3spy.check.plan import Plan
from pop3spy.check.registry import CheckOutcome, Judgement
from pop3spy.check.results import AuditReport, Result
from pop3spy.check.transcript import TranscriptLine
from pop3spy.protocol.url import Url
from pop3spy.session.finding import AtFault, Finding, Severity

ODD = 'a "quoted" | bar,\n<b>&amp; \x1b[31m \\ back\u2028\ud83d'.encode("utf-8", "replace").decode()
EVERY = tuple(CheckOutcome)


def report_with(*outcomes: CheckOutcome, note: str = ODD, fail_on: str = "must") -> AuditReport:
    """Return a report in which the first checks ended so."""
    target = Target(Url("pop3", "mail.example.org", 110), 110, 995, "192.0.2.1", ("192.0.2.1",))
    target.doors[Door.CLEAR] = OpenDoor(110, is_open=True)
    target.doors[Door.POP3S] = OpenDoor(995, error="connection refused")
    plan = Plan("bob", 3, 0, 40, "deletes nothing")
    report = AuditReport(target, plan, {"user": "bob"}, "2026-11-29T10:00:00Z", fail_on=fail_on)
    said = (
        TranscriptLine(0.5, "C", note, "lf", truncated=True),
        TranscriptLine(0.6, "S", "+OK"),
        TranscriptLine(0.6, "S", "TOP"),
        TranscriptLine(0.6, "-", "TLS"),
    )
    finding = Finding("long-line", Severity.WARNING, (AtFault.SERVER,), note, "mend it", 0.5)
    musts = [check for check in all_checks().values() if check.level.value == "MUST"]
    report.results = [
        Result(check, Judgement(outcome, note, {"n": 1, "f": 0.5}), 0.1, said, (finding,), "clear")
        for check, outcome in zip(musts, outcomes, strict=False)
    ]
    report.greeting, report.greeting_seconds, report.login_seconds = note, 0.01, 0.4
    report.certificate_days, report.certificate_until, report.ended_at = 45.4, 1.8e9, 1.79e9
    report.capabilities = {"clear": ["TOP", note], "pop3s": None}
    return report
