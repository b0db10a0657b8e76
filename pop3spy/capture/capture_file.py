"""One file of a capture, private and never overwritten."""

import os
from collections.abc import Callable
from pathlib import Path

from pop3spy.capture.header import Header
from pop3spy.newfile import new_file

Gap = Callable[[int], str]
"""Makes the record that tells how many records are missing."""


class CaptureFile:
    """One file; it is closed once nothing more can come.

    What a full disk takes no more of is cut off behind the last whole record; *gap* stands there
    once the disk takes data again.
    """

    def __init__(self, path: Path, header: Header, gap: Gap | None = None) -> None:
        self.name = path.name
        self.size = 0
        self.running = 0  # sessions that are not over
        self._gap = gap
        self._missing = 0  # records
        self._stream = new_file(path)
        try:
            self.write(header.lines())
        except OSError:  # there would be no telling what it is
            self.close()
            path.unlink()
            raise

    def write(self, text: str) -> None:
        """Append *text*, whole lines; what is written is with the operating system at once.

        Raise OSError if it cannot be written whole.
        """
        gap = self._gap(self._missing).encode() if self._gap and self._missing else b""
        data = gap + text.encode()
        written = 0
        try:
            while written < len(data):
                written += os.write(self._stream.fileno(), data[written:])
        except OSError:
            written = data.rfind(b"\n", 0, written) + 1
            self._cut_off(self.size + written)
            raise
        finally:
            self.size += written
            if written >= len(gap):
                self._missing = data.count(b"\n", max(written, len(gap)))
            else:
                self._missing += text.count("\n")

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _cut_off(self, size: int) -> None:
        """Take back what stands behind so many octets: the beginning of a record."""
        os.ftruncate(self._stream.fileno(), size)
        os.lseek(self._stream.fileno(), size, os.SEEK_SET)
