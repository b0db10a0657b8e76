"""Opening recordings of every kind: told by what they hold, not by what they are called."""

import io
import os
import re
import stat
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

from pop3spy.capture.header import is_capture
from pop3spy.capture.packets import is_packets, read_packets, refuse_packed
from pop3spy.capture.rawlog import pair_of, read_rawlog
from pop3spy.capture.reader import CaptureReader
from pop3spy.errors import CaptureError
from pop3spy.protocol.text import escape
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.session.tape import Tape

_PATIENCE: Final = 0.2
"""Seconds between two looks at whether a file has grown."""
_STDIN: Final = "stdin"
_HEAD: Final = 4096
_TRANSCRIPT: Final = re.compile(rb" *\d+\.\d{3}  s\d+ ")
_NOTE: Final = re.compile(rb"pop3spy: (?!\d)")
_NO_DATE: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OpenedRecording:
    """A recording that can be read once; ``notes`` are complete when it has been.

    ``bodies`` and ``redaction`` are what the header of a capture says; ``other`` is a second file
    that was read with it.
    """

    name: str
    started: datetime
    items: Tape
    notes: list[str]
    bodies: str = "keep"
    redaction: str = "secrets"
    other: Path | None = None

    @property
    def bodies_kept(self) -> bool:
        """Whether the content of messages is what it was."""
        return self.bodies == "keep"

    def memory(self) -> SecretMemory:
        """Return what its sessions have in common, which one reading of it needs."""
        return SecretMemory(self.started)

    @property
    def names_are_real(self) -> bool:
        """Whether hosts and users are called in it as in other recordings.

        They are not where pseudonyms stand for them, and a rawlog does not say whose it is.
        """
        return self.redaction != "strict" and self.other is None

    @property
    def names(self) -> Pseudonyms | None:
        """What stands for names: None if they are shown, kept where they were replaced before."""
        return Pseudonyms(kept=True) if self.redaction == "strict" else None


Through = Callable[[BinaryIO], BinaryIO]
"""Makes of a stream the one that it is read through."""


def as_it_is(stream: BinaryIO) -> BinaryIO:
    """Return *stream*."""
    return stream


@contextmanager
def opened_recording(  # noqa: PLR0913 - what there is to know
    path: str,
    *,
    follow: bool = False,
    ports: Collection[int] = (),
    stdin: BinaryIO | None = None,
    through: Through = as_it_is,
    name: str = _STDIN,
) -> Iterator[OpenedRecording]:
    """Give the recording at *path*, or on *stdin*, if that is given, where that is ``-``.

    *name* is how that is called then.

    It is a capture, a packet capture (whose sessions are those to *ports*, if any are given), or
    one half of a Dovecot rawlog.  With *follow* the end of a file is waited behind for more; a
    pipe that ends can grow no more.  What is read is read *through* what that makes of a stream.
    Raise CaptureError if it cannot be read.
    """
    with ExitStack() as files:
        name = name if path == "-" else escape(path)
        with _blamed_on(path, name):
            recording = _open(path, name, files, stdin, through, follow=follow, ports=ports)
        yield replace(recording, items=_read(recording.items, path, name))


@contextmanager
def _blamed_on(path: str, name: str) -> Iterator[None]:
    """Raise CaptureError in place of what the system says against reading *path*, called *name*."""
    try:
        yield
    except OSError as error:
        failed = name if error.filename in (None, path) else escape(str(error.filename))
        raise CaptureError(f"{failed}: {(error.strerror or str(error)).lower()}") from None


def _read(items: Tape, path: str, name: str) -> Tape:
    """Give *items*; what goes wrong where they are used has nothing to do with *path*."""
    with _blamed_on(path, name):
        yield from items


def _open(  # noqa: PLR0913 - what there is to know
    path: str,
    name: str,
    files: ExitStack,
    stdin: BinaryIO | None,
    through: Through,
    *,
    follow: bool,
    ports: Collection[int],
) -> OpenedRecording:
    if path == "-" and stdin is not None:
        return _recording(through(stdin), name, files, follow=follow, ports=ports)
    file = Path(path)
    stream = files.enter_context(file.open("rb"))
    if (other := _other_half(file, stream)) is None:
        return _recording(through(stream), name, files, follow=follow, ports=ports)
    if follow:
        raise CaptureError(f"{name}: a rawlog is read as it is; it cannot be followed")
    second = files.enter_context(other.open("rb"))
    halves = (stream, second) if other.suffix == ".out" else (second, stream)
    log = read_rawlog(through(halves[0]), through(halves[1]), name)
    return OpenedRecording(name, log.started or _NO_DATE, log, log.notes, other=other)


def _other_half(path: Path, stream: BinaryIO) -> Path | None:
    """Return where the other half of a rawlog is; None if *path* is something else."""
    pair = pair_of(path)
    head = cast(io.BufferedReader, stream).peek(_HEAD)[:_HEAD]
    if pair is None or is_packets(head[:4]) or is_capture(head) or _log_in(head):
        return None
    other = pair[0] if pair[1] == path else pair[1]
    if not other.exists():
        raise CaptureError(
            f"{escape(str(path))}: a rawlog has two halves, and {other.name} is not there"
        )
    return other


def _recording(
    stream: BinaryIO, name: str, files: ExitStack, *, follow: bool, ports: Collection[int]
) -> OpenedRecording:
    buffered = cast(io.BufferedReader, stream)
    magic = buffered.peek(4)[:4]
    refuse_packed(name, magic)
    grows = follow and stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    raw = cast(io.BufferedReader, _Growing(stream)) if grows else buffered
    if is_packets(magic):
        packets = read_packets(raw, name, ports=ports)
        return OpenedRecording(name, packets.started or _NO_DATE, packets, packets.notes)
    if log := _log_in(buffered.peek(_HEAD)[:_HEAD]):
        what, command = log
        file = "" if name == _STDIN else f" {name}"
        raise CaptureError(f"{name}: this is {what}, not a recording; {command}{file} shows it")
    text = io.TextIOWrapper(raw, encoding="utf-8", newline="\n")
    files.callback(text.detach)  # who opened the file closes it
    reader = CaptureReader(text, name)
    header = reader.header
    kept = header.bodies, header.redaction
    return OpenedRecording(name, header.started, iter(reader), reader.notes, *kept)


def _log_in(head: bytes) -> tuple[str, str] | None:
    """Return what a file is that begins as logs of pop3spy do, and what shows it; None: no log.

    Notes may stand before a transcript that was saved with them.
    """
    lines = (line for line in head.split(b"\n") if not _NOTE.match(line))
    first = next(lines, b"")
    if first.startswith(b"{"):
        return "a JSON log of pop3spy" if b'"event":' in first else "JSON lines", "jq ."
    return ("a transcript", "less -R") if _TRANSCRIPT.match(first) else None


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
