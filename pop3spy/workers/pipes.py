"""Whole lines from one process to another: a pipe for each kind of line, so that none is mixed."""

import asyncio
import os
from collections.abc import Callable
from typing import Final

_ENCODING: Final = "utf-8"
_ERRORS: Final = "surrogatepass"  # who writes it to a file or a terminal decides what becomes of it


class LineWriter:
    """A stream that writes whole lines to a pipe, and waits until all of them have gone.

    ``written`` counts the characters.
    """

    def __init__(self, fd: int) -> None:
        self.written = 0
        self._fd = fd

    def write(self, text: str, /) -> None:
        """Write *text*; raise OSError if nobody reads any more."""
        data = memoryview(text.encode(_ENCODING, _ERRORS))
        while data:
            data = data[os.write(self._fd, data) :]
        self.written += len(text)

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""


class LineReader(asyncio.Protocol):
    """Calls *take* with some whole lines at a time, and *ended* once no more will come.

    A line without its end is dropped: whoever wrote it was killed in the middle of it.
    """

    def __init__(self, take: Callable[[str], None], ended: Callable[[], None]) -> None:
        self._take = take
        self._ended = ended
        self._begun: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        end = data.rfind(b"\n") + 1
        if end:
            lines = b"".join([*self._begun, data[:end]])
            self._begun.clear()
            self._take(lines.decode(_ENCODING, _ERRORS))
        if end < len(data):
            self._begun.append(data[end:])

    def connection_lost(self, exc: Exception | None) -> None:
        """Know that the writer is gone."""
        del exc
        self._ended()
