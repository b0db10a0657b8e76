"""Lines that were typed before, in a file that only their owner may read.

Rule: nothing gets in by being typed; whoever knows that a line holds no secret puts it in.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prompt_toolkit.history import History

MOST: Final = 1000
"""Lines that are kept."""
_PRIVATE_FILE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700
_FLAGS: Final = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class KeptLines(History):
    """The history of a prompt, in the file at *path*; it is in memory alone if that cannot be."""

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        """Return the lines of the file, the newest first; forget the oldest there."""
        if self._path is None:
            return []
        try:
            self._path.parent.mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
            with os.fdopen(self._open(self._path, os.O_RDWR), "rb") as file:
                lines = file.read().decode("utf-8", "replace").split("\n")[:-1]
            if len(lines) > 2 * MOST:
                with os.fdopen(self._open(self._path, os.O_WRONLY | os.O_TRUNC), "wb") as kept:
                    kept.write("".join(f"{line}\n" for line in lines[-MOST:]).encode())
        except OSError:
            self._path = None
            return []
        return reversed(lines[-MOST:])

    def append_string(self, string: str) -> None:
        """Do nothing: this is called with everything that is typed."""

    def remember(self, line: str) -> None:
        """Keep *line*, which holds no secret."""
        if line.strip() and self.get_strings()[-1:] != [line]:
            super().append_string(line)

    def store_string(self, string: str) -> None:
        """Append a line to the file."""
        if self._path is None:
            return
        try:
            with os.fdopen(self._open(self._path, os.O_WRONLY | os.O_APPEND), "wb") as file:
                file.write(f"{string}\n".encode("utf-8", "replace"))
        except OSError:
            self._path = None

    @staticmethod
    def _open(path: Path, flags: int) -> int:
        descriptor = os.open(path, flags | _FLAGS, _PRIVATE_FILE)
        os.fchmod(descriptor, _PRIVATE_FILE)
        return descriptor
