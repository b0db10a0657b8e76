"""Writing to the streams that the program was given, and to others, without being held up.

1. A stream has one spool however many write to it, so lines stay whole and in order.
2. Whoever publishes never waits for a stream; the end of the program waits a moment, no longer.
"""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Protocol, TextIO

from pop3spy.cli.standard_streams import Unbuffered
from pop3spy.errors import Pop3SpyError, said_by_system
from pop3spy.live.screen import Screen
from pop3spy.spool import Spool, Stream


class Spools:
    """The spools of the program, by what they write to; with *screen* stdout is behind that."""

    def __init__(self, screen: Screen | None = None) -> None:
        self._closing = ExitStack()
        self._standard: dict[object, Stream] = {}
        self._spools: list[Spool] = []
        self._screen = screen

    def standard(self, stream: TextIO, gap: Callable[[int], str]) -> Stream:
        """Return what takes text for stdout or stderr: one if both lead to the same place."""
        identity: object = stream
        with suppress(OSError):  # of a stream that is no file
            identity = os.fstat(stream.fileno())[1:3]
        if identity not in self._standard:
            name = "standard output" if stream is sys.stdout else "standard error"
            spool = self.spool(Unbuffered(stream), name, gap)
            self._standard[identity] = spool
            if self._screen is not None and stream is sys.stdout:
                self._screen.spool = spool
                self._standard[identity] = self._screen
        return self._standard[identity]

    def spool(
        self, stream: Stream, name: str, gap: Callable[[int], str], *, every: float | None = None
    ) -> Spool:
        """Return a new spool for *stream*, which errors call *name*; *every* is as there."""
        spool = Spool(stream, gap, every=every)
        self._spools.append(spool)
        self._closing.callback(close, spool, name)
        return spool

    @property
    def lost(self) -> int:
        """How many entries all of them left out."""
        return sum(spool.lost for spool in self._spools)

    def close(self) -> None:
        """Write what is waiting; raise Pop3SpyError if it cannot be written."""
        self._closing.close()


class Closable(Protocol):
    """What writes the rest when it is closed."""

    def close(self) -> None:
        """Write the rest; raise OSError if it cannot be written."""


def close(writer: Closable, name: str) -> None:
    """Close *writer*; raise Pop3SpyError, which calls it *name*, if it cannot write the rest."""
    try:
        writer.close()
    except BrokenPipeError:
        pass  # whoever read it has gone, as they may
    except OSError as error:
        raise Pop3SpyError(f"cannot write to {name}: {said_by_system(error)}") from None
