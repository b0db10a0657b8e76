"""``pop3spy mcp``: recordings for a program that asks in the Model Context Protocol."""

from pathlib import Path

import click

from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.options import ValueType
from pop3spy.cli.verb import Verb
from pop3spy.config.kinds import PATH
from pop3spy.extras import check_extra


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy mcp captures/\n"
    "\n\b\n"
    "A program starts it, and a person asks that program (docs/mcp.md).",
)
@click.argument("folder", type=ValueType(PATH, "DIR"), metavar="DIR")
def mcp(folder: Path) -> int:
    """Tell a program of the recordings in DIR, by the Model Context Protocol on stdio."""
    check_extra("pop3spy mcp", "mcp")
    from pop3spy.mcp.server import serve_folder  # noqa: PLC0415 - it loads the SDK

    serve_folder(folder)
    return ExitStatus.DONE
