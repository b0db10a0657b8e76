"""Opening recordings of every kind: told by what they hold, not by what they are called."""

import io
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

from pop3spy.capture.packets import is_packets, read_packets, refuse_packed
from pop3spy.capture.rawlog import pair_of, read_rawlog
from pop3spy.capture.reader import CaptureReader
from pop3spy.errors import CaptureError
from pop3spy.protocol.text import escape
from pop3spy.session.tape import Tape

_PATIENCE: Final = 0.2
"""Seconds between two looks at whether a file has grown."""
_NO_DATE: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that can be read once; ``notes`` are complete when it has been.

    ``bodies`` and ``redaction`` are what the header of a capture says.
    """

    name: str
    started: datetime
    items: Tape
    notes: list[str]
    bodies: str = "keep"
    redaction: str = "secrets"

    @property
    def bodies_kept(self) -> bool:
        """Whether the content of messages is what it was."""
        return self.bodies == "keep"


@contextmanager
def open_recording(
    path: str, *, follow: bool = False, ports: Collection[int] = ()
) -> Iterator[Recording]:
    """Give the recording at *path*, or on stdin where that is ``-``.

    It is a capture, a packet capture (whose sessions are those to *ports*, if any are given), or
    one half of a Dovecot rawlog.  With *follow* the end of a capture is waited behind for more.
    Raise CaptureError if it cannot be read.
    """
    name = "stdin" if path == "-" else escape(path)
    with ExitStack() as files:
        try:
            if path == "-":
                yield _recording(sys.stdin.buffer, name, follow=follow, ports=ports)
            elif pair := pair_of(Path(path)):
                halves = [files.enter_context(half.open("rb")) for half in pair]
                log = read_rawlog(halves[0], halves[1], name)
                yield Recording(name, log.started or _NO_DATE, log, log.notes)
            else:
                stream = files.enter_context(Path(path).open("rb"))
                yield _recording(stream, name, follow=follow, ports=ports)
        except OSError as error:
            raise CaptureError(f"{name}: {(error.strerror or str(error)).lower()}") from None


def _recording(stream: BinaryIO, name: str, *, follow: bool, ports: Collection[int]) -> Recording:
    buffered = cast(io.BufferedReader, stream)
    magic = buffered.peek(4)[:4]
    refuse_packed(name, magic)
    if is_packets(magic):
        packets = read_packets(stream, name, ports=ports)
        return Recording(name, packets.started or _NO_DATE, packets, packets.notes)
    raw = cast(io.BufferedReader, _Growing(stream)) if follow else buffered
    reader = CaptureReader(io.TextIOWrapper(raw, encoding="utf-8", newline="\n"), name)
    header = reader.header
    kept = header.bodies, header.redaction
    return Recording(name, header.started, iter(reader), reader.notes, *kept)


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
