"""``pop3spy show``: recordings as readable transcripts."""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from pop3spy.capture.opening import OpenedRecording
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.judging_recordings import SHOWN, judge_of
from pop3spy.cli.open_recording import open_recording
from pop3spy.cli.options import FILE_NAME, ValueType, collected, with_setting
from pop3spy.cli.recorded_sessions import sessions_of
from pop3spy.cli.terminal import colourful, keep_width
from pop3spy.cli.verb import Verb
from pop3spy.config.kinds import FILTER
from pop3spy.errors import ConfigError
from pop3spy.extras import check_extra
from pop3spy.filters.exchange_filter import ExchangeFilter
from pop3spy.filters.expression import Filter
from pop3spy.findings import Findings, Rule
from pop3spy.findings.loading import all_rules
from pop3spy.findings.thresholds import thresholds_of
from pop3spy.logs import Transcript
from pop3spy.logs.stats import Statistics
from pop3spy.logs.verdicts import Verdicts
from pop3spy.logs.wire import WireView
from pop3spy.readers import outside_readers
from pop3spy.replay.recording import no_session
from pop3spy.session.bus import Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Told
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Item


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """What is shown, and how."""

    files: tuple[str, ...]
    sessions: tuple[int, ...]
    wanted: Filter | None
    bodies: bool
    raw: bool
    hexadecimal: bool
    port: tuple[int, ...]
    findings: str
    rules: tuple[Path, ...]
    threshold: tuple[tuple[str, float], ...]
    verdict: bool
    stats: bool
    follow: bool
    web: bool

    @property
    def octets(self) -> bool:
        """Whether every octet is shown, and not what it means."""
        return self.raw or self.hexadecimal


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy show session.yaml                 the transcript\n"
    "  pop3spy show --stats captures/*.yaml      how long each command took\n"
    "  pop3spy show --bodies session.yaml        with whole messages\n"
    "  pop3spy show --verdict session.yaml       what went wrong, to paste\n"
    "  pop3spy show --filter err session.yaml    what was refused\n"
    "  pop3spy show --follow live.yaml           while it is being recorded\n"
    "  pop3spy show --web session.yaml           in a browser",
)
@click.argument("files", nargs=-1, required=True, type=FILE_NAME, metavar="FILE...")
@click.option(
    "--session",
    "sessions",
    multiple=True,
    type=int,
    metavar="N",
    help="Show only this session; may be given several times.",
)
@click.option(
    "--filter",
    "wanted",
    type=ValueType(FILTER, "--filter"),
    metavar="EXPR",
    help="Show only these exchanges (docs/filters.md).",
)
@click.option("--bodies", is_flag=True, help="Show messages line by line, and listings whole.")
@click.option("--raw", is_flag=True, help="Show what was said octet by octet, escaped.")
@click.option("--hex", "hexadecimal", is_flag=True, help="Show what was said as a hex dump.")
@with_setting("port")
@with_setting("findings")
@with_setting("rules")
@with_setting("threshold")
@click.option("--verdict", is_flag=True, help="Show what became of each session in one paragraph.")
@click.option(
    "--stats", is_flag=True, help="Show a table of commands: counts, errors, latencies, octets."
)
@click.option(
    "--follow",
    is_flag=True,
    help="Wait for more at the end of a file that is growing, until Ctrl-C.",
)
@click.option(
    "--web",
    is_flag=True,
    help="Show the recording in a browser of this machine, until Ctrl-C (docs/inspector.md).",
)
@collected(ShowOptions)
def show(options: ShowOptions) -> int:
    """Show recordings as people read them; - is standard input."""
    if options.web:
        return _inspect(options)
    stats = Statistics() if options.stats else None
    try:
        _show(options, stats)
    except KeyboardInterrupt:
        if stats is not None and options.follow:  # there is no other way to end it
            click.echo(stats.table(), nl=False)
        raise
    if stats is not None:
        click.echo(stats.table(), nl=False)
    return ExitStatus.DONE


