"""A maildrop in one file: mbox.

A message begins behind a line ``From sender date`` that follows an empty line or begins the file
and holds a time; the empty line belongs to it, not to the message before.  ``>From`` in a text is
sent as it is stored: nobody can tell whether mboxo or mboxrd wrote it.

Rules: 1. what is not removed keeps every octet, its ``From`` line included; 2. the file is
replaced in one step or not at all, and only while it is locked.

From the standard library comes the locking that other mail programs know.  Its ``mailbox.mbox``
reads each line in Python to find the messages, and takes ``From here on`` in a text for one.
"""

import errno
import mailbox
import os
import re
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pop3spy.errors import MaildropError
from pop3spy.postoffice.maildrop import InUseError, StoredMessage, distinct, fingerprint
from pop3spy.postoffice.wire import PIECE, octets_of

_FROM = re.compile(rb"\nFrom [^\n]{0,400}\d:\d\d[^\n]{0,100}\n")
_LONGEST = 1024
"""More than the longest match and the line end before it."""

_CHANGING = re.compile(
    rb"^(?:status|x-status|x-keywords|x-uid|x-imap|x-imapbase|content-length|lines):"
    rb"[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.IGNORECASE | re.MULTILINE,
)
"""Header fields that mail programs write into an mbox when a message is read."""

_ours: set[Path] = set()
"""The lock files that this process has now: fcntl does not keep it apart from itself."""


@dataclass(frozen=True, slots=True)
class _MessageExtent:
    """Where a message is: its ``From`` line, its text, the text's end and the next message."""

    line: int
    text: int
    end: int
    next: int


class MboxMaildrop:
    """The messages in the mbox *file*.

    A unique-id is a hash of the ``From`` line and the message, less the fields that mail programs
    change, so it survives restarts and the removal of others.  Only of copies that agree in the
    ``From`` line too does the second become the first when that one is removed.
    """

    def __init__(self, file: Path) -> None:
        self._path = file
        self._locked: mailbox.mbox | None = None
        self._file: BinaryIO | None = None
        self._places: dict[bytes, _MessageExtent] = {}

    def lock(self) -> None:
        """Take the file with fcntl and a lock file, or raise InUseError at once."""
        if self._file is not None:
            raise InUseError("the maildrop is in use by another session")
        with ExitStack() as undo:
            # Opened once and kept: to close any descriptor of a file drops its fcntl locks.
            file = undo.enter_context(self._path.open("rb"))
            try:
                box = mailbox.mbox(self._path, create=False)
                undo.callback(box.close)
                self._lock(box)
            except mailbox.ExternalClashError:
                raise InUseError("the maildrop is in use by another program") from None
            except mailbox.Error as error:  # it has gone this very moment
                raise MaildropError(f"{self._path} cannot be opened") from error
            except OSError as error:
                if error.errno != errno.EBADF:  # may only be read: there is nothing to lock
                    raise
            self._locked, self._file = box, file
            undo.pop_all()

    def _lock(self, box: mailbox.mbox) -> None:
        """Lock *box*, even if a process that is no more has left its lock file behind."""
        file = _lock_file(self._path)
        try:
            box.lock()
        except mailbox.ExternalClashError:
            if not _left_behind(file):
                raise
            file.unlink(missing_ok=True)  # two who do so are kept apart by fcntl
            box.lock()
        with suppress(OSError), file.open("r+b") as stream:  # there is none in a read-only folder
            stream.write(b"%d\n" % os.getpid())
        _ours.add(file)

    def unlock(self) -> None:
        """Give it back."""
        box, file = self._locked, self._file
        self._locked = self._file = None
        self._places = {}
        if box is not None:  # a mailbox without messages is false
            box.close()
            _ours.discard(_lock_file(self._path))
        if file is not None:
            file.close()

    def messages(self) -> list[StoredMessage]:
        """Return what is there now, in the order of the file."""
        file = self._held()
        places = list(_places(file))
        unique_ids = distinct(fingerprint(_lasting(file, place)) for place in places)
        self._places = dict(zip(unique_ids, places, strict=True))
        return [
            StoredMessage(
                unique_id,
                octets_of(_range(file, place.text, place.end)),
                partial(_range, file, place.text, place.end),
            )
            for unique_id, place in self._places.items()
        ]

    def remove(self, unique_ids: Collection[bytes]) -> None:
        """Write the file anew without these messages; what came meanwhile is kept."""
        file = self._held()
        kept = [place for name, place in self._places.items() if name not in unique_ids]
        known = max((place.next for place in self._places.values()), default=0)
        end = os.fstat(file.fileno()).st_size
        spans = [*((place.line, place.next) for place in kept), (known, end)]
        with ExitStack() as undo:
            descriptor, new = tempfile.mkstemp(prefix=".pop3spy-", dir=self._path.parent)
            undo.callback(os.unlink, new)
            with os.fdopen(descriptor, "wb") as copy:
                _keep_owner_and_mode(file, descriptor)
                for start, stop in spans:
                    copy.writelines(_range(file, start, stop))
                copy.flush()
                os.fsync(descriptor)
            self._check_unchanged(file, known, end)
            Path(new).replace(self._path)
            undo.pop_all()

    def _held(self) -> BinaryIO:
        if self._file is None:
            raise MaildropError(f"{self._path} is not locked")
        return self._file

    def _check_unchanged(self, file: BinaryIO, known: int, end: int) -> None:
        held, there = os.fstat(file.fileno()), self._path.stat()
        same = (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)
        if not same or not known <= end == there.st_size:
            raise MaildropError(f"{self._path} was changed by another program")


