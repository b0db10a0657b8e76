"""``python -m mutation TARGET``: whether the tests notice small mistakes in a part of the program.

A sample of all mutants is tried, each against the tests that reach its line; those that survive are
printed, and want a test or an explanation (``docs/mutation.md``).
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from mutation.running import run

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Target:
    """A part of the program, and the tests that are about it."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


TARGETS = {
    "decoder": Target(("protocol/*.py",), ("protocol",)),
    "tracker": Target(("session/*.py",), ("session", "redaction", "capture/test_round_trip.py")),
    "redactor": Target(("redaction/*.py",), ("redaction", "security")),
    "engine": Target(
        ("findings/*.py",),
        tuple(f"findings/test_{name}.py" for name in ("engine", "own_faults", "history", "rules")),
    ),
}


def main() -> int:
    """Try what the command line says, and print figures."""
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--sample", type=int, default=100, help="how many mutants; 0: all")
    parser.add_argument("--seed", default="0", help="another one makes another sample")
    options = parser.parse_args()
    target = TARGETS[options.target]
    files = [file for glob in target.files for file in sorted((ROOT / "pop3spy").glob(glob))]
    tests = [ROOT / "tests" / name for name in target.tests]
    return run(
        [file.relative_to(Path.cwd()) for file in files], tests, options.sample, options.seed
    )


if __name__ == "__main__":
    sys.exit(main())
