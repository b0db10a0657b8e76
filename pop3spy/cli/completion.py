"""``pop3spy completion``: what a shell needs to complete verbs, options and their values."""

import click
from click.shell_completion import ShellComplete, get_completion_class

from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.verb import Verb

SHELLS = ("bash", "zsh", "fish")
_NAME = "pop3spy"
_VARIABLE = "_POP3SPY_COMPLETE"


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    '  eval "$(pop3spy completion bash)"             for this shell only\n'
    "  pop3spy completion bash >> ~/.bash_completion    for all to come\n"
    "  pop3spy completion zsh > ~/.zfunc/_pop3spy       a folder of your fpath\n"
    "  pop3spy completion fish > ~/.config/fish/completions/pop3spy.fish",
)
@click.argument("shell", type=click.Choice(SHELLS), metavar="bash|zsh|fish")
def completion(shell: str) -> int:
    """Print the script by which a shell completes what you type behind pop3spy."""
    made = get_completion_class(shell)
    assert made, shell
    script: ShellComplete = made(click.Command(_NAME), {}, _NAME, _VARIABLE)
    # Not script.source(), which starts bash to ask for its version.
    click.echo(script.source_template % script.source_vars())
    return ExitStatus.DONE
