"""A capture file as one buffer that moves along it: never the whole file, and never back."""

from collections.abc import Callable
from typing import BinaryIO, Final

from pop3spy.errors import CaptureError

BLOCK: Final = 1 << 20
"""How many octets are read at once."""
MOST: Final = 1 << 20
"""Octets of one packet or block beyond which the file is damaged rather than large.

Snapshot lengths end at 256 KiB in libpcap; a TCP segment of IPv6 with a jumbo payload, as a
loopback may have it, at 512 KiB.
"""


class OctetSource:
    """The octets of *stream*; ``buffer`` begins ``offset`` octets into it.

    It is ``torn`` once the file has ended in the middle of something.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.buffer = b""
        self.offset = 0
        self.torn = False
        # What a pipe has is read as it comes, so that a live capture can be watched.
        self._some: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        self._name = name

    def reach(self, at: int, need: int) -> int:
        """Let the buffer hold *need* octets from *at* on; return where they are now.

        Return -1 if the file ends before.
        """
        if at + need <= len(self.buffer):
            return at
        parts = [self.buffer[at:]]
        have = len(parts[0])
        self.offset += at
        while have < need and (more := self._read(max(BLOCK, need - have))):
            parts.append(more)
            have += len(more)
        self.buffer = b"".join(parts)
        if have >= need:
            return 0
        self.torn = have > 0
        return -1

    def skip(self, at: int, count: int) -> int:
        """Pass over *count* octets from *at* on, of whatever number; return as ``reach`` does."""
        if at + count <= len(self.buffer):
            return at + count
        left = count - (len(self.buffer) - at)
        more = b""
        while left > 0 and (more := self._read(BLOCK)):
            left -= len(more)
        self.offset += at
        if left > 0:
            self.buffer, self.torn = b"", True
            return -1
        self.offset += count
        self.buffer = more[left:] if left else b""
        return 0

    def damaged(self, at: int, what: str) -> CaptureError:
        """Return the error that says what is wrong at *at*."""
        return CaptureError(f"{self._name}: offset {self.offset + at}: {what}")

    def tear(self) -> str:
        """Return what to say of a file that is torn."""
        return f"the file ends in the middle of a packet, at offset {self.offset}"

    def _read(self, most: int) -> bytes:
        try:
            return self._some(most)
        except OSError as error:
            raise CaptureError(f"{self._name}: {(error.strerror or str(error)).lower()}") from None
