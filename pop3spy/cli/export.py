"""``pop3spy export``: recordings in the forms of other programs."""

import sys
from pathlib import Path

import click

from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.formats import FORMATS
from pop3spy.cli.judging_recordings import judge_of
from pop3spy.cli.open_recording import open_recording
from pop3spy.cli.options import FILE_NAME, ValueType, with_setting
from pop3spy.cli.verb import Verb
from pop3spy.config.file import STDOUT
from pop3spy.config.kinds import FILTER, PATH
from pop3spy.errors import ConfigError
from pop3spy.export import ExportSource, StreamFormat, exporting
from pop3spy.filters.expression import Filter
from pop3spy.session.playback import play_back


@click.command(
    cls=Verb,
    epilog="\b\nFormats:\n"
    + "".join(f"  {name:<10}{form.summary}\n" for name, form in FORMATS.items())
    + "\n\b\nExamples:\n"
    "  pop3spy export session.yaml --to dialogue\n"
    "  pop3spy export session.yaml --to mbox -o mail.mbox\n"
    "  pop3spy export session.yaml --to jsonl --filter 'latency > 200ms'\n"
    "  pop3spy export session.yaml --to pcapng -o session.pcapng     for Wireshark\n"
    "  pop3spy export session.yaml --to parquet -o fleet/            for DuckDB\n"
    "  pop3spy export session.yaml --to yaml -o edit.yaml            to edit",
)
@click.argument("file", type=FILE_NAME)
@click.option(
    "--to",
    "name",
    required=True,
    type=click.Choice(list(FORMATS)),
    metavar="FORMAT",
    help="One of the formats below.",
)
@click.option(
    "-o",
    "--out",
    type=ValueType(PATH, "--out"),
    metavar="PATH",
    default="-",
    help="Write to this new file, or folder for eml and parquet; - is stdout.  [default: -]",
)
@click.option(
    "--filter",
    "wanted",
    type=ValueType(FILTER, "--filter"),
    metavar="EXPR",
    help="Export only these exchanges (docs/filters.md); pcapng, rows, parquet and yaml hold whole sessions.",
)
@with_setting("port")
def export(file: str, name: str, out: Path, wanted: Filter | None, port: tuple[int, ...]) -> int:
    """Write the recording FILE in another form; - is standard input."""
    form = FORMATS[name]
    to = None if out == STDOUT else out
    if to is None and isinstance(form, StreamFormat) and not form.text and sys.stdout.isatty():
        raise ConfigError(f"{name} is nothing for a terminal; name a file: -o FILE")
    if wanted is not None and not form.filterable:
        raise ConfigError(f"{name} holds whole sessions; leave --filter out")
    with open_recording(file, ports=port) as recording:
        source = ExportSource(recording.started, recording.bodies, recording.redaction, wanted)
        with exporting(form, to, sys.stdout.buffer, source) as exporter:
            judge, memory = judge_of(recording.started), recording.memory()
            play_back(recording.items, exporter, note=exporter.note, judge=judge, memory=memory)
    click.echo(f"pop3spy: {exporter.summary}", err=True)
    return ExitStatus.DONE
