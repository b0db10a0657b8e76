"""The small disk for what the proxy writes: filled, tidied, and read at the end."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.processes import need

_MIB = 384
_KEPT = 3
"""Recordings that are left where they are, the last ones."""


class Disk:
    """The disk at *place*, with a log and recordings."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.log = place / "log.jsonl"
        self.recording = place / "all.yaml"

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave no octet free while the block lasts."""
        ballast = self.place / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(1 << 16))
            yield
        finally:
            ballast.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Take away recordings that are over, as whoever looks after a machine would."""
        for each in self._recordings[:-_KEPT]:
            each.unlink()

    def rotate_log(self) -> None:
        """Move the log away, so that another one begins."""
        self.log.replace(self.log.with_suffix(".1"))

    def faults(self) -> Iterator[str]:
        """Yield in a sentence each what is wrong with what was written, when all of it is."""
        shown = subprocess.run(
            [sys.executable, "-m", "pop3spy", "show", "--stats", self._recordings[-1]],
            capture_output=True,
            check=False,
        )
        if shown.returncode:
            yield f"the recording cannot be read: {shown.stderr.decode()}"

    @property
    def _recordings(self) -> list[Path]:
        pattern = f"{self.recording.stem}*{self.recording.suffix}"
        return sorted(self.place.glob(pattern), key=lambda each: each.stat().st_mtime)


@contextmanager
def mounted(place: Path) -> Iterator[Disk]:
    """Have a disk at *place* while the block lasts; only root may."""
    place.mkdir()
    options = f"size={_MIB}m,mode=700"
    subprocess.run([need("mount"), "-t", "tmpfs", "-o", options, "soak", place], check=True)
    try:
        yield Disk(place)
    finally:
        subprocess.run([need("umount"), "--lazy", place], check=True)
