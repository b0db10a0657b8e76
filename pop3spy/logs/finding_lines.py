"""How findings are told to people: one sentence, its colour by how bad it is."""

from typing import Final

from pop3spy.logs.layout import LineTone
from pop3spy.protocol.text import escape
from pop3spy.session.finding import Finding, Severity

TONES: Final = {
    Severity.ERROR: LineTone.FAILURE,
    Severity.WARNING: LineTone.PROBLEM,
    Severity.INFO: LineTone.NOTE,
}


def finding_mark(finding: Finding) -> str:
    """Return what stands before a finding: a dot where nobody need act."""
    return " ·" if finding.severity is Severity.INFO else " !"


def finding_text(finding: Finding) -> str:
    """Return a finding in one line: ``retr-truncated  The download of message 1 stopped …``."""
    return f"{finding.id}  {escape(finding.text)}"
