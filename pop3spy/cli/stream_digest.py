"""A stream that can be read once, and what its octets come to."""

import io
from hashlib import sha256
from typing import BinaryIO, cast


class StreamDigest(io.RawIOBase):
    """Gives what *stream* gives through ``reader``, and counts and digests it on the way."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = sha256()
        self.size = 0
        self.reader: BinaryIO = io.BufferedReader(self)

    @property
    def hexadecimal(self) -> str:
        """The SHA-256 of all that was read."""
        return self._digest.hexdigest()

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Put some octets into *buffer*, and return how many; none at the end."""
        data = cast(io.BufferedReader, self._stream).read1(len(buffer))
        buffer[: len(data)] = data
        self._digest.update(data)
        self.size += len(data)
        return len(data)
