"""What was found in sessions, as rows of a console: when it is found, in a list, explained."""

from collections.abc import Iterable, Iterator
from typing import Final

from pop3spy.console.meaning import explanation, nearest
from pop3spy.console.prompt import Choice
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import Row, RowTone
from pop3spy.findings import own_rules
from pop3spy.findings.documentation import INDENT
from pop3spy.findings.verdict import verdict_of
from pop3spy.protocol.text import count, escape
from pop3spy.session.finding import Finding, Severity, worth_telling
from pop3spy.session.finding_text import finding_mark, finding_text
from pop3spy.session.model import Session

_TONES: Final = {
    Severity.ERROR: RowTone.REFUSAL,
    Severity.WARNING: RowTone.HINT,
    Severity.INFO: RowTone.NOTE,
}
_HANG: Final = 2


def finding_row(finding: Finding) -> Row:
    """Return the row for a finding that has just been raised."""
    return Row(finding_mark(finding), finding_text(finding), _TONES[finding.severity], _HANG)


def listed_row(finding: Finding, session: Session | None = None) -> Row:
    """Return the row of a list: how bad, what, where, how often; with *session* also in which."""
    parts = [
        f"s{session.id}" if session else "",
        f"exchange {finding.exchange}" if finding.exchange is not None else "",
        f"{finding.count:,} times" if finding.count > 1 else "",
        f"it is {finding.explained_by}" if finding.explained_by else "",
    ]
    where = ", ".join(filter(None, parts))
    told = f"{finding.severity.word:<7}  {finding.id}"
    text = f"{told} ({where}): " if where else f"{told}: "
    return Row(finding_mark(finding), f"{text}{finding.text}", _TONES[finding.severity], _HANG)


def verdict_rows(session: Session, least: Severity | None) -> Iterator[Row]:
    """Yield the row that says what became of *session*, if anything was found that is so bad."""
    if least and worth_telling(session.findings, least):
        yield Row(" ·", verdict_of(session, least), RowTone.BODY)


def explanation_rows(text: str) -> list[Row]:
    """Return the rows that explain *text*: an id, a response code, a refusal, an error.

    Raise RefusalError if there is nothing to explain, or nothing is known of it.
    """
    rules = own_rules()
    if not text:
        raise RefusalError("explain what?  Write :explain ID; :findings lists what was found")
    paragraphs = explanation(text, rules)
    if not paragraphs:
        near = nearest(text, rules)
        hint = f"did you mean :explain {near}?" if near else ":findings lists what was found"
        raise RefusalError(f"nothing is known of that; {hint}")
    return [
        Row("  ", escape(line), RowTone.BODY, None if line.startswith(INDENT) else 0)
        for line in paragraphs
    ]


def found_in(sessions: int) -> str:
    """Return the sentence for so many *sessions* in which nothing was found."""
    return f"nothing was found in {count(sessions, 'session')}"


def found_first(sessions: Iterable[Session]) -> list[Choice]:
    """Return the ids of all findings, those first that were found in *sessions*."""
    found = {finding.id: None for session in sessions for finding in session.findings}
    rules = own_rules()
    return [
        (name, rules[name].meaning)
        for name in (*found, *sorted(rules.keys() - found.keys()))
        if name in rules
    ]
