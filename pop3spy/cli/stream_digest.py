"""Streams that can be read once, and what their octets come to."""

import io
from hashlib import sha256
from typing import BinaryIO, Final, cast

_PIECE: Final = 1 << 16


class StreamDigests:
    """Counts and digests what is read of some streams, each through a reader of its own."""

    def __init__(self) -> None:
        self._streams: list[_DigestedStream] = []

    def reader_of(self, stream: BinaryIO) -> BinaryIO:
        """Return what gives the same octets as *stream*."""
        digested = _DigestedStream(stream)
        self._streams.append(digested)
        return io.BufferedReader(digested, _PIECE)

    def finish(self) -> tuple[int, str]:
        """Read what is left; return how many octets there were, and the SHA-256 of each stream."""
        for stream in self._streams:
            stream.finish()
        digests = ", ".join(stream.digest.hexdigest() for stream in self._streams)
        return sum(stream.size for stream in self._streams), digests


class _DigestedStream(io.RawIOBase):
    """Gives what *stream* gives, and counts and digests it on the way."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = sha256()
        self.size = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Put some octets into *buffer*, and return how many; none at the end."""
        data = cast(io.BufferedReader, self._stream).read1(len(buffer))
        buffer[: len(data)] = data
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def finish(self) -> None:
        """Read to the end, whatever whoever reads it has left."""
        room = bytearray(_PIECE)
        while self.readinto(room):
            pass
