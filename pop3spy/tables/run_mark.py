"""A mark in a folder for each run that writes there, so that one that was killed is noticed."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from pop3spy.tables.columns import TABLES

_NAME: Final = re.compile(r"\.(\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8})\.open")
_FLAGS: Final = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_PRIVATE: Final = 0o600


def part_name(name: str) -> str:
    """Return what the file *name* is called while it is written: engines leave hidden files out."""
    return f".{name}.part"


class RunMark:
    """The mark of *run* in *folder*: an empty file, locked for as long as this process lives."""

    def __init__(self, folder: Path, run: str) -> None:
        self._path = folder / f".{run}.open"
        self._fd = -1

    def hold(self) -> None:
        """Make the mark, unless it is there; raise OSError if that cannot be done."""
        if self._fd >= 0 and self._path.exists():
            return
        self._release()
        self._fd = os.open(self._path, _FLAGS | os.O_CREAT, _PRIVATE)
        if hasattr(os, "lockf"):
            os.lockf(self._fd, os.F_TLOCK, 0)

    def remove(self) -> None:
        """Take the mark away: all that the run had to write is written."""
        with suppress(OSError):
            self._path.unlink()
        self._release()

    def _release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def killed_runs(folder: Path) -> Iterator[str]:
    """Yield the runs that left a mark in *folder* and are no more; take away what they left.

    Ask before this process makes a mark of its own, since a lock keeps out other processes only.
    Where files cannot be locked nothing is known, and nothing is taken away.
    """
    if not hasattr(os, "lockf"):
        return
    for path in sorted(folder.glob(".*.open")):
        if (match := _NAME.fullmatch(path.name)) and _is_abandoned(path):
            _remove_parts(folder, match[1])
            yield match[1]


def _is_abandoned(path: Path) -> bool:
    """Return whether nobody holds the mark *path* any more, and remove it then."""
    try:
        fd = os.open(path, _FLAGS)
    except OSError:
        return False
    try:
        os.lockf(fd, os.F_TLOCK, 0)
        if not os.path.samestat(os.fstat(fd), path.stat()):
            return False  # another program was here first
        path.unlink()
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(fd)


def _remove_parts(folder: Path, run: str) -> None:
    for table in TABLES:
        for part in folder.glob(f"{table}/date=*/{part_name(f'{run}-*')}"):
            if not (part.parent.is_symlink() or part.parent.parent.is_symlink()):
                with suppress(OSError):
                    part.unlink()
