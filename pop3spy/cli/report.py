"""``pop3spy report``: recordings as a page, a picture or a ticket, for people without pop3spy."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import click

from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.options import FILE_NAME, ValueType, collected, with_redaction, with_setting
from pop3spy.cli.report_reading import ReportOptions, read_report
from pop3spy.cli.verb import Verb
from pop3spy.config.file import STDOUT
from pop3spy.config.kinds import FILTER, PATH
from pop3spy.errors import ConfigError
from pop3spy.export import output_stream
from pop3spy.protocol.text import count
from pop3spy.report.html import page
from pop3spy.report.markdown import ticket
from pop3spy.report.report import Report
from pop3spy.report.svg import picture


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
    type=ValueType(PATH, "--out"),
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
@with_redaction
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
    form, out = REPORT_FORMS[options.form], None if options.out == STDOUT else options.out
    if out is None and not form.text and sys.stdout.isatty():
        raise ConfigError(f"{options.form} is nothing for a terminal; name a file: -o FILE")
    if options.strict and options.bodies == "keep":
        raise ConfigError("messages name many; leave --bodies keep out, or --redact strict")
    with output_stream(out, sys.stdout.buffer) as stream:
        made = read_report(options)
        octets = form.write(made).encode("utf-8", "backslashreplace")
        stream.write(octets)
        stream.flush()
    if out is not None:
        sessions = count(len(made.sessions), "session")
        found = count(sum(len(session.findings) for session in made.sessions), "finding")
        summary = f"{sessions}, {found}, {count(len(octets), 'octet')}"
        click.echo(f"pop3spy: {out}: {summary}", err=True)
    return ExitStatus.DONE