def _places(file: BinaryIO) -> Iterator[_MessageExtent]:
    """Yield where each message is; the file is read in pieces."""
    line = text = -1
    for blank, next_line, next_text in _separators(file):
        if line >= 0:
            yield _MessageExtent(line, text, blank, next_line)
        line, text = next_line, next_text
    end = file.seek(0, os.SEEK_END)
    if line >= 0:
        yield _MessageExtent(line, text, max(text, end - _empty_line_before(file, end)), end)


def _separators(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Yield for each ``From`` line where the empty line before it, itself and the text begin."""
    file.seek(0)
    first = file.readline(_LONGEST)
    if not first:
        return
    yield 0, 0, len(first)  # it begins the file, so it need not hold a time
    seen, at = 0, max(0, len(first) - 1)
    file.seek(at)
    buffer = b""
    while more := file.read(PIECE):
        buffer += more
        for match in _FROM.finditer(buffer):
            line, blank = match.start() + 1, match.start()
            blank -= buffer[blank - 1 : blank] == b"\r"
            if at + line > seen and buffer[blank - 1 : blank] == b"\n":
                seen = at + line
                yield at + blank, seen, at + match.end()
        kept = buffer[-_LONGEST:]
        at += len(buffer) - len(kept)
        buffer = kept


def _empty_line_before(file: BinaryIO, end: int) -> int:
    """Return how many octets the empty line has that ends at *end*, or 0 if there is none."""
    file.seek(max(0, end - 3))
    tail = file.read(3)
    if tail.endswith(b"\n\n"):
        return 1
    return 2 if tail == b"\n\r\n" else 0


def _range(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        file.seek(start)
        piece = file.read(min(PIECE, end - start))
        if not piece:
            raise MaildropError("the mbox was cut short by another program")
        start += len(piece)
        yield piece


def _lasting(file: BinaryIO, place: _MessageExtent) -> Iterator[bytes]:
    """Yield what of a message stays the same when it is read or another one is removed."""
    yield from _range(file, place.line, place.text)
    pieces = _range(file, place.text, place.end)
    head = next(pieces, b"")
    body = re.search(rb"^\r?\n", head, re.MULTILINE)
    end = body.start() if body else len(head)
    yield _CHANGING.sub(b"", head[:end]) + head[end:]
    yield from pieces


def _lock_file(mbox: Path) -> Path:
    return Path(f"{mbox}.lock")


def _left_behind(lock: Path) -> bool:
    """Return whether *lock* holds the number of a process that cannot have it any more.

    A lock file without a number may be anybody's.
    """
    try:
        pid = int(lock.read_bytes())
        if pid == os.getpid():
            return lock not in _ours  # it was another process's before the number was ours
        if pid > 0:
            os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return False


def _keep_owner_and_mode(old: BinaryIO, new: int) -> None:
    status = os.fstat(old.fileno())
    if hasattr(os, "fchown"):
        with suppress(PermissionError):  # only root may give files away
            os.fchown(new, status.st_uid, status.st_gid)
        os.fchmod(new, status.st_mode & 0o7777)
