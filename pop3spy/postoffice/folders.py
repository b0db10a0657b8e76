"""Maildrops with one file a message: a Maildir, or a folder of .eml files.

Rules: 1. only regular files are mail; a link is never followed; 2. nothing is moved, renamed or
flagged: a message that is only read leaves no trace; 3. a file that changed since it was noted is
neither sent nor removed.

Plain files and not ``mailbox.Maildir``: that follows links, and hands out files by a name that it
looks up again, whatever has taken the place meanwhile.
"""

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pop3spy.errors import MaildropError
from pop3spy.postoffice.locks import FolderLock
from pop3spy.postoffice.maildrop import StoredMessage
from pop3spy.postoffice.unique_ids import UniqueIds, fingerprint, fit_for_unique_id
from pop3spy.postoffice.wire import PIECE, canonical, octets_of

_NOT_A_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # nor a pipe to wait for
_DIGITS = re.compile(rb"(\d+)")


@dataclass(frozen=True, slots=True)
class FolderLayout:
    """How a kind of folder is arranged.

    ``parts`` are where its files lie, ``suffix`` is how their names end, and what follows ``flags``
    in a name may change while the message stays the same.  A message is called by what stays of
    its file's name, or where people name the files (``by_content``) by what is in it.
    """

    parts: tuple[str, ...]
    suffix: str = ""
    flags: bytes = b""
    by_content: bool = False

    def name_of(self, path: Path) -> bytes:
        """Return what of the file's name stays the same."""
        name = os.fsencode(path.name)
        return name.split(self.flags, 1)[0] if self.flags else name


MAILDIR = FolderLayout(("new", "cur"), flags=b":")
"""``new`` and ``cur`` both hold mail; a flag like ``:2,S`` says nothing to POP3."""

EML_FOLDER = FolderLayout((".",), suffix=".eml", by_content=True)
"""Renamed, a file is the same message."""

FileState = tuple[int, int, int]
"""Inode, octets and time of the last change in nanoseconds: what tells one file from another."""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    state: FileState


class FolderMaildrop:
    """The messages in *folder*, arranged as *layout* says, in the order of their names.

    Numbers in names count as numbers, so that a Maildir is in the order of delivery.
    """

    def __init__(self, folder: Path, layout: FolderLayout) -> None:
        self._folder = folder
        self._layout = layout
        self._lock = FolderLock(folder)
        self._files: dict[bytes, _File] = {}
        self._unique_ids = UniqueIds()

    def lock(self) -> None:
        """Take the folder for one session, or raise InUseError."""
        self._lock.take()

    def unlock(self) -> None:
        """Give it back."""
        self._files = {}
        self._lock.give_back()

    def messages(self) -> list[StoredMessage]:
        """Return what is there now; a file that vanishes meanwhile is not."""
        paths = sorted(self._paths(), key=lambda path: _in_order(self._layout.name_of(path)))
        measured: list[tuple[_File, int]] = []
        names: list[bytes] = []
        for path in paths:
            with suppress(FileNotFoundError):
                file = _File(path, _state_of(path.lstat()))
                octets, name = octets_of(_reading(file)), self._called(file)
                measured.append((file, octets))
                names.append(name)
        unique_ids = self._unique_ids.give(names)
        self._files = {i: file for i, (file, _) in zip(unique_ids, measured, strict=True)}
        return [
            StoredMessage(unique_id, octets, partial(self._read, file))
            for unique_id, (file, octets) in zip(unique_ids, measured, strict=True)
        ]

    def remove(self, unique_ids: Collection[bytes]) -> None:
        """Remove these messages; raise the first error when all have been tried."""
        errors: list[OSError | MaildropError] = []
        gone: list[bytes] = []
        for unique_id in unique_ids:
            try:
                with suppress(FileNotFoundError):  # somebody else removed it
                    self._unlink(self._files[unique_id])
                gone.append(unique_id)
            except (OSError, MaildropError) as error:
                errors.append(error)
        self._unique_ids.forget(gone)
        if errors:
            raise errors[0]

    def _called(self, file: _File) -> bytes:
        """Return what the message in *file* is called, fit to be a unique-id."""
        if self._layout.by_content:
            return fingerprint(canonical(_reading(file)))
        return fit_for_unique_id(self._layout.name_of(file.path))

    def _paths(self) -> Iterator[Path]:
        for part in self._layout.parts:
            with os.scandir(self._folder / part) as entries:
                for entry in entries:
                    if (
                        not entry.name.startswith(".")
                        and entry.name.lower().endswith(self._layout.suffix)
                        and entry.is_file(follow_symlinks=False)
                    ):
                        yield Path(entry.path)

    def _read(self, file: _File) -> Iterator[bytes]:
        try:
            return _reading(file)
        except FileNotFoundError:
            return _reading(self._found_again(file))

    def _unlink(self, file: _File) -> None:
        try:
            _check(file, file.path.lstat())
        except FileNotFoundError:
            file = self._found_again(file)
        file.path.unlink()

    def _found_again(self, file: _File) -> _File:
        """Return where *file* is now: a mail program moves what it has read from new to cur."""
        layout = self._layout
        name = layout.name_of(file.path)
        for path in self._paths():
            same = layout.by_content or layout.name_of(path) == name
            if same and _state_of(path.lstat()) == file.state:
                return _File(path, file.state)
        raise FileNotFoundError(f"{file.path.name} is gone")


def _state_of(status: os.stat_result) -> FileState:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _check(file: _File, status: os.stat_result) -> None:
    if _state_of(status) != file.state:
        raise MaildropError(f"{file.path.name} has changed since the maildrop was opened")


def _reading(file: _File) -> Iterator[bytes]:
    """Return the octets of *file* in pieces; it is open when this returns, and closes itself."""
    pieces = _pieces(file)
    next(pieces)
    return pieces


def _pieces(file: _File) -> Iterator[bytes]:
    with os.fdopen(os.open(file.path, os.O_RDONLY | _NOT_A_LINK), "rb", buffering=0) as stream:
        _check(file, os.fstat(stream.fileno()))
        yield b""  # a generator that has begun closes its file when it is dropped
        while piece := stream.read(PIECE):
            yield piece


def _in_order(name: bytes) -> list[bytes | int]:
    """Return a key that sorts ``10.eml`` behind ``9.eml``."""
    words = _DIGITS.split(name)
    return [int(word) if place % 2 else word for place, word in enumerate(words)]
