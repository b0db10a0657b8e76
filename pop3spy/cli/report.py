"""``pop3spy report``: recordings as a page, a picture or a ticket, for people without pop3spy."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import file_digest
from pathlib import Path
from typing import Final

import click

from pop3spy.capture.header import REDACTIONS
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.judging_recordings import judge_of
from pop3spy.cli.open_recording import open_recording
from pop3spy.cli.options import FILE_NAME, ValueType, collected, with_setting
from pop3spy.cli.progress import ProgressLine
from pop3spy.cli.recorded_sessions import sessions_of
from pop3spy.cli.stream_digest import StreamDigest
from pop3spy.cli.verb import Verb
from pop3spy.config.file import STDOUT
from pop3spy.config.kinds import FILTER
from pop3spy.errors import ConfigError
from pop3spy.filters.exchange_filter import ExchangeFilter
from pop3spy.filters.expression import Filter
from pop3spy.findings.history import History
from pop3spy.findings.loading import all_rules
from pop3spy.findings.thresholds import thresholds_of
from pop3spy.logs.stats import Statistics
from pop3spy.newfile import new_file
from pop3spy.protocol.text import count, escape
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.replay.recording import no_session
from pop3spy.report.collecting import Collecting
from pop3spy.report.html import page
from pop3spy.report.markdown import ticket
from pop3spy.report.report import Report, ReportedRecording
from pop3spy.report.svg import picture
from pop3spy.session.bus import Reader, Subscriber
from pop3spy.session.events import Event
from pop3spy.session.model import Session
from pop3spy.session.playback import play_back


@dataclass(frozen=True, slots=True)
class ReportForm:
    """A form of reports; only *text* is for a terminal."""

    summary: str
    write: Callable[[Report], str]
    text: bool = False


REPORT_FORMS: Final = {
    "html": ReportForm("a page that loads nothing, to mail around", page),
    "markdown": ReportForm(
        "verdict, findings and dialogue, to paste into a ticket", ticket, text=True
    ),
    "svg": ReportForm("the ladder alone, for an issue or a wiki", picture),
}


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


@click.command(
    cls=Verb,
    epilog="\b\nFormats:\n"
    + "".join(f"  {name:<10}{form.summary}\n" for name, form in REPORT_FORMS.items())
    + "\n\b\nExamples:\n"
    "  pop3spy report session.yaml -o report.html\n"
    "  pop3spy report a.pcap -o report.html --redact strict     without names\n"
    "  pop3spy report session.yaml --session 3 --format svg -o ladder.svg\n"
    "  pop3spy report session.yaml --format markdown            for a ticket",
)
@click.argument("files", nargs=-1, required=True, type=FILE_NAME, metavar="FILE...")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    default="-",
    help="Write to this new file; - is stdout.  [default: -]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(REPORT_FORMS)),
    default="html",
    metavar="FORMAT",
    help="One of the formats below.  [default: html]",
)
@click.option(
    "--session",
    "sessions",
    multiple=True,
    type=int,
    metavar="N",
    help="Report on this session alone; may be given several times.",
)
@click.option(
    "--filter",
    "wanted",
    type=ValueType(FILTER, "--filter"),
    metavar="EXPR",
    help="Report on these exchanges alone (docs/filters.md).",
)
@click.option(
    "--redact",
    type=click.Choice(list(REDACTIONS)),
    default="secrets",
    metavar="|".join(REDACTIONS),
    help="Hide secrets, or user names and addresses too.  [default: secrets]",
)
@click.option(
    "--bodies",
    type=click.Choice(["mask", "keep"]),
    default="mask",
    metavar="mask|keep",
    help="Hide messages, or keep their subjects and first lines.  [default: mask]",
)
@with_setting("rules")
@with_setting("threshold")
@with_setting("port")
@collected(ReportOptions)
def report(options: ReportOptions) -> int:
    """Write what happened in recordings as a page, a picture or a ticket.

    For FILE, - is standard input.
    """
    form = REPORT_FORMS[options.form]
    to_stdout = options.out == STDOUT
    if to_stdout and not form.text and sys.stdout.isatty():
        raise ConfigError(f"{options.form} is nothing for a terminal; name a file: -o FILE")
    if options.redact == "strict" and options.bodies == "keep":
        raise ConfigError("messages name many; leave --bodies keep out, or --redact strict")
    if not to_stdout and options.out.exists():
        new_file(options.out)  # which refuses, before there is any work
    made = _read(options)
    octets = form.write(made).encode("utf-8", "backslashreplace")
    if to_stdout:
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
    else:
        with new_file(options.out) as file:
            file.write(octets)
        sessions = count(len(made.sessions), "session")
        found = count(sum(len(kept.findings) for kept in made.sessions), "finding")
        summary = f"{sessions}, {found}, {count(len(octets), 'octet')}"
        click.echo(f"pop3spy: {options.out}: {summary}", err=True)
    return ExitStatus.DONE


def _read(options: ReportOptions) -> Report:
    """Read the recordings; raise CaptureError if one of the sessions is in none of them."""
    made = Report(
        strict=options.redact == "strict",
        mail=options.bodies == "keep",
        rules=all_rules(options.rules),
        wanted=str(options.wanted) if options.wanted else "",
        chosen=bool(options.sessions),
    )
    reading = _ReportReading(options, made)
    read: set[Path] = set()  # with another: the halves of rawlogs
    with ProgressLine(len(options.files)) as progress:
        for file in options.files:
            if Path(file) not in read and (other := reading.read(file, progress)):
                read.add(other)
    reading.end()
    return made


class _ReportReading:
    """Reads recordings, one after another, into a report."""

    def __init__(self, options: ReportOptions, made: Report) -> None:
        self._options = options
        self._made = made
        self._stats = Statistics()
        self._there: dict[int, None] = {}
        self._history = History()
        self._names = Pseudonyms() if made.strict else None
        self._strict = True  # all recordings are, from the beginning

    def read(self, file: str, progress: ProgressLine) -> Path | None:
        """Read *file*, and return what was read with it."""
        options, made = self._options, self._made
        stdin = StreamDigest(sys.stdin.buffer) if file == "-" else None
        with open_recording(
            file, ports=options.port, stdin=stdin.reader if stdin else None
        ) as recording:
            strict = recording.redaction == "strict"
            self._strict = self._strict and strict
            name = "" if made.strict or file == "-" else escape(Path(file).name)
            reported = ReportedRecording(name, recording.started)
            made.recordings.append(reported)
            hidden = made.strict or strict
            keep = Collecting(made.begin, mail=made.mail and not hidden, strict=hidden)
            subscriber: Subscriber = partial(_both, keep, self._stats)
            if options.wanted is not None:
                subscriber = ExchangeFilter(options.wanted, subscriber, whole=True)
            known = self._history if recording.names_are_real else History()
            thresholds = thresholds_of(options.threshold)
            wanted = sessions_of(recording, options.sessions, self._there)
            play_back(
                progress.along(wanted, recording.name),
                subscriber,
                names=recording.names or self._names,
                note=keep.note,
                memory=recording.memory(),
                judge=judge_of(recording.started, known, made.rules, thresholds),
            )
            keep.close()
        reported.notes = [] if made.strict else [escape(note) for note in recording.notes]
        if stdin is not None:
            reported.size, reported.sha256 = stdin.size, stdin.hexadecimal
        else:
            paths = [Path(file), *([recording.other] if recording.other else [])]
            reported.size, reported.sha256 = _digest(paths)
        return recording.other

    def end(self) -> None:
        """Take in what is known once all recordings have been read."""
        for session in self._options.sessions:
            if session not in self._there:
                raise no_session(session, self._there)
        self._made.strict = self._made.strict or self._strict
        self._made.stats = self._stats.rows
        self._made.named()


def _both(first: Subscriber, second: Subscriber, session: Session) -> Reader:
    """Return what lets two subscribers read a session."""
    readers = [reader for reader in (first(session), second(session)) if reader]

    def read(event: Event) -> None:
        for reader in readers:
            reader(event)

    return read


def _digest(paths: Sequence[Path]) -> tuple[int, str]:
    """Return how many octets the files have, and the SHA-256 of each in hexadecimal."""
    size, digests = 0, []
    for path in paths:
        with path.open("rb") as file:
            digests.append(file_digest(file, "sha256").hexdigest())
            size += file.tell()
    return size, ", ".join(digests)
