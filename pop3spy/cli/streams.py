"""The streams that the program was given, and writing to them without being held up.

1. A stream has one spool however many write to it, so lines stay whole and in order.
2. Whoever publishes never waits for a stream; the end of the program waits a moment, no longer.
"""

import os
import select
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Protocol, TextIO

from pop3spy.errors import Pop3SpyError
from pop3spy.live.screen import Screen
from pop3spy.net.dial import reason_of
from pop3spy.spool import Spool, Stream


def open_standard_streams() -> None:
    """Open as /dev/null what the caller has closed of stdin, stdout and stderr.

    Else the first sockets would take their numbers, and be written into.
    """
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004 - the number of stderr
        pass
    os.close(fd)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - it stays open


def discard(stream: TextIO) -> None:
    """Let what is still to be written to *stream* vanish, since nothing can be written there."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(text: str) -> None:
    """Write *text* as the last line to stderr; if nobody takes it, it is lost."""
    spool = Spool(Unbuffered(sys.stderr), lambda _: "")
    with suppress(OSError):
        spool.write(f"{text}\n")
        spool.close()


class Unbuffered:
    """Writes to a text stream past Python's buffer.

    A thread that is held up in writing would keep that buffer's lock, and the interpreter, which
    wants it at the end, would abort.  A character that the encoding has not got becomes an escape.
    """

    def __init__(self, stream: TextIO) -> None:
        stream.flush()
        self._raw = getattr(stream.buffer, "raw", stream.buffer)
        self._encoding = stream.encoding

    def write(self, text: str) -> None:
        """Write *text* whole, however long that takes."""
        data = text.encode(self._encoding, "backslashreplace")
        while data:
            written = self._raw.write(data)
            if written is None:  # somebody who shares the stream has made it non-blocking
                select.select((), (self._raw,), ())
            data = data[written or 0 :]

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""


class Spools:
    """The spools of the program, by what they write to; with *screen* stdout is behind that."""

    def __init__(self, screen: Screen | None = None) -> None:
        self._closing = ExitStack()
        self._standard: dict[object, Stream] = {}
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

    def spool(self, stream: Stream, name: str, gap: Callable[[int], str]) -> Spool:
        """Return a new spool for *stream*, which errors call *name*."""
        spool = Spool(stream, gap)
        self._closing.callback(close, spool, name)
        return spool

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
        raise Pop3SpyError(f"cannot write to {name}: {reason_of(error)}") from None
