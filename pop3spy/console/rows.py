"""What the console shows: rows with a mark, a text and a colour."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from pop3spy.protocol.text import MASK, escape
from pop3spy.wrapping import wrapped

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
_NARROWEST = 24
"""Columns of the narrowest terminal."""
_LEAST = 20
"""Columns that a text should have below itself."""
_LITTLE = 2
"""How far lines are indented where there are fewer."""


class RowTone(Enum):
    """What a row is, and so its colours: that of its mark and that of its text."""

    CLIENT = ("\x1b[36m", "")  # cyan
    SERVER = ("\x1b[32m", "")  # green
    REFUSAL = ("\x1b[31m", "\x1b[31m")  # red
    BODY = (_DIM, "")
    NOTE = (_DIM, _DIM)
    HINT = ("\x1b[33m", "\x1b[33m")  # yellow


@dataclass(frozen=True, slots=True)
class Row:
    """One row; its text has been escaped.

    Where a screen is too narrow for it, it goes on in lines below, *hang* columns behind where its
    text begins.  With None it is left as it is: a body, or a drawing.
    """

    mark: str
    text: str
    tone: RowTone = RowTone.NOTE
    hang: int | None = 0

    def within(self, columns: int | None) -> "list[Row]":
        """Return the row as rows of so many columns, broken at blanks; None is any number."""
        if columns is None or self.hang is None:
            return [self]
        room = max(columns, _NARROWEST) - len(self.mark) - 1
        hang = self.hang if room - self.hang >= _LEAST else min(self.hang, _LITTLE)
        blank = " " * len(self.mark)
        first, *more = wrapped(self.text, room, room - hang)
        return [
            replace(self, text=first),
            *(replace(self, mark=blank, text=f"{' ' * hang}{line}") for line in more),
        ]

    def painted(self, *, colour: bool) -> str:
        """Return the row as it is written, without its end."""
        if not colour:
            return f"{self.mark} {self.text}".rstrip()
        mark, tone = self.tone.value
        text = self.text.replace(MASK, f"{_PLAIN}{_DIM}{MASK}{_PLAIN}{tone}")
        return f"{mark}{self.mark}{_PLAIN} {tone}{text}{_PLAIN if tone else ''}"


def entry(name: str, text: str, width: int) -> Row:
    """Return a row of a list of what there is: *name* in *width* columns, and what that is."""
    return Row("  ", f"{name:<{width}} {text}", RowTone.BODY, hang=width + 1)


def note(text: str) -> Row:
    """Return a row in which the console tells something; *text* has been escaped."""
    return Row(" ·", text)


def hint(text: str) -> Row:
    """Return a row that explains, or says what to do; *text* has been escaped."""
    return Row(" ?", text, RowTone.HINT)


def error_row(error: Exception | str) -> Row:
    """Return a row that tells what went wrong, whatever is in the text; once escaped is enough."""
    return hint(escape(str(error)).replace("\\\\", "\\"))


class RowStream(Protocol):
    """What rows are written to."""

    def write(self, text: str) -> object:
        """Write *text*."""

    def flush(self) -> object:
        """Write what is kept back."""


def write_rows(
    rows: Iterable[Row], stream: RowStream, columns: int | None, *, colour: bool
) -> None:
    """Write *rows* to *stream*, in lines of so many *columns*; None is any number."""
    for part in (part for row in rows for part in row.within(columns)):
        stream.write(f"{part.painted(colour=colour)}\n")
    stream.flush()


def height(rows: list[str], columns: int) -> int:
    """Return how many lines of a terminal *rows*, without colours, take at most."""
    return sum(1 + len(os.fsencode(row)) // max(columns, 1) for row in rows)
