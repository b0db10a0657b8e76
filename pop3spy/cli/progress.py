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
_MINUTE: Final = 60.0
_LOOK: Final = 500
"""Items between two looks at the clock."""


class ProgressLine:
    """Tells on stderr, if that is a terminal, what is being read; nothing of it stays.

    There are so many *files*.  Unless it is to be *shown*, it tells nothing.
    """

    def __init__(self, files: int, *, shown: bool = True) -> None:
        self._files = files
        self._file = 0
        self._told_at = time.monotonic() + _FIRST - _AGAIN
        self._shown = False
        self._terminal = shown and sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the line as it was."""
        self.clear()

    def clear(self) -> None:
        """Make room for something that is to be told."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False

    def along(self, items: Iterable[Item], name: str) -> Iterator[Item]:
        """Yield *items* of the recording *name*, and tell how many there were."""
        self._file += 1
        if not self._terminal:
            yield from items
            return
        octets = 0
        for number, item in enumerate(items):
            if isinstance(item, Spoke):
                octets += len(item.chunk.data)
            if number % _LOOK == 0:
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


class AccountProgress(ProgressLine):
    """Tells how many of *total* accounts are done, and how long the rest will take."""

    def __init__(self, total: int) -> None:
        super().__init__(1)
        self._total = total
        self._done = self._messages = 0
        self._more = ""
        self._began = time.monotonic()

    def skip(self, accounts: int) -> None:
        """Count *accounts* that need no work."""
        self._total -= accounts

    def step(self, more: str) -> None:
        """Count one that is done; *more* is what there is to tell of all so far."""
        self._done += 1
        self._more = more
        self._tell_all()

    def looked(self, messages: int) -> None:
        """Count *messages* that were looked at, in accounts that may not be done yet."""
        self._messages += messages
        self._tell_all()

    def _tell_all(self) -> None:
        if not self._terminal:
            return
        left = self._total - self._done
        forecast = ""
        if left > 0 and self._done:
            seconds = (time.monotonic() - self._began) / self._done * left
            forecast = f"; about {_rough(seconds)} left"
        accounts = f"{self._done:,} of {count(self._total, 'account')}"
        self._tell(f"{accounts}{self._more}{forecast}; {count(self._messages, 'message')} read")


def _rough(seconds: float) -> str:
    """Return a time as a forecast may tell it."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    minutes = seconds / _MINUTE
    return f"{minutes:.0f} min" if minutes < _MINUTE else f"{minutes / _MINUTE:.1f} h"
