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
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExamples:\n"
    "  pop3spy demo                                  see a session decoded, nothing to set up\n"
    "  pop3spy proxy --upstream mail.example.org     then point the client at localhost\n"
    "  pop3spy serve ~/Maildir --listen :1110        a POP3 server over your own mail",
)
@click.version_option(__version__, prog_name="pop3spy")
def program() -> None:
    """Show what POP3 clients and servers really say to each other.

    pop3spy relays every byte unchanged, decodes it, hides the secrets in it, and tells what
    happened.
    """


program.add_command(demo)
program.add_command(proxy)
program.add_command(serve)


def main(args: Sequence[str] | None = None) -> int:
    """Run the program with *args* and return its exit status; no traceback leaves it."""
    try:
        status = program.main(args, prog_name="pop3spy", standalone_mode=False)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "pop3spy"
        return _fail(f"{_sentence(error)} ({where} --help tells more)", ExitStatus.USAGE)
    except click.ClickException as error:
        return _fail(error.format_message(), ExitStatus.USAGE)
    except Pop3SpyError as error:
        return _fail(str(error), ExitStatus(error.exit_status))
    except (click.Abort, KeyboardInterrupt):
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:  # whoever read the output has gone: that is their good right
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.DONE
    except Exception as error:  # noqa: BLE001 - a bug is told in one line, too
        return _fail(f"this is a bug in pop3spy: {describe(error)}", ExitStatus.FAILED)
    return status if isinstance(status, int) else ExitStatus.DONE


def _sentence(error: click.UsageError) -> str:
    return " ".join(error.format_message().split()).rstrip(".")


def _fail(message: str, status: ExitStatus) -> ExitStatus:
    print(f"pop3spy: {message}", file=sys.stderr)  # noqa: T201 - the one line that a user gets
    return status
