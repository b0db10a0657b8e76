"""One event on one line: columns, colours, and what becomes of text that is too wide.

Rule: only lines of listings and messages are cut; whatever else is too wide for a terminal goes on
under itself, since a reason or a remedy may stand at its end.
"""

from enum import Enum
from functools import lru_cache

from pop3spy.protocol.states import State
from pop3spy.protocol.text import MASK
from pop3spy.wrapping import columns, fitting, wrapped

_FILE = 100
"""Where the right-hand column ends if there is no terminal to say so."""
_NARROW = 64
"""A terminal with fewer columns gets no times and states."""
_LEAST = 24
_RIGHT = 9
"""What is left of the right-hand column if there is little room: a latency, a time of day."""
_FRAME = 18
"""What stands before the text of a session's first and last line."""
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


class LineTone(Enum):
    """What a line is, and so its colours: that of its mark and that of its text."""

    CLIENT = ("\x1b[36m", "")  # cyan
    SERVER = ("\x1b[32m", "")  # green
    REFUSAL = ("\x1b[31m", "\x1b[31m")  # red
    NOTE = (_DIM, _DIM)
    PROBLEM = ("\x1b[33m", "\x1b[33m")  # yellow
    FAILURE = ("\x1b[31;1m", "\x1b[31;1m")
    VERDICT = ("\x1b[1m", "")  # what became of a session
    FRAME = ("\x1b[1m", "\x1b[1m")  # a session's first and last line


class LineLayout:
    """Makes lines; *width* is that of the terminal, None for a file: a line has any width there."""

    def __init__(self, *, colour: bool, width: int | None) -> None:
        self.colour = colour
        self.width = width

    def row(  # noqa: PLR0913 - the columns
        self,
        mark: str,
        text: str,
        right: str = "",
        *,
        tone: LineTone,
        elapsed: float,
        session: int,
        state: State | None,
        cut: bool = False,
    ) -> str:
        """Return a line with its end; *text* and *right* have been escaped.

        Without a *state* the mark stands in its place.  What is too wide is *cut*, or goes on in
        further lines.
        """
        end = _FILE if self.width is None else max(self.width, _LEAST)
        head = f"s{session} " if end < _NARROW else f"{elapsed:8.3f}  {_place(session, state)}"
        room = end - len(head) - len(mark) - 1
        more: list[str] = []
        if self.width is not None:
            if right and len(text) + 2 + len(right) > room:
                right = right[-_RIGHT:]
            beside = room - len(right) - 2 if right else room
            if cut or columns(text) <= beside:
                text = _cut(text, beside)
            else:
                text, *more = wrapped(text, beside, room)
        if right:
            blanks = max(0, room - len(right) - 2)
            right = f"{' ' * (blanks - columns(text[:blanks]))}  {right}"
        if self.colour:
            line = _paint(head, mark, text, right, tone)
        else:
            line = f"{head}{mark} {text}{right}\n"
        return line + "".join(self._under(len(head) + len(mark) + 1, each, tone) for each in more)

    def _under(self, indent: int, text: str, tone: LineTone) -> str:
        """Return a line of what did not fit above it."""
        blanks = " " * indent
        return f"{blanks}{_painted(text, tone)}\n" if self.colour else f"{blanks}{text}\n"

    def fits(self, text: str) -> bool:
        """Return whether *text* can stand on the line of a session's beginning or end uncut."""
        return self.width is None or _FRAME + columns(text) <= self.width


@lru_cache
def _place(session: int, state: State | None) -> str:
    """Return what stands behind the time: the same for many lines in a row."""
    return f"{f's{session}':<4} {state.value:<13}  " if state else f"{f's{session}':<4} "


def _paint(head: str, mark: str, text: str, right: str, tone: LineTone) -> str:
    """Return the line with its colours."""
    mark_colour, _ = tone.value
    text = _painted(text, tone)
    right = right and f"{_DIM}{right}{_PLAIN}"
    return f"{_DIM}{head}{_PLAIN}{mark_colour}{mark}{_PLAIN} {text}{right}\n"


def _painted(text: str, tone: LineTone) -> str:
    """Return *text* in its colour; secrets are dim."""
    _, colour = tone.value
    if MASK in text:
        text = text.replace(MASK, f"{_PLAIN}{_DIM}{MASK}{_PLAIN}{colour}")
    return f"{colour}{text}{_PLAIN}" if colour else text


def _cut(text: str, room: int) -> str:
    """Return as much of *text* as fits, with an ellipsis if that is not all."""
    return text if len(fitting(text, room)) == len(text) else f"{fitting(text, room - 1)}…"
