"""``pop3spy ca``: the certificate authority whose certificates clients are to believe."""

import sys
from pathlib import Path
from typing import Final

import click

from pop3spy.authority import STORE_PASSWORD
from pop3spy.cli.authority import open_authority
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.options import ValueType, with_settings
from pop3spy.cli.trusting import fingerprint, quoted, steps
from pop3spy.cli.verb import Verb, VerbGroup
from pop3spy.config.file import STDOUT
from pop3spy.config.kinds import PATH
from pop3spy.config.verbs import AuthoritySettings
from pop3spy.errors import ConfigError
from pop3spy.newfile import new_file
from pop3spy.protocol.text import escape

_FORMATS: Final = ("pem", "der", "p12")
_PUBLIC: Final = 0o644
"""A certificate is for everybody, and some systems read it where it was put."""


class _Shows(VerbGroup):
    """A group that shows what there is unless it is told to do something else."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line *args*."""
        wants_help = args[:1] and args[0] in self.get_help_option_names(ctx)
        if not wants_help and (not args or args[0].startswith("-")):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Shows,
    epilog="\b\nExamples:\n"
    "  pop3spy ca                        what there is; made on first use\n"
    "  pop3spy ca trust                  how programs come to believe it\n"
    "  pop3spy ca export -o pop3spy.pem  its certificate, for another machine",
)
def ca() -> None:
    """Look after the local certificate authority.

    It signs the certificates with which pop3spy stands in for servers, so that it can read what is
    said inside TLS.  Without a command it is shown.
    """


@ca.command(
    cls=Verb,
    epilog="\b\nExamples:\n  pop3spy ca show\n  pop3spy ca show --ca-dir ./ca    one of its own",
)
@with_settings("ca show", AuthoritySettings)
def show(settings: AuthoritySettings) -> int:
    """Show it; make it if there is none yet."""
    authority = open_authority(settings.ca_dir)
    rows = {
        "certificate": escape(str(authority.certificate)),
        "private key": f"{escape(str(authority.key))}, which nobody else may have",
        "subject": escape(authority.subject),
        "SHA-256": fingerprint(authority),
        "valid": f"from {authority.since:%Y-%m-%d} until {authority.until:%Y-%m-%d}",
    }
    click.echo("".join(f"{name:<13}{text}\n" for name, text in rows.items()))
    folder = settings.ca_dir
    here = f" --ca-dir {quoted(folder.absolute())}" if folder else ""
    click.echo(
        "No program believes it that was not told to.\n"
        f"How to tell them, and how to undo it:  pop3spy ca trust{here}\n"
        f"A copy of it for other machines:       pop3spy ca export{here} -o FILE"
    )
    return ExitStatus.DONE


@ca.command(cls=Verb, epilog="\b\nExamples:\n  pop3spy ca trust\n  pop3spy ca trust | less")
@with_settings("ca trust", AuthoritySettings)
def trust(settings: AuthoritySettings) -> int:
    """Show how programs come to believe it, and back."""
    click.echo(steps(open_authority(settings.ca_dir)), nl=False)
    return ExitStatus.DONE


@ca.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy ca export -o pop3spy.pem\n"
    "  pop3spy ca export --format der -o pop3spy.crt    for Windows\n"
    "  pop3spy ca export --format p12 -o pop3spy.p12    a trust store for Java",
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=ValueType(PATH, "--out"),
    metavar="FILE",
    help="The new file to write; - is stdout.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="pem",
    metavar="|".join(_FORMATS),
    help="How it is written.  [default: pem]",
)
@with_settings("ca export", AuthoritySettings)
def export(settings: AuthoritySettings, out: Path, form: str) -> int:
    """Write its certificate, never its key.

    The authority is made if there is none yet.
    """
    if out == STDOUT and form != "pem" and sys.stdout.isatty():
        raise ConfigError(f"{form} is nothing for a terminal; name a file: -o FILE")
    authority = open_authority(settings.ca_dir)
    data = authority.exported(form)
    if out == STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        with new_file(out, _PUBLIC) as file:
            try:
                file.write(data)
                file.flush()
            except BaseException:  # a part must not pass for the whole
                out.unlink()
                raise
    told = f"the certificate with the SHA-256 fingerprint {fingerprint(authority)}"
    if form == "p12":
        told += f"; the password of this store is {STORE_PASSWORD}, as Java wants one"
    click.echo(f"pop3spy: {told}", err=True)
    return ExitStatus.DONE
