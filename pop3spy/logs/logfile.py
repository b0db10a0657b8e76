"""Files that logs are appended to: private, whole lines, and never through a link."""

import errno
import os
from pathlib import Path
from typing import Final

from pop3spy.errors import Pop3SpyError
from pop3spy.newfile import reason_of
from pop3spy.protocol.text import escape

_PRIVATE: Final = 0o600
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

    A line of which a full disk took only a part is ended before the next one begins.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._torn = False

    def write(self, text: str) -> int:
        """Append *text*; raise OSError if it cannot be written whole."""
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


def open_log(path: Path) -> LogFile:
    """Open *path* to append to; a new file is private (0600) whatever the umask says.

    Raise Pop3SpyError if that cannot be done, or if *path* is a symbolic link.
    """
    try:
        return LogFile(_create_or_open(path))
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ELOOP:  # what O_NOFOLLOW says
            reason = "it is a symbolic link, and those are not followed"
        else:
            reason = reason_of(error)
        raise Pop3SpyError(
            f"cannot write the log {escape(str(path))}: {reason[:1].lower()}{reason[1:]}"
        ) from None


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