def _inspect(options: ShowOptions) -> ExitStatus:
    """Let browsers look at the one recording that there is."""
    check_extra("--web", "web")
    if other := next((name for name, given in _elsewhere(options).items() if given), None):
        raise ConfigError(f"--web shows one recording, whole; leave out {other}")
    from pop3spy.cli.inspecting_recording import inspect_recording  # noqa: PLC0415 - an extra

    rules = None if options.findings == "off" else all_rules(options.rules)
    there: dict[int, None] = {}
    [file] = options.files
    from pop3spy.cli.session_export import SessionExports  # noqa: PLC0415 - as above
    from pop3spy.cli.session_report import SessionReports  # noqa: PLC0415

    report_of = export_of = None  # what can be read once has none
    if file != "-":
        report_of = SessionReports(
            file, options.rules, options.threshold, options.port, largest=None
        )
        judging = partial(_judge, options=options, rules=rules)
        export_of = SessionExports(file, judging, options.port)
    with open_recording(file, ports=options.port) as recording:
        items = sessions_of(recording, options.sessions, there)
        whole = _with_all_of(items, options.sessions, there)
        judge = _judge(recording, options, rules)
        return inspect_recording(recording, whole, judge, report_of, export_of)


def _with_all_of(
    items: Iterator[Item], sessions: tuple[int, ...], there: dict[int, None]
) -> Iterator[Item]:
    """Yield *items*; raise CaptureError at their end if one of the *sessions* was not there."""
    yield from items
    for session in sessions:
        if session not in there:
            raise no_session(session, there)


def _elsewhere(options: ShowOptions) -> dict[str, object]:
    """Return what a page has no use for, or does itself, and whether it was given."""
    return {
        "all files but one": len(options.files) > 1,
        "--filter": options.wanted,
        "--raw": options.raw,
        "--hex": options.hexadecimal,
        "--bodies": options.bodies,
        "--verdict": options.verdict,
        "--stats": options.stats,
        "--follow": options.follow,
    }


def _show(options: ShowOptions, stats: Statistics | None) -> None:
    """Let each of the files be counted by *stats*, or shown in a view of its own.

    Raise CaptureError at the end if one of the sessions is in none of them.
    """
    rules = None if options.findings == "off" else all_rules(options.rules)
    outside = tuple(outside_readers(_complain))
    there: dict[int, None] = {}
    read: set[Path] = set()  # with another: the halves of rawlogs
    for file in options.files:
        if Path(file) in read:
            continue
        with open_recording(file, follow=options.follow, ports=options.port) as recording:
            if len(options.files) > 1 and stats is None:
                click.echo(f"== {recording.name} ==")
            subscriber, wanted = stats or _view(recording, options), options.wanted
            if wanted is not None:
                whole = options.bodies or options.octets
                subscriber = ExchangeFilter(wanted, subscriber, whole=whole)
            judge = _judge(recording, options, rules)
            items, memory = sessions_of(recording, options.sessions, there), recording.memory()
            everybody: list[Subscriber] = [subscriber, *outside]
            play_back(items, *everybody, names=recording.names, judge=judge, memory=memory)
        if recording.other:
            read.add(recording.other)
    for session in options.sessions:
        if session not in there:
            raise no_session(session, there)


def _complain(reader: str, error: str) -> None:
    click.echo(f"pop3spy: {reader} failed, the rest is shown: {error}", err=True)


def _judge(
    recording: OpenedRecording, options: ShowOptions, rules: dict[str, Rule] | None
) -> Callable[[Callable[[Told], None]], Findings] | None:
    if rules is None:
        return None
    thresholds = thresholds_of(options.threshold)
    return judge_of(recording.started, rules=rules, thresholds=thresholds)


def _view(recording: OpenedRecording, options: ShowOptions) -> Subscriber:
    view: WireView | Transcript | Verdicts
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if options.verdict:
        view = Verdicts(sys.stdout, SHOWN[options.findings])
    elif options.octets:
        view = WireView(sys.stdout, hexadecimal=options.hexadecimal)
    else:
        clock, colour = Clock(recording.started), colourful(sys.stdout)
        view = Transcript(
            sys.stdout,
            clock,
            colour=colour,
            bodies=options.bodies,
            findings=SHOWN[options.findings],
        )
    keep_width(view, sys.stdout)
    return view
