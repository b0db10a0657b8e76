"""An audit as people read it: a line for each check, what was said, and a summary."""

from collections.abc import Iterable, Iterator
from typing import Final

from pop3spy.check.registry import Check, CheckOutcome
from pop3spy.check.results import AuditReport, Result
from pop3spy.findings.documentation import INDENT
from pop3spy.protocol.text import count
from pop3spy.session.finding import Finding
from pop3spy.wrapping import wrapped

MARKS: Final = {
    CheckOutcome.PASS: "ok",
    CheckOutcome.NON_STRICT: "~",
    CheckOutcome.FAIL: "FAIL",
    CheckOutcome.INFO: "i",
    CheckOutcome.MISSING: "-",
    CheckOutcome.SKIPPED: "s",
    CheckOutcome.ERROR: "!",
}
"""How an outcome stands in front of a line."""
CELLS: Final = {
    "pass": ".",
    "non-strict": "~",
    "fail": "F",
    "info": "i",
    "missing": "-",
    "skipped": "s",
    "error": "!",
    "": " ",
}
"""How an outcome stands in a cell of a table."""
_COLOURS: Final = {
    CheckOutcome.PASS: "32",
    CheckOutcome.NON_STRICT: "33",
    CheckOutcome.FAIL: "1;31",
    CheckOutcome.ERROR: "1;35",
}
_TOLD: Final = (CheckOutcome.FAIL, CheckOutcome.NON_STRICT, CheckOutcome.ERROR)
"""Outcomes whose conversation is shown at once; machines are given all."""
_MOST_TOLD: Final = 12
"""Failures in a summary, and findings: with the rest they fit a screen of 24 lines."""
_FINDINGS: Final = 4
_WIDEST: Final = 100
_MARK: Final = 6
_ID: Final = 12


class TextReport:
    """Makes lines of results, for a terminal *width* columns wide, in *colour* or not."""

    def __init__(self, width: int | None = None, *, colour: bool = False) -> None:
        self._width = min(width or _WIDEST, _WIDEST)
        self._colour = colour

    def result(self, result: Result) -> Iterator[str]:
        """Yield the lines of one check."""
        check, outcome = result.check, result.outcome
        told = outcome in _TOLD
        note = f" ({result.judgement.note})" if result.judgement.note and not told else ""
        mark = self._painted(f"{MARKS[outcome]:<{_MARK}}", outcome)
        lines = self._wrapped(f"{check.title}{note}", _MARK + _ID)
        yield f"{mark}{check.id:<{_ID}}{next(lines)}"
        yield from (f"{'':{_MARK + _ID}}{line}" for line in lines)
        if told:
            sentence = f"{check.level.value}, {check.reference}. {result.sentence}"
            yield from (f"{'':{_MARK}}{line}" for line in self._wrapped(sentence, _MARK))
            yield from (f"{'':{_MARK}}{INDENT}{line}" for line in result.transcript)

    def summary(self, report: AuditReport) -> Iterator[str]:
        """Yield what fits on a screen: what is bad, the worst first, and the counts."""
        yield ""
        yield f"{report.target.url} ({report.target.address}): {report.greeting or 'no greeting'}"
        worst = sorted((one for one in report.told if one.rank < 4), key=lambda one: one.rank)  # noqa: PLR2004 - behind it is what harms nobody
        for one in worst[:_MOST_TOLD]:
            mark = self._painted(f"{MARKS[one.outcome]:<{_MARK}}", one.outcome)
            yield f"{mark}{one.check.level.value:<9}{one.check.id:<{_ID}}{one.check.title}"
        if len(worst) > _MOST_TOLD:
            yield f"{'':{_MARK}}and {count(len(worst) - _MOST_TOLD, 'more of them')[:-1]}"
        yield from self._findings(report.findings)
        if report.unfinished:
            yield from self._wrapped(f"not finished: {report.unfinished}", 0)
        yield self._counts(report)

    def _findings(self, findings: list[tuple[Result, Finding]]) -> Iterator[str]:
        if findings:
            yield "found beside, in what was said (pop3spy explain ID):"
        for result, finding in findings[:_FINDINGS]:
            where = f"{finding.severity.word:<9}{finding.id}"
            yield f"{'':{_MARK}}{where} (in {result.check.id})"
        if len(findings) > _FINDINGS:
            yield f"{'':{_MARK}}and {len(findings) - _FINDINGS} more"

    def _counts(self, report: AuditReport) -> str:
        counts = [f"{many} {each.value}" for each, many in report.counts.items() if many]
        used = report.used
        cost = [count(used.logins, "login"), count(used.connections, "connection")]
        return f"{', '.join(counts)}; {', '.join(cost)}, {report.seconds:.0f} s"

    def _painted(self, text: str, outcome: CheckOutcome) -> str:
        colour = _COLOURS.get(outcome)
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour and colour else text

    def _wrapped(self, text: str, indent: int) -> Iterator[str]:
        columns = max(self._width - indent, 30)
        return iter(list(wrapped(text, columns, columns)) or [""])


def listed(checks: Iterable[Check]) -> Iterator[str]:
    """Yield a line for each check: id, level, what it judges."""
    for check in checks:
        logins = f" ({count(check.logins, 'login')} of its own)" if check.logins > 0 else ""
        yield f"{check.id:<{_ID}}{check.level.value:<10}{check.title}{logins}"


def explained(check: Check) -> Iterator[str]:
    """Yield paragraphs about *check*, with empty lines between them."""
    yield f"{check.id}: {check.title} ({check.level.value})"
    yield ""
    yield check.harm
    for paragraph in check.details.split("\n\n"):
        yield ""
        yield paragraph
    yield ""
    yield f"Rests on: {check.reference}"
    if check.needs:
        yield ""
        yield "Skipped where " + "; or ".join(need.value for need in check.needs)
