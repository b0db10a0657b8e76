"""What ``connect`` needs as a probe: how far it goes, and who answers where nothing is shown."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import click

from pop3spy.config.verbs import ConnectSettings
from pop3spy.connect.console import Console
from pop3spy.connect.probe import ProbeSettings
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import Row
from pop3spy.errors import ConfigError, ConnectError


def probe_settings(settings: ConnectSettings) -> ProbeSettings | None:
    """Return how far a probe goes, None if there is none; raise ConfigError if that is not clear.

    A message to be retrieved stands for the stage that retrieves it.
    """
    ways = [settings.quit_after, settings.drop_after]
    if all(ways):
        raise ConfigError("--quit-after and --drop-after are two ways to end; choose one")
    last = settings.quit_after or settings.drop_after or ("retr" if settings.retr else None)
    if settings.script is not None and last is not None:
        option = "--drop-after" if settings.drop_after else "--quit-after"
        option = option if any(ways) else "--retr"
        raise ConfigError(f"--script and {option} are two ways to go; choose one")
    if last is None:
        return None
    return ProbeSettings(last, settings.retr or "first", drop=settings.drop_after is not None)


def unreached(group: BaseExceptionGroup[ConnectError]) -> ConnectError:
    """Return the first error of a *group*."""
    first = group.exceptions[0]
    return unreached(first) if isinstance(first, BaseExceptionGroup) else first


class UnseenPerson:
    """Who answers where stdout is for machines: questions stand on stderr, and rows nowhere."""

    async def answer(self, question: str, *, hidden: bool) -> str:
        """Ask a person at a terminal; raise RefusalError if there is none."""
        if not sys.stdin.isatty():
            raise RefusalError(f"nobody is there to give what is needed: {question}")
        ask: Callable[..., str] = click.prompt
        return ask(question, hide_input=hidden, err=True)

    def quiet(self) -> AbstractContextManager[None]:
        """Do nothing: nobody types but answers."""
        return nullcontext()

    async def show(self, rows: list[Row]) -> None:
        """Show nothing."""

    async def play(self, console: Console) -> None:
        """Do nothing: a probe says it all."""
