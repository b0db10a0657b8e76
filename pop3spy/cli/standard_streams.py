"""The streams that the program was given: stdin, stdout and stderr."""

import os
import select
import sys
from contextlib import suppress
from typing import TextIO

from pop3spy.spool import Spool


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
    if sys.is_finalizing():  # no thread can begin any more
        with suppress(OSError, ValueError):
            if select.select((), (sys.stderr,), (), 0)[1]:
                Unbuffered(sys.stderr).write(f"{text}\n")
        return
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
