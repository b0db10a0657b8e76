"""Where octets wait until they may be written: in memory, and on disk if there are many."""

import tempfile
from typing import IO


def waiting_file(in_memory: int) -> IO[bytes]:
    """Return a file that nobody else can open, on disk from so many octets on; close it."""
    return tempfile.SpooledTemporaryFile(in_memory)
