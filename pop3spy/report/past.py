"""The report of a session of a running proxy, from the events that were kept of it.

They are written down as a recording, which is read: so a report says what it would say if there
were a file.  What was found is not looked for again, if anybody has: the proxy knew more than one
session tells.
"""

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TextIO

from pop3spy.capture.header import Header
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder, noted
from pop3spy.findings import Findings
from pop3spy.findings.rule import Rule
from pop3spy.logs.stats import Statistics
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.report.collecting import Collecting
from pop3spy.report.report import Report, ReportedRecording
from pop3spy.session.bus import Reader, all_of
from pop3spy.session.events import Noted, Told
from pop3spy.session.finding import Finding
from pop3spy.session.model import Session
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Over


@dataclass(frozen=True, slots=True)
class LiveSource:
    """A proxy that runs: its clock *started* then; where it is *strict*, names are hidden.

    *rules* say what its findings rest on.  Unless it is *judged*, nobody has looked for them.
    """

    started: datetime
    rules: Mapping[str, Rule]
    strict: bool = False
    judged: bool = True

    def new_report(self) -> Report:
        """Return a report in which nothing is yet, and which has no file to be compared with."""
        report = Report(mail=False, rules=self.rules)
        recording = ReportedRecording("", self.started, self.strict, recorded=False)
        report.recordings.append(recording)
        return report


@dataclass(frozen=True, slots=True)
class Past:
    """All that happened in *session* until *now*, and what was found in it; it changes no more.

    It is ``open`` if the session had not ended by then.
    """

    session: Session
    events: Iterable[Told]
    findings: list[Finding]
    now: float
    open: bool


def past_of(session: Session, events: Iterable[Told], now: float) -> Past:
    """Return what is known now of a session that may go on."""
    findings = [replace(one, places=[*one.places]) for one in session.findings]
    return Past(session, events, findings, now, open=session.ending is None)


def report_of_past(past: Past, source: LiveSource) -> Report:
    """Return the report of one session."""
    report = source.new_report()
    collecting, stats = Collecting(report), Statistics()
    started = source.started

    def knows(session: Session) -> Reader | None:
        session.findings.extend(past.findings)
        return None

    items = iter(CaptureReader(_recording(past, source), "the session"))
    if past.open:
        items = (item for item in items if not isinstance(item, Over))
    play_back(
        items,
        all_of(knows, collecting, stats),
        names=Pseudonyms(kept=True) if source.strict else None,
        note=collecting.note,
        memory=SecretMemory(started),
        judge=None if source.judged else partial(_judge, source),
    )
    for collected in report.sessions:
        collected.goes_on_at(past.now)
    collecting.close()
    report.stats = stats.ordered()
    return report


def _judge(source: LiveSource, publish: Callable[[Told], None]) -> Findings:
    """Return what looks for findings now; what a rule that fails would have said is missing."""
    epoch = source.started.timestamp()
    return Findings(publish, source.rules, lambda *_: None, epoch=epoch)


def _recording(past: Past, source: LiveSource) -> TextIO:
    """Return what a recording of the session says; its secrets were hidden before they came."""
    redaction = "strict" if source.strict else "secrets"
    octets = io.BytesIO()
    octets.write(Header(source.started, "", redaction, "keep").lines().encode())
    record = Recorder(past.session, "keep", octets.write)
    for told in past.events:
        if isinstance(told, Noted):
            octets.write(noted(told))
        else:
            record(told)
    octets.seek(0)
    return io.TextIOWrapper(octets, encoding="utf-8", newline="\n")
