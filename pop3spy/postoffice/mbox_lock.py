"""Files beside an mbox: its lock file, and the copy that takes its place.

Rule: what is beside an mbox is taken away only by who has its lock, and only what nobody else can
have made.
"""

import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

_AT_RANDOM: Final = r"[a-z0-9_]{8}"
"""What ``tempfile`` puts behind a prefix."""

_LONGEST: Final = 32
"""Octets that the number of a process has, and more."""

_ours: set[Path] = set()
"""The lock files that this process has now: fcntl does not keep it apart from itself."""


def lock_file(mbox: Path) -> Path:
    """Return where other mail programs look for a lock file."""
    return Path(f"{mbox}.lock")


def mark_as_ours(lock: Path) -> None:
    """Let others know who has *lock*, as well as can be: a read-only folder has no lock file."""
    with suppress(OSError), lock.open("r+b") as stream:
        stream.write(b"%d\n" % os.getpid())
    _ours.add(lock)


def give_up(lock: Path) -> None:
    """Know that *lock* is not ours any more."""
    _ours.discard(lock)


def left_behind(lock: Path) -> bool:
    """Return whether *lock* holds the number of a process that cannot have it any more.

    A lock file without a number may be anybody's.
    """
    try:
        pid = int(_content(lock))
        if pid == os.getpid():
            return lock not in _ours  # it was another process's before the number was ours
        if pid > 0:
            os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return False


def _content(lock: Path) -> bytes:
    """Return how *lock* begins, nothing if it is no file: a pipe would be waited for."""
    descriptor = os.open(lock, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return stream.read(_LONGEST) if regular else b""


def new_copy(mbox: Path) -> tuple[int, Path]:
    """Return the descriptor and the path of a new file that is to take the place of *mbox*."""
    descriptor, path = tempfile.mkstemp(prefix=_prefix(mbox), dir=mbox.parent)
    return descriptor, Path(path)


def sweep(mbox: Path) -> None:
    """Remove the copies of *mbox* that a killed QUIT has left; its lock is ours.

    Who else wants to write one waits for the lock, so none of them is in use.
    """
    name = re.compile(re.escape(_prefix(mbox)) + _AT_RANDOM)
    with suppress(OSError), os.scandir(mbox.parent) as entries:
        left = [
            Path(entry.path)
            for entry in entries
            if name.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
        ]
        for path in left:
            path.unlink()


def _prefix(mbox: Path) -> str:
    return f".{mbox.name}.pop3spy-"
