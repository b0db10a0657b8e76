"""A clock on the wall that is set while a program runs.

Only the date is another one: what counts seconds (CLOCK_MONOTONIC) goes on, as it does on a machine
whose clock somebody sets.
"""

import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab.processes import missing, need

_SOURCE = Path(__file__).with_suffix(".c")
_NOW = "from datetime import datetime, UTC; print(datetime.now(UTC).isoformat())"


class WallClock:
    """The clock of programs that are started with ``environment``; *folder* is for its parts."""

    def __init__(self, folder: Path) -> None:
        if not sys.platform.startswith("linux"):
            missing("the clock of a program can be set on Linux only")
        library = folder / "wall_clock.so"
        command: list[str | Path] = [need("cc"), "-shared", "-fPIC", "-O1", "-o", library, _SOURCE]
        subprocess.run(command, check=True)
        self._hand = folder / "wall-clock"
        self._hand.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "WALL_CLOCK": str(self._hand)}

    def set_by(self, hours: float) -> None:
        """Set it to so many *hours* after what is true, or before, at once and for all of them."""
        with self._hand.open("r+b", buffering=0) as hand:
            hand.write(struct.pack("=q", round(hours * 3600)))

    def is_off(self) -> timedelta:
        """Return by how much a program with it is wrong about the time, as it says itself."""
        done = subprocess.run(
            [sys.executable, "-c", _NOW], env=self.environment, capture_output=True, check=True
        )
        return datetime.fromisoformat(done.stdout.decode().strip()) - datetime.now(UTC)
