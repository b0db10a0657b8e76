"""The recordings of a folder: found by walking it, and opened by no other way.

Rules: 1. a name is one that ``names`` lists, so no ``..`` and no absolute path leads anywhere; 2.
each step is opened without following a symbolic link, in the folder that was opened before it, so
a folder that is swapped for a link meanwhile is an error; 3. only regular files are read.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from pop3spy.embedding.recordings import Recording, read_stream
from pop3spy.errors import CaptureError, ConfigError, said_by_system
from pop3spy.protocol.text import escape

LARGEST: Final = 64 << 20
"""Octets of a recording beyond which it is not read: its sessions would fill the memory."""
_DEEPEST: Final = 8
"""Folders inside one another that are walked."""
_MOST: Final = 10_000
"""Files that are listed."""
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class RecordingFolder:
    """The folder at *path*; raise ConfigError if there is none."""

    def __init__(self, path: Path) -> None:
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            reason = said_by_system(error) if isinstance(error, OSError) else "this is no name"
            raise ConfigError(f"cannot read the folder {escape(str(path))}: {reason}") from None
        self._last: tuple[object, Recording] | None = None

    def names(self) -> list[str]:
        """Return the names of all regular files that can be written down, with their folders."""
        found = []
        for name in self._walk(self._fd, "", _DEEPEST):
            found.append(name)
            if len(found) == _MOST:
                break
        return sorted(found)

    def read(self, name: str) -> Recording:
        """Return what is in the recording *name*; raise CaptureError if it cannot be read.

        What was read last is kept, for as long as the file stays as it is.
        """
        if name not in self.names():
            raise CaptureError(
                f"there is no recording {escape(name[:200])}; list_recordings has all"
            )
        try:
            with self._open(name) as file:
                status = os.fstat(file.fileno())
                known = name, status.st_ino, status.st_size, status.st_mtime_ns
                if self._last is None or self._last[0] != known:
                    self._last = None
                    self._last = known, _read(file, status, escape(name))
                return self._last[1]
        except OSError as error:
            raise CaptureError(f"cannot read {escape(name)}: {said_by_system(error)}") from None

    def _open(self, name: str) -> BinaryIO:
        *folders, last = name.split("/")
        opened = [self._fd]
        try:
            for folder in folders:
                opened.append(os.open(folder, _FLAGS | os.O_DIRECTORY, dir_fd=opened[-1]))
            return os.fdopen(os.open(last, _FLAGS, dir_fd=opened[-1]), "rb")
        finally:
            for fd in opened[1:]:
                os.close(fd)

    def _walk(self, fd: int, before: str, depth: int) -> Iterator[str]:
        with os.scandir(fd) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            if not entry.name.isprintable():
                continue  # nor could anybody write it down
            if entry.is_file(follow_symlinks=False):
                yield f"{before}{entry.name}"
            elif depth and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):  # gone, or not ours to read
                    inner = os.open(entry.name, _FLAGS | os.O_DIRECTORY, dir_fd=fd)
                    try:
                        yield from self._walk(inner, f"{before}{entry.name}/", depth - 1)
                    finally:
                        os.close(inner)


def _read(file: BinaryIO, status: os.stat_result, name: str) -> Recording:
    if not stat.S_ISREG(status.st_mode):
        raise CaptureError(f"{name}: it is no regular file")
    if status.st_size > LARGEST:
        size = f"{LARGEST >> 20} MiB"
        raise CaptureError(f"{name}: it has more than {size}; read it with: pop3spy show FILE")
    return read_stream(file, name)
