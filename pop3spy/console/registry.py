"""Commands that are for the console and not for the server: a table of small functions.

Rule: a command has one row, made where its function is; help, completion and docs are made from it.
"""

import difflib
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from pop3spy.redaction.typed import without_login

C = TypeVar("C")
"""The console that a command works on."""

_COMMAND = re.compile(r"\s*:(\w*)")
_WORD = re.compile(r"\S+")
_ALIKE = 0.6
"""How much a word is like the one that may have been meant: 1 is the same."""
_LONGEST = 40
"""Characters of a word that are compared with names."""


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

    def repeated(self, rest: str) -> str:
        """Return what may be shown of this command with *rest* behind it; it is not escaped."""
        if self.words is not Words.PLAIN:
            return f":{self.name}"
        return f":{self.name} {without_login(rest)}".rstrip()


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

    def beyond_words(self, text: str) -> int | None:
        """Return where *text* has more words than a command takes that asks for secrets itself.

        Whoever writes ``:login bob hunter2`` takes the password to belong there.
        """
        word = _COMMAND.match(text)
        if word is None or not word[1]:
            return None
        rows = [row for row in self if row.name.startswith(word[1].lower())]
        most = [len(row.syntax.split()) for row in rows if row.words is Words.ASKS]
        behind = list(_WORD.finditer(text, word.end()))
        return behind[min(most)].start() if most and len(behind) > min(most) else None

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

        Raise RefusalError, which has the nearest name, and does not repeat *word*: it may be
        anything.
        """
        word = word.lower()
        if row := self._rows.get(word):
            return row
        rows = [row for name, row in self._rows.items() if word and name.startswith(word)]
        if len(rows) == 1:
            return rows[0]
        near, alike = ([row.name for row in rows], 1.0) if rows else self._nearest(word)
        told = " or :".join(near)
        if alike >= _ALIKE:
            raise RefusalError(f"there is no such command; did you mean :{told}?")
        nearest = f"the nearest is :{told}, and " if near else ""
        raise RefusalError(f"there is no such command; {nearest}:help lists what there is")

    def _nearest(self, word: str) -> tuple[list[str], float]:
        """Return the name that is most like *word*, and how much; none if no letter of it is."""
        likeness = difflib.SequenceMatcher(b=word[:_LONGEST])
        best, most = "", 0.0
        for name in self._rows:
            likeness.set_seq1(name)
            if (alike := likeness.ratio()) > most:
                best, most = name, alike
        return [best] if best else [], most


def nothing_behind(row: ConsoleCommand[C], rest: str) -> None:
    """Raise RefusalError if *rest* stands behind a command that takes nothing."""
    if rest.strip() and not row.syntax:
        raise RefusalError(f":{row.name} stands alone; nothing was done")


def message_number(rest: str, usage: str) -> int:
    """Return the message number that is all of *rest*; raise RefusalError with *usage*."""
    text = rest.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 20:  # noqa: PLR2004 - see replies.DIGITS
        raise RefusalError(f"which message?  Write {usage}")
    return int(text)
