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
    are its ``notes``, what was said of it while it was read: they are only counted.  What was not
    ``recorded`` is what a proxy knows that runs, and has no file.
    """

    name: str
    started: datetime
    strict: bool = False
    size: int = 0
    sha256: str = ""
    notes: list[str] = field(default_factory=list)
    hidden_notes: int = 0
    recorded: bool = True


@dataclass(slots=True)
class Report:
    """What a report is made of.

    ``mail`` is whether somebody asked for messages, ``wanted`` the filter that somebody gave, empty
    without one, and ``chosen`` whether sessions were chosen.  ``missing`` are sentences about what
    nobody kept.
    """

    mail: bool
    rules: Mapping[str, Rule]
    wanted: str = ""
    chosen: bool = False
    missing: list[str] = field(default_factory=list)
    recordings: list[ReportedRecording] = field(default_factory=list)
    sessions: list[CollectedSession] = field(default_factory=list)
    stats: list[tuple[str, CommandStats]] = field(default_factory=list)
    _begun: dict[str, int] = field(default_factory=dict)

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
        return parts + self.missing

    def begin(self, session: Session) -> CollectedSession:
        """Take in a *session* of the recording that was added last, and return what keeps it."""
        recording = len(self.recordings)
        key = f"r{recording}-s{session.id}"
        times = self._begun[key] = self._begun.get(key, 0) + 1  # a number may be used again
        again = f".{times}" if times > 1 else ""
        collected = CollectedSession(
            session,
            recording,
            label=f"s{session.id}{again}",
            key=f"{key}{again}",
            date=Clock(self.recordings[-1].started).date(session.opened_at).astimezone(UTC),
        )
        self.sessions.append(collected)
        return collected

    def label_sessions(self) -> None:
        """Let labels say which recording, once there are several."""
        if len(self.recordings) > 1:
            for collected in self.sessions:
                collected.label = f"r{collected.recording} {collected.label}"

    def recording_of(self, collected: CollectedSession) -> ReportedRecording:
        """Return the recording that a session is in."""
        return self.recordings[collected.recording - 1]

    def shown(self) -> list[CollectedSession]:
        """Return the sessions that stand in the report, in the order in which they began.

        Of too many, those with the worst findings are taken first, then the earliest.
        """
        ordered = sorted(self.sessions, key=lambda collected: (collected.date, collected.recording))
        if len(ordered) <= SESSIONS:
            return ordered
        worst_first = sorted(
            ordered, key=lambda collected: -(collected.worst.value if collected.worst else 0)
        )
        chosen = {collected.key for collected in worst_first[:SESSIONS]}
        return [collected for collected in ordered if collected.key in chosen]


FindingKey = tuple[str, Severity, str]
"""What is the same in two sessions: what it is called, how bad it is, and what it says."""


def key_of(finding: Finding) -> FindingKey:
    """Return what *finding* has in common with others that share a row."""
    return finding.id, finding.severity, finding.text


@dataclass(slots=True)
class ReportedFinding:
    """A finding, with the sessions in which the same was raised in the same words."""

    finding: Finding
    places: list[tuple[CollectedSession, Finding]]

    @property
    def times(self) -> int:
        """How often it was seen in all sessions."""
        return sum(finding.count for _, finding in self.places)


def findings_of(sessions: list[CollectedSession]) -> list[ReportedFinding]:
    """Return what was found in *sessions*, the worst first; the same in several stands once."""
    found: dict[FindingKey, ReportedFinding] = {}
    for collected in sessions:
        for finding in collected.findings:
            row = found.setdefault(key_of(finding), ReportedFinding(finding, []))
            row.places.append((collected, finding))
    return sorted(found.values(), key=lambda row: -row.finding.severity.value)
