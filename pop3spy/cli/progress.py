"""How far long work has come, on a terminal."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Final, Self

from pop3spy.cli.terminal import width_of
from pop3spy.protocol.text import count
from pop3spy.session.tape import Item, Spoke

_FIRST: Final = 1.0
"""Seconds of work before anything is told."""
_AGAIN: Final = 0.2
_LOOK: Final = 500
"""Items between two looks at the clock."""


class ProgressLine:
    """Tells on stderr, if that is a terminal, what is being read; nothing of it stays.

    There are so many *files*.
    """

    def __init__(self, files: int) -> None:
        self._files = files
        self._file = 0
        self._told_at = time.monotonic() + _FIRST - _AGAIN
        self._shown = False
        self._terminal = sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the line as it was."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def along(self, items: Iterable[Item], name: str) -> Iterator[Item]:
        """Yield *items* of the recording *name*, and tell how many there were."""
        self._file += 1
        octets = 0
        for number, item in enumerate(items):
            if isinstance(item, Spoke):
                octets += len(item.chunk.data)
            if self._terminal and number % _LOOK == 0:
                self._tell(f"{name}: {count(octets, 'octet')}")
            yield item

    def _tell(self, text: str) -> None:
        now = time.monotonic()
        if now - self._told_at < _AGAIN:
            return
        self._told_at, self._shown = now, True
        of_all = f"file {self._file} of {self._files}, " if self._files > 1 else ""
        sys.stderr.write(f"\r\x1b[K{of_all}{text}"[:200])
        sys.stderr.flush()


class StatusRow:
    """A row on stderr, if that is a terminal, that says what goes on; nothing of it stays."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = False

    def show(self, text: str) -> None:
        """Show *text* in place of what was shown."""
        if self._terminal:
            self._shown = True
            room = (width_of(sys.stderr)() or 80) - 1  # else it takes two rows, and one stays
            shown = text if len(text) <= room else f"{text[: room - 3]}..."
            sys.stderr.write(f"\r\x1b[K{shown}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Leave the row empty, so that a line can be written."""
        if self._shown:
            self._shown = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
