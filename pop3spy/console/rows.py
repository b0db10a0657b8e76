"""What the console shows: rows with a mark, a text and a colour."""

import os
from dataclasses import dataclass, replace
from enum import Enum
from textwrap import wrap
from typing import Protocol

from pop3spy.protocol.text import MASK, escape

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


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

    *hang* is how far the lines are indented that follow the first where a screen is too narrow for
    one; without it nothing is broken, since a line of the wire is copied as it is.
    """

    mark: str
    text: str
    tone: RowTone = RowTone.NOTE
    hang: int | None = None

    def within(self, columns: int) -> "list[Row]":
        """Return the row as rows of so many columns, broken between words."""
        room = columns - len(self.mark) - 1
        if self.hang is None or len(self.text) <= room or room <= self.hang:
            return [self]
        indent = " " * self.hang
        lines = wrap(
            self.text,
            room,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]  # of blanks alone nothing is left, and the row stays one all the same
        blank = " " * len(self.mark)
        return [
            replace(self, mark=blank if place else self.mark, text=line)
            for place, line in enumerate(lines)
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
    return Row(" ·", text, hang=0)


def hint(text: str) -> Row:
    """Return a row that explains, or says what to do; *text* has been escaped."""
    return Row(" ?", text, RowTone.HINT, hang=0)


def error_row(error: Exception | str) -> Row:
    """Return a row that tells what went wrong, whatever is in the text; once escaped is enough."""
    return hint(escape(str(error)).replace("\\\\", "\\"))


class RowStream(Protocol):
    """What rows are written to."""

    def write(self, text: str) -> object:
        """Write *text*."""

    def flush(self) -> object:
        """Write what is kept back."""


def height(rows: list[str], columns: int) -> int:
    """Return how many lines of a terminal *rows*, without colours, take at most."""
    return sum(1 + len(os.fsencode(row)) // max(columns, 1) for row in rows)
