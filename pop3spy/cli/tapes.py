"""Opening recordings, of whatever kind: told by what they hold, not by what they are called."""

import io
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from pop3spy.capture.reader import CaptureReader
from pop3spy.errors import CaptureError
from pop3spy.protocol.text import escape
from pop3spy.session.tape import Item

_PATIENCE = 0.2
"""Seconds between two looks at whether a file has grown."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that can be read once; ``notes`` are complete when it has been."""

    name: str
    started: datetime
    items: Iterable[Item]
    notes: list[str]
    bodies_kept: bool


@contextmanager
def open_recording(path: str, *, follow: bool = False) -> Iterator[Recording]:
    """Give the recording at *path*, or on stdin where that is ``-``.

    With *follow* the end of a capture is waited behind for more.  Raise CaptureError if it cannot
    be read.
    """
    name = "stdin" if path == "-" else escape(path)
    try:
        stream = sys.stdin.buffer if path == "-" else cast(BinaryIO, Path(path).open("rb"))  # noqa: SIM115 - closed below
    except OSError as error:
        raise CaptureError(f"{name}: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise CaptureError(f"{name}: this is no file name") from None
    try:
        yield _capture(stream, name, follow=follow)
    except OSError as error:
        raise CaptureError(f"{name}: {(error.strerror or str(error)).lower()}") from None
    finally:
        if path != "-":
            stream.close()


def _capture(stream: BinaryIO, name: str, *, follow: bool) -> Recording:
    raw = cast(io.RawIOBase, _Growing(stream)) if follow else stream
    text = io.TextIOWrapper(cast(io.BufferedReader, raw), encoding="utf-8", newline="\n")
    reader = CaptureReader(text, name)
    header = reader.header
    return Recording(name, header.started, reader, reader.notes, header.bodies != "mask")


class _Growing(io.RawIOBase):
    """A file whose end is only the end of what was written so far."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def read1(self, size: int = -1) -> bytes:
        """Return some octets, once there are any."""
        while not (data := self._stream.read(size if size > 0 else 8192)):
            time.sleep(_PATIENCE)
        return data

    read = read1
