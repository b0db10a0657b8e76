"""Where the links of a page lead: every place has its name here, and no link leads nowhere."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from pop3spy.report.collected import CollectedSession
from pop3spy.report.report import ReportedFinding, key_of
from pop3spy.session.finding import Finding


class Links:
    """The places of a page.

    ``rows`` has the exchanges that have a row, by the key of their session; ``findings`` are those
    that stand in the table.
    """

    def __init__(
        self, rows: Mapping[str, AbstractSet[int]], findings: Sequence[ReportedFinding]
    ) -> None:
        self._rows = rows
        self._findings = {key_of(row.finding): place for place, row in enumerate(findings, 1)}

    def place_of_exchange(self, session: CollectedSession, number: int) -> str:
        """Return the name of an exchange's row."""
        return f"{session.key}-{number}"

    def place_of_finding(self, finding: Finding) -> str:
        """Return the name of a finding's row."""
        return f"f{self._findings[key_of(finding)]}-{finding.id}"

    def has(self, session: CollectedSession, number: int | None) -> bool:
        """Return whether an exchange has a row."""
        return number in self._rows.get(session.key, ())

    def to_exchange(self, session: CollectedSession, number: int | None) -> str:
        """Return the link to an exchange, or to its session where it has no row."""
        if number is None or not self.has(session, number):
            return f"#{session.key}" if session.key in self._rows else "#overview"
        return f"#{self.place_of_exchange(session, number)}"

    def of_rows(self, session: CollectedSession) -> Callable[[int | None], str]:
        """Return what gives the link to the row of an exchange, nothing where it has none."""

        def link(number: int | None) -> str:
            return self.to_exchange(session, number) if self.has(session, number) else ""

        return link

    def to_finding(self, finding: Finding) -> str:
        """Return the link to a finding, or to all of them where it has no row."""
        if key_of(finding) not in self._findings:
            return "#findings"
        return f"#{self.place_of_finding(finding)}"
