"""Files that logs are appended to: private, whole lines, and never through a link."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

from pop3spy.capture.header import is_capture
from pop3spy.capture.packets import is_packets
from pop3spy.errors import ConfigError
from pop3spy.newfile import reason_of
from pop3spy.protocol.text import escape

_PRIVATE: Final = 0o600
_HEAD: Final = 4096
"""Octets of a file that are looked at to know what it is."""
# Not every system has them.  Without O_NONBLOCK a pipe that nobody reads would never be opened.
_FLAGS: Final = (
    os.O_WRONLY
    | os.O_APPEND
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
)


class LogFile:
    """A log file; what is written is with the operating system at once.

    A line of which a full disk took only a part is ended before the next one begins.  A file that
    was moved or taken away, as programs do that rotate logs, is begun anew at *path*.
    """

    def __init__(self, fd: int, path: Path) -> None:
        self._fd = fd
        self._path = path.absolute()
        self._torn = False

    def write(self, text: str) -> int:
        """Append *text*; raise OSError if it cannot be written whole."""
        if self._is_moved():
            self._begin_anew()
        data = text.encode("utf-8", "backslashreplace")
        if self._torn:
            data = b"\n" + data
        while data:
            written = os.write(self._fd, data)
            self._torn = not data[:written].endswith(b"\n")
            data = data[written:]
        return len(text)

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _is_moved(self) -> bool:
        """Return whether a file was written that is not at its place any more."""
        mine = os.fstat(self._fd)
        if not stat.S_ISREG(mine.st_mode):  # a pipe or a device is nothing to rotate
            return False
        try:
            there = self._path.lstat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return not os.path.samestat(mine, there)

    def _begin_anew(self) -> None:
        """Begin another file; where that cannot be, go on in the old one, so nothing is lost."""
        try:
            begun = _opened(self._path)
        except ConfigError:
            return
        os.close(self._fd)
        self._fd, self._torn = begun, False


def open_log(path: Path) -> LogFile:
    """Open *path* to append to; a new file is private (0600) whatever the umask says.

    Raise ConfigError if that cannot be done, if *path* is a symbolic link, or if it is a recording,
    which nothing could read any more.
    """
    return LogFile(_opened(path), path)


def _opened(path: Path) -> int:
    try:
        if _is_recording(path):
            raise ConfigError(
                f"{escape(str(path))} is a recording, and a log would spoil it;"
                " name another file: --log FILE"
            )
        return _create_or_open(path)
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ELOOP:  # what O_NOFOLLOW says
            reason = "it is a symbolic link, and those are not followed"
        else:
            reason = reason_of(error)
        raise ConfigError(
            f"cannot write the log {escape(str(path))}: {reason[:1].lower()}{reason[1:]}"
        ) from None


def _is_recording(path: Path) -> bool:
    """Return whether *path* can be seen to be a capture or a packet capture."""
    try:
        fd = os.open(path, os.O_RDONLY | (_FLAGS & ~(os.O_WRONLY | os.O_APPEND)))
    except OSError:
        return False
    with os.fdopen(fd, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):  # of a pipe, others would miss what is read here
            return False
        head = file.read(_HEAD)
    return is_capture(head) or is_packets(head)


def _create_or_open(path: Path) -> int:
    try:
        fd = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, _PRIVATE)
        if hasattr(os, "fchmod"):
            os.fchmod(fd, _PRIVATE)
    except FileExistsError:
        fd = os.open(path, _FLAGS)
    if hasattr(os, "set_blocking"):
        os.set_blocking(fd, True)
    return fd
