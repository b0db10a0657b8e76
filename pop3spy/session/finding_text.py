"""How a finding is told to people, in a transcript and on a console."""

from pop3spy.session.finding import Finding, Severity


def finding_mark(finding: Finding) -> str:
    """Return what stands before a finding: a dot where nobody need act."""
    return " ·" if finding.severity is Severity.INFO else " !"


def finding_text(finding: Finding) -> str:
    """Return a finding in one line: ``retr-truncated  The download of message 1 stopped …``."""
    return f"{finding.id}  {finding.text}"
