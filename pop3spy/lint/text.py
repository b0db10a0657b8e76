"""Findings as people read them: by recording and session, with the verdict behind them."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from pop3spy.findings.documentation import INDENT, documentation
from pop3spy.findings.rule import Rule
from pop3spy.lint.forms import place_of
from pop3spy.lint.linted import Linted, LintedSession
from pop3spy.protocol.text import count, escape
from pop3spy.session.finding import Finding, Severity
from pop3spy.wrapping import wrapped

_PLAIN = "\x1b[0m"
_BOLD = "\x1b[1m"
_COLOURS = {Severity.ERROR: "\x1b[31;1m", Severity.WARNING: "\x1b[33m", Severity.INFO: "\x1b[2m"}
_INDENT = 4
_WIDEST = 80
"""Columns of a paragraph in a file, where no terminal says how many there are."""


class LintText:
    """Writes findings; *width* is that of the terminal, None for a file."""

    def __init__(self, *, width: int | None = None, colour: bool = False) -> None:
        self._width = width or _WIDEST
        self._colour = colour

    def lines(self, linted: Linted) -> Iterator[str]:
        """Yield the lines, without their ends."""
        for file, sessions in groupby(linted.sessions, key=lambda session: session.file):
            yield self._painted(escape(file), _BOLD)
            for session in sessions:
                yield from self._session(session)
        yield self._summary(linted)

    def _session(self, session: LintedSession) -> Iterator[str]:
        peers = f"  {session.client} → {session.server}" if session.client else ""
        yield f"  session {session.number}{escape(peers)}"
        for finding in session.findings:
            yield from self._finding(finding)
        yield ""
        yield from self._paragraph(session.verdict)
        yield ""

    def _finding(self, finding: Finding) -> Iterator[str]:
        times = f", {finding.count:,} times" if finding.count > 1 else ""
        head = f"{finding.severity.word:<7}  {finding.id}"
        place = f"{place_of(finding)}{times}"
        yield f"  {self._painted(head, _COLOURS[finding.severity])}  ({place})"
        yield from self._paragraph(finding.text)

    def _paragraph(self, text: str) -> Iterator[str]:
        room = self._width - _INDENT
        for line in wrapped(text, room, room):
            yield f"{' ' * _INDENT}{line}"

    def _summary(self, linted: Linted) -> str:
        findings = linted.findings
        seen = f"{count(linted.looked_at, 'session')} of {count(linted.files, 'file')}"
        if not findings:
            return f"Nothing was found in {seen}."
        severities = Counter(finding.severity for finding in findings)
        parts = [
            count(severities[severity], severity.word)
            for severity in sorted(Severity, key=lambda one: -one.value)
            if severities[severity]
        ]
        sessions = count(len(linted.sessions), "session")
        return f"{', '.join(parts)} in {sessions}; looked at {seen}."

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colour else text


def statistics(linted: Linted) -> Iterator[str]:
    """Yield the lines of a table: how often each finding was raised, the most frequent first."""
    sessions: Counter[str] = Counter()
    times: Counter[str] = Counter()
    severity: dict[str, str] = {}
    for finding in linted.findings:
        sessions[finding.id] += 1
        times[finding.id] += finding.count
        severity[finding.id] = finding.severity.word
    rows = [("finding", "severity", "sessions", "times")]
    rows += [
        (name, severity[name], f"{sessions[name]:,}", f"{times[name]:,}")
        for name in sorted(sessions, key=lambda name: (-sessions[name], name))
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for name, word, in_sessions, seen in rows:
        yield (
            f"{name:<{widths[0]}}  {word:<{widths[1]}}  {in_sessions:>{widths[2]}}"
            f"  {seen:>{widths[3]}}"
        )


def explained(rule: Rule) -> Iterator[str]:
    """Yield the lines that explain what *rule* finds: its documentation and its conversations."""
    for paragraph in documentation(rule):
        if paragraph.startswith(INDENT):
            yield paragraph
        else:
            yield from wrapped(paragraph, _WIDEST, _WIDEST)
