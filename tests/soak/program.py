"""pop3spy as it runs on the stage: started, measured, and looked at when it has ended."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lab.loopback import until
from lab.processes import end, has_ended, start
from soak.measured import Size, size_of

_READY = 60.0
_PATIENCE = 60.0


class Program:
    """``pop3spy`` with *args*, in which *name* is what it is called here; it listens already."""

    def __init__(self, folder: Path, name: str, *args: str) -> None:
        self.name = name
        self._said = folder / f"{name}.err"
        self._door = folder / f"{name}.sock"
        self._doors = args.count("--listen") + args.count("--route")
        self._door.unlink(missing_ok=True)
        command = [sys.executable, "-m", "soak.measured", str(self._door), *args]
        with self._said.open("wb") as stderr:
            self.process = start(command, stdout=subprocess.DEVNULL, stderr=stderr)
        try:
            until(self._listens, name, _READY)
        except BaseException:
            end(self.process, _PATIENCE)
            raise

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    @property
    def told(self) -> str:
        """What it has said so far."""
        return self._said.read_text(errors="replace")

    @property
    def size(self) -> Size:
        """What it takes now."""
        return size_of(self.pid, self._door)

    def line_with(self, what: str) -> str | None:
        """Return what it has said behind *what*."""
        return next((line.split(what)[1] for line in self.told.splitlines() if what in line), None)

    def end(self) -> Iterator[str]:
        """End it; yield in a sentence each what is wrong with how it ended, and with what it said.

        Of one that has ended already, the same is told again.
        """
        if status := end(self.process, _PATIENCE):
            yield f"{self.name} ended with status {status}"
        bugs = (line for line in self.told.splitlines() if "bug" in line or "Traceback" in line)
        if (bug := next(bugs, None)) is not None:
            yield f"{self.name} said {bug!r}"

    def _listens(self) -> bool | None:
        if has_ended(self.process):
            raise AssertionError(f"{self.name} ended: {self.told}")
        return self.told.count("listening on") >= self._doors or None
