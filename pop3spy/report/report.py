"""A report: the sessions of some recordings, what was found in them, and what was hidden."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pop3spy.findings.rule import Rule
from pop3spy.logs.stats import CommandStats
from pop3spy.report.collected import CollectedSession
from pop3spy.report.limits import SESSIONS
from pop3spy.session.finding import Finding, Severity
from pop3spy.session.model import Session


@dataclass(slots=True)
class ReportedRecording:
    """A recording that was read: its octets, their SHA-256 in hexadecimal, what it left out.

    ``name`` is empty where a name of a file might tell whose it is.  ``notes`` were said of it
    while it was read.
    """

    name: str
    started: datetime
    size: int = 0
    sha256: str = ""
    bodies: str = "keep"
    redaction: str = "secrets"
    program: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """What a report is made of.

    ``strict`` is whether names are hidden, ``mail`` whether messages are shown; ``wanted`` is the
    filter that somebody gave, empty without one, and ``chosen`` whether sessions were chosen.
    """

    strict: bool
    mail: bool
    rules: Mapping[str, Rule]
    wanted: str = ""
    chosen: bool = False
    recordings: list[ReportedRecording] = field(default_factory=list)
    sessions: list[CollectedSession] = field(default_factory=list)
    stats: Mapping[str, CommandStats] = field(default_factory=dict)

    def begin(self, session: Session) -> CollectedSession:
        """Take in a *session* of the recording that was added last, and return what keeps it."""
        recording = len(self.recordings)
        kept = CollectedSession(
            session,
            recording,
            label=f"s{session.id}",
            key=f"r{recording}-s{session.id}",
            date=_date(self.recordings[-1].started, session.opened_at),
        )
        self.sessions.append(kept)
        return kept

    def named(self) -> None:
        """Let labels say which recording, once there are several."""
        several = len(self.recordings) > 1
        for kept in self.sessions:
            kept.label = f"r{kept.recording} s{kept.session.id}" if several else kept.label

    def recording_of(self, kept: CollectedSession) -> ReportedRecording:
        """Return the recording that a session is in."""
        return self.recordings[kept.recording - 1]

    def shown(self) -> list[CollectedSession]:
        """Return the sessions that stand in the report, in the order in which they began.

        Of too many, those with the worst findings are taken first, then the earliest.
        """
        ordered = sorted(self.sessions, key=lambda kept: (kept.date, kept.recording))
        if len(ordered) <= SESSIONS:
            return ordered
        chosen = sorted(ordered, key=lambda kept: -severity_of(kept))[:SESSIONS]
        return [kept for kept in ordered if kept in chosen]


def severity_of(kept: CollectedSession) -> int:
    """Return how bad the worst is that was found in a session; 0 for nothing."""
    return max((finding.severity.value for finding in kept.findings), default=0)


def worst_of(kept: CollectedSession) -> Severity | None:
    """Return how bad the worst is that was found in a session."""
    return Severity(severity_of(kept)) if kept.findings else None


@dataclass(slots=True)
class ReportedFinding:
    """A finding of one kind and severity, with the sessions in which it was raised."""

    finding: Finding
    places: list[tuple[CollectedSession, Finding]]

    @property
    def kept(self) -> CollectedSession:
        """The session where it was raised first."""
        return self.places[0][0]

    @property
    def times(self) -> int:
        """How often it was seen in all sessions."""
        return sum(finding.count for _, finding in self.places)


def findings_of(sessions: list[CollectedSession]) -> list[ReportedFinding]:
    """Return what was found in *sessions*, the worst first; the same in several stands once."""
    found: dict[tuple[str, Severity], ReportedFinding] = {}
    for kept in sessions:
        for finding in kept.findings:
            row = found.setdefault((finding.id, finding.severity), ReportedFinding(finding, []))
            row.places.append((kept, finding))
    return sorted(found.values(), key=lambda row: -row.finding.severity.value)


def _date(started: datetime, at: float) -> datetime:
    try:
        return started.astimezone(UTC) + timedelta(seconds=at)
    except (OverflowError, ValueError):
        return started.astimezone(UTC)
