"""The program: its verbs, and how each ends."""

import gc
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import click

from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.standard_streams import discard, open_standard_streams, say
from pop3spy.cli.verb import VerbGroup
from pop3spy.cli.version import version_line
from pop3spy.errors import Pop3SpyError, said_by_system
from pop3spy.extras import EXTRAS, broken_extra, to_mend
from pop3spy.protocol.text import MASK, escape
from pop3spy.redaction.typed import without_logins
from pop3spy.session.failure import describe

VERBS: Final = {
    "ca": "Look after the local certificate authority.",
    "check": "Check what the server at URL does, and tell what is not as it should be.",
    "compare": "Compare what two servers have, or answered in two recordings.",
    "completion": "Print the script by which a shell completes what you type behind pop3spy.",
    "connect": "Speak POP3 by hand with the server at URL.",
    "demo": "Show a session between a built-in client and a built-in server.",
    "doctor": "Tell what this installation can do, and what to do for more.",
    "explain": "Tell what a refusal, an error, a response code or a finding means, and what to do.",
    "export": "Write the recording FILE in another form; - is standard input.",
    "lint": "Look for what is wrong in recordings; - is standard input, a folder all in it.",
    "mcp": "Tell a program of the recordings in DIR, by the Model Context Protocol on stdio.",
    "proxy": "Relay clients to a POP3 server and show what both sides say.",
    "replay": "Play a recorded session again: be its server, or be its client.",
    "report": "Write what happened in recordings as a page, a picture or a ticket.",
    "scrub": "Copy the recording FILE without what others need not see.",
    "serve": "Serve a MAILBOX, or built-in messages, over POP3.",
    "show": "Show recordings as people read them; - is standard input.",
}
"""What the help says of each verb, which is the first sentence of the verb's own help."""

_IN_A_URL = re.compile(r"(?:(?<=//)[^/\s]*|(?<![^\s/@]):*[^\s/:@]+:[^\s/@]+)@")
_ONE, _TWO = "\\", "\\\\"


@click.group(
    cls=VerbGroup,
    invoke_without_command=True,
    context_settings={"max_content_width": 100},
    epilog="\b\nExamples:\n"
    "  pop3spy demo                                 nothing to set up\n"
    "  pop3spy proxy --upstream mail.example.org    then point the client here\n"
    "  pop3spy serve ~/Maildir --listen :1110       a server over your own mail\n"
    "  pop3spy connect pop3s://mail.example.org     POP3 by hand",
)
@click.version_option(version_line(), message="%(version)s")
@click.pass_context
def program(context: click.Context) -> None:
    """Show what POP3 clients and servers really say to each other.

    pop3spy relays every byte unchanged, decodes it, hides the secrets in it, and tells what
    happened.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


class LazyVerb(click.Command):
    """A verb that is loaded when it is asked for; its module and its command have its name.

    Most of a start is loading modules, and the help of the program needs none of a verb.
    """

    def load(self) -> click.Command:
        """Return the command itself."""
        assert self.name
        collects = gc.isenabled()
        gc.disable()  # what is loaded stays, so a search of it for what is gone only takes time
        try:
            module = import_module(f"pop3spy.cli.{self.name}")
        except KeyboardInterrupt:  # click would answer it with an empty line
            raise click.Abort from None
        finally:
            if collects:
                gc.enable()
        command: click.Command = getattr(module, self.name)
        return command

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Return the context of the command itself, which is what is invoked and completed."""
        return self.load().make_context(*args, **extra)


for _name, _summary in VERBS.items():
    program.add_command(LazyVerb(_name, short_help=_summary))


def main(args: Sequence[str] | None = None) -> int:
    """Run the program with *args* and return its exit status; no traceback leaves it."""
    open_standard_streams()
    sys.unraisablehook = _unraised
    try:
        return _run(args)
    except BaseExceptionGroup as group:  # what the tasks of a group raised: the first tells enough
        return _told(_first_of(group))
    except BaseException as error:  # noqa: BLE001 - every way to end becomes one line and a status
        return _told(error)


def _unraised(told: "sys.UnraisableHookArgs") -> None:
    """Say in one line what no code of ours can catch, in place of Python's traceback.

    A client whose TLS asks for a name of odd octets is refused by Python's own callback; what
    became of it is told by its session.  A terminal that is gone takes no last words.
    """
    expected = (UnicodeDecodeError, OSError) if sys.is_finalizing() else (UnicodeDecodeError,)
    if told.exc_value is not None and not isinstance(told.exc_value, expected):
        say(f"pop3spy: this is a bug in pop3spy: {describe(told.exc_value)}")


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
            status = _fail(str(error), ExitStatus(error.exit_status))
            for line in error.pointer.splitlines():
                say(f"  {_IN_A_URL.sub(f'{MASK}@', line)}")
            return status
        case click.Abort() | KeyboardInterrupt():
            return ExitStatus.INTERRUPTED
        case SystemExit():  # click, when whoever read the output has gone, as they may
            return ExitStatus.DONE
        case ImportError() if extra := broken_extra(error):
            needs = " and ".join(EXTRAS[extra])
            remedy = to_mend(extra)
            return _fail(f"{needs} cannot be loaded; to mend it: {remedy}", ExitStatus.USAGE)
        case OSError():
            discard(sys.stdout)
            return _fail(f"cannot read or write: {said_by_system(error)}", ExitStatus.FAILED)
    return _fail(f"this is a bug in pop3spy: {describe(error)}", ExitStatus.FAILED)


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first


def _sentence(error: click.UsageError) -> str:
    text = " ".join(error.format_message().split()).rstrip(".")
    text = text.replace(". (Did", "; did").replace(". Did", "; did").replace("?)", "?")
    return text[:1].lower() + text[1:]


def _fail(message: str, status: ExitStatus) -> ExitStatus:
    """Give the user the one line that tells why the program ends.

    It may repeat what was typed: a password in a URL is hidden, and nothing moves the cursor.
    """
    message = without_logins(_IN_A_URL.sub(f"{MASK}@", message))
    say(f"pop3spy: {escape(message).replace(_TWO, _ONE)}")  # a backslash is no danger here
    return status
