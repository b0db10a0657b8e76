"""The terminal of a person, if there is one: colour, a prompt, the width of lines."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TextIO


def colourful(stream: TextIO) -> bool:
    """Return whether colour may be used on *stream*: on a terminal, unless NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def on_terminal() -> bool:
    """Return whether there is a person at a terminal on which a prompt can be drawn."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return terminal and os.environ.get("TERM") != "dumb"


class Fitting(Protocol):
    """What writes lines that fit a terminal of so many columns."""

    width: int | None


def width_of(stream: TextIO) -> Callable[[], int | None]:
    """Return what tells how many columns the terminal has that *stream* is, None if it is none."""
    if not stream.isatty():
        return lambda: None

    def width() -> int | None:
        with suppress(OSError):
            return os.get_terminal_size(stream.fileno()).columns or None
        return None

    return width


def keep_width(writer: Fitting, stream: TextIO) -> None:
    """Give *writer* the width of the terminal that *stream* is, now and whenever it changes."""
    if not stream.isatty():
        return

    width = width_of(stream)

    def measure(*_: object) -> None:
        writer.width = width()

    measure()
    if hasattr(signal, "SIGWINCH"):
        signal.signal(signal.SIGWINCH, measure)
