"""One file of a capture, private and never overwritten."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pop3spy.capture.header import Header
from pop3spy.newfile import new_file

Gap = Callable[[int], bytes]
"""Makes the record that tells how many records are missing."""
_AT_ONCE: Final = 1024
"""Pieces that are written in one call: what Linux, macOS and the BSDs take (IOV_MAX)."""


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
            self.write([header.lines().encode()])
        except OSError:  # there would be no telling what it is
            self.close()
            path.unlink()
            raise

    def write(self, records: Sequence[bytes]) -> None:
        """Append *records*, each whole lines; what is written is with the system at once.

        Raise OSError if they cannot be written whole.
        """
        gap = self._gap(self._missing) if self._gap and self._missing else b""
        whole = left = [gap, *records] if gap else list(records)
        written = 0
        try:
            while left:
                taken = os.writev(self._stream.fileno(), left[:_AT_ONCE])
                written += taken
                left = _behind(left, taken)
            self._missing = 0
        except OSError:
            data = b"".join(whole)
            written = data.rfind(b"\n", 0, written) + 1
            if written >= len(gap):
                self._missing = data.count(b"\n", max(written, len(gap)))
            else:
                self._missing += data.count(b"\n", len(gap))
            self._cut_off(self.size + written)
            raise
        finally:
            self.size += written

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _cut_off(self, size: int) -> None:
        """Take back what stands behind so many octets: the beginning of a record."""
        os.ftruncate(self._stream.fileno(), size)
        os.lseek(self._stream.fileno(), size, os.SEEK_SET)


def _behind(pieces: list[bytes], octets: int) -> list[bytes]:
    """Return what is left of *pieces* when so many octets of those at once are written."""
    some = pieces[:_AT_ONCE]
    if octets == sum(map(len, some)):  # as nearly always: nothing is copied
        return pieces[_AT_ONCE:]
    return [b"".join(some)[octets:], *pieces[_AT_ONCE:]]
