"""What the prompts of both consoles have in common."""

import fcntl
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.styles import Style

Choice = tuple[str, str]
"""A word, and what is told beside it."""
STYLE: Final = Style.from_dict({"prompt": "bold", "mask": "ansibrightblack", "rest": ""})
LINES: Final = 6
"""Lines that are kept free for choices while a line is typed."""


def rehearse() -> None:
    """Make a prompt that nobody sees: the library loads some of itself only then."""
    PromptSession[str](output=DummyOutput())


@contextmanager
def without_echo() -> Iterator[None]:
    """Let the terminal show nothing of what is typed while nobody reads it; leave it as it was."""
    fd = sys.stdin.fileno()
    before, flags = termios.tcgetattr(fd), fcntl.fcntl(fd, fcntl.F_GETFL)
    quiet = termios.tcgetattr(fd)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(fd, termios.TCSANOW, quiet)  # a terminal may take nothing, for ever
    try:
        yield
    finally:
        fcntl.fcntl(fd, fcntl.F_SETFL, flags)  # uvloop makes what it waits for non-blocking
        termios.tcsetattr(fd, termios.TCSANOW, before)
