"""``python -m fuzz``: mutated inputs at every door, or at those that are named.

What fails is written to the folder ``.fuzz``, as small as it could be made; the exit status is 1.
"""

import argparse
import sys
import time
from hashlib import sha256
from pathlib import Path
from random import Random

from fuzz import file_doors, recording_doors, text_doors, wire_doors
from fuzz.mutations import mutated
from fuzz.reducing import smallest
from fuzz.trial import Door, tried

DOORS = {
    door.name: door
    for table in (recording_doors.DOORS, wire_doors.DOORS, text_doors.DOORS, file_doors.DOORS)
    for door in table
}
_KEPT = Path(".fuzz")


def inputs_of(door: Door, seed: str, number: int) -> bytes:
    """Return input *number* of *door*."""
    return mutated(Random(f"{seed}/{door.name}/{number}"), door.seeds())


def main() -> int:
    """Try what the command line names, and print a row for each door."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("doors", nargs="*", metavar="DOOR", help=f"some of: {', '.join(DOORS)}")
    parser.add_argument("--inputs", type=int, default=1000, help="how many at each door")
    parser.add_argument("--seed", default="0", help="another one makes other inputs")
    options = parser.parse_args()
    if unknown := set(options.doors) - set(DOORS):
        parser.error(f"there is no door {min(unknown)!r}; there are {', '.join(DOORS)}")
    print(f"{'door':<24}{'inputs':>9}{'worst s':>9}{'worst MB':>10}{'faults':>8}{'took s':>8}")
    faults = [_told(DOORS[name], options.inputs, options.seed) for name in options.doors or DOORS]
    return 1 if any(faults) else 0


def _told(door: Door, inputs: int, seed: str) -> int:
    """Try *door*, tell what came of it, and return how many faults there are."""
    begun = time.monotonic()
    tally = tried(door, lambda number: inputs_of(door, seed, number), inputs)
    took = time.monotonic() - begun
    numbers = f"{tally.inputs:>9,}{tally.seconds:>9.2f}{tally.mib:>10.1f}{len(tally.faults):>8}"
    print(f"{door.name:<24}{numbers}{took:>8.1f}", flush=True)
    for fault, data in tally.faults.items():
        small = smallest(door, data, fault)
        file = _KEPT / f"{door.name.replace(' ', '-')}-{sha256(fault.encode()).hexdigest()[:8]}"
        _KEPT.mkdir(exist_ok=True)
        file.write_bytes(small)
        print(f"    {fault}\n    {file}: {small[:300]!r}", flush=True)
    return len(tally.faults)


if __name__ == "__main__":
    sys.exit(main())
