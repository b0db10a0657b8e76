"""What ``:help`` tells, on both consoles: commands of the console, of POP3, and response codes."""

from collections.abc import Iterable, Iterator
from typing import Final

from pop3spy.console.explain import CODES
from pop3spy.console.registry import C, Registry
from pop3spy.console.rows import Row, RowTone, entry
from pop3spy.protocol.commands import COMMANDS, CommandSpec
from pop3spy.protocol.states import State

_BETWEEN: Final = 1
"""Columns between a name and what is told of it."""


def everything(commands: Registry[C], *, pop3: bool) -> Iterator[Row]:
    """Yield a row for each command of the console, and before them, with *pop3*, those of POP3."""
    console = [(row.usage, row.summary) for row in commands]
    server = [(spec.usage, spec.summary) for spec in COMMANDS.values()] if pop3 else []
    width = max(len(usage) for usage, _ in (*console, *server)) + _BETWEEN
    if server:
        yield Row("  ", "For the server:")
        yield from _entries(server, width)
        yield Row("  ", "")
    yield Row("  ", "For the console:")
    yield from _entries(console, width)


def about(commands: Registry[C], word: str) -> Iterator[Row]:
    """Yield what there is to tell of *word*; raise RefusalError if there is nothing of that name.

    It may be a verb of POP3, a response code, or a command of the console, with its colon or not.
    """
    name = word.upper()
    if (spec := COMMANDS.get(name)) and not word.startswith(":"):
        lines = _one(spec)
    elif (code := name.strip("[]")) in CODES:
        lines = [f"[{code}]: {CODES[code]}"]
    else:
        row = commands.find(word.removeprefix(":"))
        lines = [f"{row.usage}: {row.summary}"]
    yield from (Row("  ", line, RowTone.BODY) for line in lines)


def _entries(named: Iterable[tuple[str, str]], width: int) -> Iterator[Row]:
    return (entry(usage, summary, width) for usage, summary in named)


def _one(spec: CommandSpec) -> list[str]:
    where = " and ".join(sorted({state.phase.value for state in spec.states}))
    if spec.states == {State.USER_GIVEN}:
        where += ", right behind USER"
    return [f"{spec.usage}: {spec.summary}", f"allowed in {where}; {spec.reference}"]
