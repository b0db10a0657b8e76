"""What all searches at one door come to, in a file that each of them goes on with."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass
class Sums:
    """How many inputs there were, the seconds of the slowest, and the most MiB of a search."""

    inputs: int = 0
    seconds: float = 0.0
    mib: int = 0

    @classmethod
    def of_file(cls, path: Path) -> "Sums":
        """Return what *path* says, nothing at all if there is no such file."""
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def keep(self, path: Path) -> None:
        """Write it to *path*."""
        path.write_text(json.dumps(asdict(self)) + "\n")

    def __str__(self) -> str:
        """Return it as a line of text."""
        return f"{self.inputs:,} inputs, the slowest {self.seconds:.3f} s, {self.mib} MB"
