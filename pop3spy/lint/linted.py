"""What a recording was found to hold, session by session."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pop3spy.findings.verdict import verdict_of
from pop3spy.session.bus import Reader
from pop3spy.session.events import Ended, Event
from pop3spy.session.finding import Finding, Severity
from pop3spy.session.model import Session


@dataclass(frozen=True, slots=True)
class LintedSession:
    """One session of the recording *file*: what was found in it, and what became of it."""

    file: str
    number: int
    client: str
    server: str
    findings: tuple[Finding, ...]
    verdict: str


@dataclass(slots=True)
class Linted:
    """All that was looked at; ``sessions`` are those in which something was found.

    ``looked_at`` counts all sessions, ``exchanges`` all commands, ``files`` all recordings.
    """

    sessions: list[LintedSession] = field(default_factory=list)
    files: int = 0
    looked_at: int = 0
    exchanges: int = 0

    @property
    def findings(self) -> list[Finding]:
        """Everything that was found."""
        return [finding for session in self.sessions for finding in session.findings]

    def worst(self) -> Severity | None:
        """Return how bad the worst of it is."""
        severities = [finding.severity for finding in self.findings]
        return max(severities, key=lambda severity: severity.value, default=None)


class Linting:
    """A subscriber that adds the sessions of the recording *file* to *linted*.

    Findings that are not *wanted*, or that something later explained, are left out.
    """

    def __init__(self, linted: Linted, file: str, wanted: Callable[[Finding], bool]) -> None:
        self._linted = linted
        self._file = file
        self._wanted = wanted
        self._open: dict[int, Session] = {}
        linted.files += 1

    def __call__(self, session: Session) -> Reader:
        """Return what waits for the end of *session*."""
        self._linted.looked_at += 1
        self._open[session.id] = session
        return self._read

    def close(self) -> None:
        """Take in the sessions whose end was not recorded."""
        self._take(self._open.values())
        self._open.clear()

    def _read(self, event: Event) -> None:
        if isinstance(event, Ended):
            session = self._open.pop(event.session.id, None)
            if session is not None:
                self._take([session])

    def _take(self, sessions: Iterable[Session]) -> None:
        for session in sessions:
            self._linted.exchanges += session.totals.commands
            told = (one for one in session.findings if not one.explained_by and self._wanted(one))
            findings = tuple(sorted(told, key=lambda finding: finding.at))
            if findings:
                least = min((one.severity for one in findings), key=lambda severity: severity.value)
                linted = LintedSession(
                    self._file,
                    session.id,
                    str(session.client),
                    str(session.server),
                    findings,
                    verdict_of(session, least),
                )
                self._linted.sessions.append(linted)
