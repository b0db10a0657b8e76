"""The terminal of a person, if there is one: colour, a prompt, the width of lines."""

import os
import signal
import sys
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


def keep_width(writer: Fitting, stream: TextIO) -> None:
    """Give *writer* the width of the terminal that *stream* is, now and whenever it changes."""
    if not stream.isatty():
        return

    def measure(*_: object) -> None:
        with suppress(OSError):
            writer.width = os.get_terminal_size(stream.fileno()).columns or None

    measure()
    if hasattr(signal, "SIGWINCH"):
        signal.signal(signal.SIGWINCH, measure)
