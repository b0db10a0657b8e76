"""``pop3spy explain``: what a refusal, an error, a response code or a finding means."""

import sys

import click

from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.terminal import width_of
from pop3spy.cli.verb import Verb
from pop3spy.console.meaning import explanation, nearest
from pop3spy.findings.documentation import INDENT
from pop3spy.findings.loading import all_rules
from pop3spy.wrapping import wrapped

_WIDEST = 100
"""Columns of a paragraph, however wide the terminal is."""


class _TextVerb(Verb):
    """A command whose words may begin with a dash, as ``-ERR`` does; its help comes first."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line *args*."""
        asks = bool(args) and args[0] in (*self.get_help_option_names(ctx), "--")
        return super().parse_args(ctx, args if asks else ["--", *args])


@click.command(
    cls=_TextVerb,
    epilog="\b\nExamples:\n"
    "  pop3spy explain retr-truncated                     a finding\n"
    "  pop3spy explain IN-USE                             a response code\n"
    "  pop3spy explain '-ERR [AUTH] Web login required'   what a server says\n"
    "  pop3spy explain 0x800CCC0F                         what a mail program says\n"
    "  pop3spy explain SSL: WRONG_VERSION_NUMBER\n"
    "\n\b\n"
    "The exit status is 1 if nothing is known of it.",
)
@click.argument("text", nargs=-1, required=True, metavar="TEXT...")
def explain(text: tuple[str, ...]) -> int:
    """Tell what a refusal, an error, a response code or a finding means, and what to do."""
    said, rules = " ".join(text), all_rules()
    paragraphs = explanation(said, rules)
    if not paragraphs:
        near = nearest(said, rules)
        hint = f"did you mean {near}?" if near else "try what the server says behind -ERR"
        click.echo(f"pop3spy: nothing is known of this; {hint}", err=True)
        return ExitStatus.FOUND
    columns = min(width_of(sys.stdout)() or _WIDEST, _WIDEST)
    for paragraph in paragraphs:
        if paragraph.startswith(INDENT):
            click.echo(paragraph)
        else:
            for line in wrapped(paragraph, columns, columns):
                click.echo(line)
    return ExitStatus.DONE
