"""Commands that are for the console and not for the server: a table of small functions.

Rule: a command has one row, made where its function is; help, completion and docs are made from it.
"""

import difflib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

C = TypeVar("C")
"""The console that a command works on."""


class RefusalError(Exception):
    """The console does not do what it was asked; the text says why, and what to do next."""


class Words(Enum):
    """What may stand behind a command, and so what may be repeated of it."""

    PLAIN = "plain"  # nothing secret
    ASKS = "asks"  # nothing secret if all is well: it asks for secrets itself
    WIRE = "wire"  # octets for the server, which may be a password


@dataclass(frozen=True, slots=True)
class ConsoleCommand(Generic[C]):
    """One row: ``:save``, what it takes, and what it does; ``run`` gets the rest of the line.

    ``stage`` is what a script fails at if the command is refused, if at anything.
    """

    name: str
    syntax: str
    summary: str
    words: Words
    run: Callable[[C, str], Awaitable[None]]
    stage: Enum | None = None

    @property
    def usage(self) -> str:
        """The command with its arguments, as a person types it: ``:save message FILE``."""
        return f":{self.name} {self.syntax}".rstrip()


class Registry(Generic[C]):
    """The commands of one kind of console, in the order in which they were added."""

    def __init__(self) -> None:
        self._rows: dict[str, ConsoleCommand[C]] = {}

    def __iter__(self) -> Iterator[ConsoleCommand[C]]:
        """Yield every row."""
        yield from self._rows.values()

    @property
    def wire(self) -> dict[str, bool]:
        """Every name, and whether octets for a server may stand behind it."""
        return {row.name: row.words is Words.WIRE for row in self}

    def add(
        self,
        name: str,
        syntax: str,
        summary: str,
        words: Words = Words.PLAIN,
        stage: Enum | None = None,
    ) -> Callable[[Callable[[C, str], Awaitable[None]]], Callable[[C, str], Awaitable[None]]]:
        """Make the decorated function the command *name*."""

        def decorate(
            run: Callable[[C, str], Awaitable[None]],
        ) -> Callable[[C, str], Awaitable[None]]:
            self._rows[name] = ConsoleCommand(name, syntax, summary, words, run, stage)
            return run

        return decorate

    def find(self, word: str) -> ConsoleCommand[C]:
        """Return the row that *word* names, in full or by a beginning that no other has.

        Raise RefusalError, which does not repeat *word*: it may be anything.
        """
        if row := self._rows.get(word):
            return row
        rows = [row for name, row in self._rows.items() if word and name.startswith(word)]
        if len(rows) == 1:
            return rows[0]
        near = [row.name for row in rows] or difflib.get_close_matches(word, self._rows, n=1)
        hint = f"; did you mean :{' or :'.join(near)}?" if near else "; :help lists what there is"
        raise RefusalError(f"there is no such command{hint}")


def message_number(rest: str, usage: str) -> int:
    """Return the message number that is all of *rest*; raise RefusalError with *usage*."""
    text = rest.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 20:  # noqa: PLR2004 - see replies.DIGITS
        raise RefusalError(f"which message?  Write {usage}")
    return int(text)
