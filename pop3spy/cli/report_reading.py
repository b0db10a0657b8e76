"""Recordings read into a report, one after another, in the order in which they began."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from pop3spy.capture.opening import OpenedRecording, opened_recording
from pop3spy.cli.judging_recordings import judge_of
from pop3spy.cli.open_recording import began_at, open_recording
from pop3spy.cli.progress import ProgressLine
from pop3spy.cli.recorded_sessions import sessions_of
from pop3spy.cli.stream_digest import StreamDigests
from pop3spy.filters.exchange_filter import ExchangeFilter
from pop3spy.filters.expression import Filter
from pop3spy.findings.history import History
from pop3spy.findings.loading import all_rules
from pop3spy.findings.thresholds import thresholds_of
from pop3spy.logs.stats import Statistics
from pop3spy.protocol.text import escape
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.replay.recording import no_session
from pop3spy.report.collecting import Collecting
from pop3spy.report.report import Report, ReportedRecording
from pop3spy.session.bus import all_of
from pop3spy.session.playback import play_back


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """What is reported, and how."""

    files: tuple[str, ...]
    out: Path
    form: str
    sessions: tuple[int, ...]
    wanted: Filter | None
    redact: str
    bodies: str
    port: tuple[int, ...]
    rules: tuple[Path, ...]
    threshold: tuple[tuple[str, float], ...]

    @property
    def strict(self) -> bool:
        """Whether names are to be hidden."""
        return self.redact == "strict"


Opening = Callable[..., AbstractContextManager[OpenedRecording]]
"""How a recording is opened: ``open_recording`` also tells what has to be said of it."""


def read_report(options: ReportOptions) -> Report:
    """Return the report, and tell a person what there is to tell of the recordings.

    Raise CaptureError if one of the sessions is in none of them.
    """
    return _read(options, open_recording, ProgressLine(len(options.files)))


def read_report_silently(options: ReportOptions) -> Report:
    """Return the report as ``read_report`` does, while the terminal belongs to somebody else."""
    return _read(options, opened_recording, ProgressLine(len(options.files), shown=False))


def _read(options: ReportOptions, opening: Opening, line: ProgressLine) -> Report:
    report = Report(
        mail=options.bodies == "keep",
        rules=all_rules(options.rules),
        wanted=str(options.wanted) if options.wanted else "",
        chosen=bool(options.sessions),
    )
    reading = _ReportReading(options, report, opening)
    with line as progress:
        for file in _in_order(options):
            reading.read(file, progress)
    reading.end()
    return report


def _in_order(options: ReportOptions) -> Sequence[str]:
    return sorted(options.files, key=lambda file: began_at(file, options.port))


class _ReportReading:
    """Reads recordings, one after another, into a report."""

    def __init__(self, options: ReportOptions, report: Report, opening: Opening) -> None:
        self._opening = opening
        self._options = options
        self._report = report
        self._stats = Statistics()
        self._there: dict[int, None] = {}
        self._history = History()
        self._thresholds = thresholds_of(options.threshold)
        self._names = Pseudonyms() if options.strict else None
        self._read: set[Path] = set()  # with another: the halves of rawlogs

    def read(self, file: str, progress: ProgressLine) -> None:
        """Read *file*, unless it was read with another."""
        if file != "-" and Path(file).resolve() in self._read:  # twice, or with its other half
            return
        options, report, digests = self._options, self._report, StreamDigests()
        with self._opening(file, ports=options.port, through=digests.reader_of) as recording:
            reported = ReportedRecording("", recording.started)
            reported.strict = options.strict or recording.redaction == "strict"
            report.recordings.append(reported)
            collecting = Collecting(report)
            subscriber = all_of(collecting, self._stats)
            if options.wanted is not None:
                subscriber = ExchangeFilter(options.wanted, subscriber, whole=True)
            wanted = sessions_of(recording, options.sessions, self._there)
            history = self._history if recording.names_are_real else History()
            play_back(
                progress.along(wanted, recording.name),
                subscriber,
                names=recording.names or self._names,
                note=collecting.note,
                memory=recording.memory(),
                judge=judge_of(recording.started, history, report.rules, self._thresholds),
            )
            collecting.close()
            reported.size, reported.sha256 = digests.finish()
        read = [path for path in (Path(file), recording.other) if path]
        self._read |= {path.resolve() for path in read}
        if reported.strict:
            reported.hidden_notes = len(recording.notes)
        else:
            reported.name = "" if file == "-" else escape(Path(file).name)
            reported.notes = [escape(note) for note in recording.notes]

    def end(self) -> None:
        """Take in what is known once all recordings have been read."""
        for session in self._options.sessions:
            if session not in self._there:
                raise no_session(session, self._there)
        self._report.stats = self._stats.ordered()
        self._report.label_sessions()
