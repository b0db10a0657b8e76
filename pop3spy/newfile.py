"""Files that nobody else may read and that were not there before."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from pop3spy.errors import ConfigError
from pop3spy.protocol.text import escape

_PRIVATE: Final = 0o600
# Exclusive creation follows no symbolic link, wherever it leads (POSIX, open).
_FLAGS: Final = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)


def new_file(path: Path, mode: int = _PRIVATE) -> BinaryIO:
    """Make the file *path*, for its owner only, and return it open for writing.

    Another *mode* is for what others are to read; the umask changes neither.  Raise ConfigError if
    it is there already or cannot be made.
    """
    try:
        return open_new(path, mode)
    except FileExistsError:
        raise ConfigError(f"{escape(str(path))} exists; nothing is overwritten") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot write {escape(str(path))}: {reason_of(error)}") from None


def open_new(path: Path, mode: int = _PRIVATE) -> BinaryIO:
    """Do the same; raise OSError if that cannot be done."""
    descriptor = os.open(path, _FLAGS, mode)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, mode)
    return os.fdopen(descriptor, "wb")


@contextmanager
def file_in_memory(octets: bytes) -> Iterator[Path]:
    """Give a file with *octets* that is on no disk, for what reads nothing else; then it is gone.

    Raise OSError where the system has no such files, or none is left.
    """
    if not hasattr(os, "memfd_create"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    with os.fdopen(os.memfd_create("pop3spy"), "wb") as file:
        path = Path(f"/proc/self/fd/{file.fileno()}")
        path.stat()  # there may be no /proc here
        file.write(octets)
        file.flush()
        yield path


def reason_of(error: Exception) -> str:
    """Return why the operating system refused, without the path that it names."""
    return getattr(error, "strerror", None) or "this is no file name"


def is_open_to_others(path: Path) -> bool:
    """Return whether *path* is a file that others than its owner may read or write."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(status.st_mode) and is_exposed(status)


def is_exposed(status: os.stat_result) -> bool:
    """Return whether a file is open to others; its group may be meant if we do not own it."""
    ours = hasattr(os, "geteuid") and status.st_uid == os.geteuid()
    return os.name == "posix" and bool(status.st_mode & (0o077 if ours else 0o007))
