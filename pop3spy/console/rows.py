"""What the console shows: rows with a mark, a text and a colour."""

import os
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from pop3spy.protocol.text import MASK, escape

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


class Tone(Enum):
    """What a row is, and so its colours: that of its mark and that of its text."""

    CLIENT = ("\x1b[36m", "")  # cyan
    SERVER = ("\x1b[32m", "")  # green
    REFUSAL = ("\x1b[31m", "\x1b[31m")  # red
    BODY = (_DIM, "")
    NOTE = (_DIM, _DIM)
    HINT = ("\x1b[33m", "\x1b[33m")  # yellow


@dataclass(frozen=True, slots=True)
class Row:
    """One row; its text has been escaped."""

    mark: str
    text: str
    tone: Tone = Tone.NOTE

    def painted(self, *, colour: bool) -> str:
        """Return the row as it is written, without its end."""
        if not colour:
            return f"{self.mark} {self.text}".rstrip()
        mark, tone = self.tone.value
        text = self.text.replace(MASK, f"{_PLAIN}{_DIM}{MASK}{_PLAIN}{tone}")
        return f"{mark}{self.mark}{_PLAIN} {tone}{text}{_PLAIN if tone else ''}"


def note(text: str) -> Row:
    """Return a row in which the console tells something; *text* has been escaped."""
    return Row(" ·", text)


def hint(text: str) -> Row:
    """Return a row that explains, or says what to do; *text* has been escaped."""
    return Row(" ?", text, Tone.HINT)


def told(error: Exception | str) -> Row:
    """Return a row that tells what went wrong, whatever is in the text; once escaped is enough."""
    return hint(escape(str(error)).replace("\\\\", "\\"))


class Stream(Protocol):
    """What rows are written to."""

    def write(self, text: str) -> object:
        """Write *text*."""

    def flush(self) -> object:
        """Write what is kept back."""


def height(rows: list[str], columns: int) -> int:
    """Return how many lines of a terminal *rows*, without colours, take at most."""
    return sum(1 + len(os.fsencode(row)) // max(columns, 1) for row in rows)
