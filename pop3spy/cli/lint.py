"""``pop3spy lint``: what is wrong in recordings, for people and for build servers."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import click

from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.judging_recordings import judge_of
from pop3spy.cli.open_recording import began_at, open_recording
from pop3spy.cli.options import FILE_NAME, collected, with_setting
from pop3spy.cli.progress import ProgressLine
from pop3spy.cli.terminal import colourful, width_of
from pop3spy.cli.verb import Verb
from pop3spy.errors import CaptureError, ConfigError
from pop3spy.findings import Finding, Rule, Severity
from pop3spy.findings.dispatch import selected
from pop3spy.findings.history import History
from pop3spy.findings.loading import all_rules
from pop3spy.findings.thresholds import thresholds_of
from pop3spy.lint.forms import FORMS
from pop3spy.lint.linted import Linted, Linting
from pop3spy.lint.text import LintText, explained, statistics
from pop3spy.protocol.text import escape
from pop3spy.session.playback import play_back

_SEVERITIES: Final = {severity.word: severity for severity in Severity}
_NEVER: Final = "never"


@dataclass(frozen=True, kw_only=True)
class LintOptions:
    """What is looked at, and what is told of it."""

    files: tuple[str, ...]
    form: str
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    severity: str
    fail_on: str
    statistics: bool
    port: tuple[int, ...]
    explain: str | None
    rules: tuple[Path, ...]
    threshold: tuple[tuple[str, float], ...]

    def wants(self, finding: Finding) -> bool:
        """Return whether *finding* is bad enough to be told."""
        return finding.severity.value >= _SEVERITIES[self.severity].value


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy lint session.yaml                what went wrong, and what to do\n"
    "  pop3spy lint captures/ --severity error  all recordings of a folder\n"
    "  pop3spy lint a.pcap --format sarif       for a code host\n"
    "  pop3spy lint --explain retr-truncated    what a finding means",
)
@click.argument("files", nargs=-1, type=FILE_NAME, metavar="FILE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *FORMS]),
    default="text",
    metavar="FORMAT",
    help=f"text, {', '.join(list(FORMS)[:-1])} or {list(FORMS)[-1]}.  [default: text]",
)
@click.option(
    "--select",
    multiple=True,
    metavar="ID",
    help="Look for this finding, or this group, alone; may be given several times.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="ID",
    help="Do not look for this finding, or this group; may be given several times.",
)
@click.option(
    "--severity",
    type=click.Choice([*_SEVERITIES]),
    default="info",
    metavar="SEVERITY",
    help="Tell of what is at least so bad: info, warning or error.  [default: info]",
)
@click.option(
    "--fail-on",
    type=click.Choice([*_SEVERITIES, _NEVER]),
    default="error",
    metavar="SEVERITY",
    help="End with status 1 if something is at least so bad; never: do not.  [default: error]",
)
@click.option("--statistics", is_flag=True, help="Show how often each finding was raised.")
@with_setting("rules")
@with_setting("threshold")
@with_setting("port")
@click.option("--explain", metavar="ID", help="Explain this finding, and look at nothing.")
@collected(LintOptions)
def lint(options: LintOptions) -> int:
    """Look for what is wrong in recordings; - is standard input, a folder all in it.

    Recordings that are given together are history to each other, unless they do not name hosts
    and users (--redact strict, rawlogs).
    """
    rules = all_rules(options.rules)
    if options.explain is not None:
        _explain(options.explain, rules)
        return ExitStatus.DONE
    if not options.files:
        raise click.UsageError("name a recording, or a folder of them")
    _check_names((*options.select, *options.ignore), rules)
    wanted = {rule.id: rule for rule in selected(rules, options.select, options.ignore)}
    linted = _look(options, wanted)
    _tell(linted, options, rules)
    worst = linted.worst()
    fails = _SEVERITIES.get(options.fail_on)
    found = worst is not None and fails is not None and worst.value >= fails.value
    return ExitStatus.FOUND if found else ExitStatus.DONE


def _explain(name: str, rules: dict[str, Rule]) -> None:
    _check_names((name,), rules, groups=False)
    for line in explained(rules[name]):
        click.echo(line)


def _check_names(names: tuple[str, ...], rules: dict[str, Rule], *, groups: bool = True) -> None:
    """Raise ConfigError if one of *names* is no finding, and no group of them."""
    known = {*rules, *({rule.group for rule in rules.values()} if groups else ())}
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"; did you mean {close[0]}?" if close else "; docs/findings.md has them all"
            raise ConfigError(f"there is no finding {escape(name)}{hint}")


def _look(options: LintOptions, rules: dict[str, Rule]) -> Linted:
    """Look at all recordings, in the order in which they began."""
    linted, history = Linted(), History()
    thresholds = thresholds_of(options.threshold)
    files = [(began_at(file, options.port), file) for file in _recordings(options.files)]
    with ProgressLine(len(files)) as progress:
        for _, file in sorted(files, key=lambda each: each[0]):
            with open_recording(file, ports=options.port) as recording:
                linting = Linting(linted, recording.name, options.wants)
                known = history if recording.names_are_real else History()
                judge = judge_of(recording.started, known, rules, thresholds)
                items = progress.along(recording.items, recording.name)
                memory = recording.memory()
                play_back(items, linting, names=recording.names, judge=judge, memory=memory)
                linting.close()
    linted.sessions.sort(key=lambda session: session.file)
    return linted


def _recordings(files: tuple[str, ...]) -> Iterator[str]:
    """Yield the files, and of each folder all that are recordings."""
    for name in files:
        path = Path(name)
        if name == "-" or not path.is_dir():
            yield name
            continue
        found = False
        for file in sorted(path.rglob("*")):
            if file.is_file() and _is_recording(str(file)):
                found = True
                yield str(file)
        if not found:
            raise CaptureError(f"{escape(name)}: there is no recording in this folder")


def _is_recording(file: str) -> bool:
    try:
        with ExitStack() as stack:
            stack.enter_context(open_recording(file))
    except CaptureError:
        return False
    return True


def _tell(linted: Linted, options: LintOptions, rules: dict[str, Rule]) -> None:
    if options.statistics:
        lines = statistics(linted)
    elif options.form == "text":
        width = width_of(sys.stdout)()
        lines = LintText(width=width, colour=colourful(sys.stdout)).lines(linted)
    else:
        click.echo(FORMS[options.form](linted, rules), nl=False)
        return
    for line in lines:
        click.echo(line)
