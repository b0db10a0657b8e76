"""The program: its verbs, and how each ends."""

import os
import sys
from collections.abc import Sequence

import click

from pop3spy import __version__
from pop3spy.cli.demo import demo
from pop3spy.cli.environment import ExitStatus
from pop3spy.cli.proxy import proxy
from pop3spy.cli.serve import serve
from pop3spy.errors import Pop3SpyError
from pop3spy.session.failure import describe


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExamples:\n"
    "  pop3spy demo                                  see a session decoded, nothing to set up\n"
    "  pop3spy proxy --upstream mail.example.org     then point the client at localhost\n"
    "  pop3spy serve ~/Maildir --listen :1110        a POP3 server over your own mail",
)
@click.version_option(__version__, prog_name="pop3spy")
@click.pass_context
def program(context: click.Context) -> None:
    """Show what POP3 clients and servers really say to each other.

    pop3spy relays every byte unchanged, decodes it, hides the secrets in it, and tells what
    happened.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


program.add_command(demo)
program.add_command(proxy)
program.add_command(serve)


def main(args: Sequence[str] | None = None) -> int:
    """Run the program with *args* and return its exit status; no traceback leaves it."""
    try:
        return _run(args)
    except BaseExceptionGroup as group:  # what the tasks of a group raised: the first tells enough
        return _told(_first_of(group))
    except BaseException as error:  # noqa: BLE001 - every way to end becomes one line and a status
        return _told(error)


def _run(args: Sequence[str] | None) -> int:
    status = program.main(args, prog_name="pop3spy", standalone_mode=False)
    return status if isinstance(status, int) else ExitStatus.DONE


def _told(error: BaseException) -> int:
    """Tell the user in one line what stopped the program; return the exit status."""
    match error:
        case click.UsageError():
            where = error.ctx.command_path if error.ctx else "pop3spy"
            return _fail(f"{_sentence(error)} ({where} --help tells more)", ExitStatus.USAGE)
        case click.ClickException():
            return _fail(error.format_message(), ExitStatus.USAGE)
        case Pop3SpyError():
            return _fail(str(error), ExitStatus(error.exit_status))
        case click.Abort() | KeyboardInterrupt():
            return ExitStatus.INTERRUPTED
        case BrokenPipeError():  # whoever read the output has gone, as they may
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitStatus.DONE
        case SystemExit():
            raise error
    return _fail(f"this is a bug in pop3spy: {describe(error)}", ExitStatus.FAILED)


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first


def _sentence(error: click.UsageError) -> str:
    return " ".join(error.format_message().split()).rstrip(".")


def _fail(message: str, status: ExitStatus) -> ExitStatus:
    print(f"pop3spy: {message}", file=sys.stderr)  # noqa: T201 - the one line that a user gets
    return status
