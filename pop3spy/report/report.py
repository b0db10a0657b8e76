"""A report: the sessions of some recordings, what was found in them, and what was hidden."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pop3spy.findings.rule import Rule
from pop3spy.logs.stats import CommandStats
from pop3spy.report.collected import CollectedSession
from pop3spy.report.limits import SESSIONS
from pop3spy.session.chunk import Clock
from pop3spy.session.finding import Finding, Severity
from pop3spy.session.model import Session


@dataclass(slots=True)
class ReportedRecording:
    """A recording that was read: its octets, their SHA-256 in hexadecimal, and what it left out.

    ``strict`` is whether names are hidden, in it or in the report; then its ``name`` is empty, as
    are its ``notes``, what was said of it while it was read.
    """

    name: str
    started: datetime
    strict: bool = False
    size: int = 0
    sha256: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """What a report is made of.

    ``mail`` is whether somebody asked for messages, ``wanted`` the filter that somebody gave, empty
    without one, and ``chosen`` whether sessions were chosen.
    """

    mail: bool
    rules: Mapping[str, Rule]
    wanted: str = ""
    chosen: bool = False
    recordings: list[ReportedRecording] = field(default_factory=list)
    sessions: list[CollectedSession] = field(default_factory=list)
    stats: list[tuple[str, CommandStats]] = field(default_factory=list)

    @property
    def strict(self) -> bool:
        """Whether names are hidden everywhere."""
        return all(recording.strict for recording in self.recordings)

    @property
    def shows_mail(self) -> bool:
        """Whether messages are shown anywhere."""
        return any(map(self.shows_mail_of, self.recordings))

    def shows_mail_of(self, recording: ReportedRecording) -> bool:
        """Return whether messages of a recording are shown: they name many."""
        return self.mail and not recording.strict

    def parts_left_out(self) -> list[str]:
        """Return why this is a part of what was recorded, a sentence for each reason."""
        parts = []
        if self.wanted:
            which = "some of the exchanges" if self.strict else f"exchanges with {self.wanted}"
            parts.append(f"Only {which} are here (--filter).")
        if self.chosen:
            parts.append("Other sessions were left out (--session).")
        return parts

    def begin(self, session: Session) -> CollectedSession:
        """Take in a *session* of the recording that was added last, and return what keeps it."""
        recording = len(self.recordings)
        kept = CollectedSession(
            session,
            recording,
            label=f"s{session.id}",
            key=f"r{recording}-s{session.id}",
            date=Clock(self.recordings[-1].started).date(session.opened_at).astimezone(UTC),
        )
        self.sessions.append(kept)
        return kept

    def label_sessions(self) -> None:
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
        worst_first = sorted(ordered, key=lambda kept: -(kept.worst.value if kept.worst else 0))
        chosen = {kept.key for kept in worst_first[:SESSIONS]}
        return [kept for kept in ordered if kept.key in chosen]


@dataclass(slots=True)
class ReportedFinding:
    """A finding of one kind and severity, with the sessions in which it was raised."""

    finding: Finding
    places: list[tuple[CollectedSession, Finding]]

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
