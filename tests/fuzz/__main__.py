"""``python -m fuzz``: mutated inputs at every door, or at those that are named.

What fails is written to the folder ``.fuzz``, as small as it could be made; the exit status is 1.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from random import Random

from fuzz.doors import DOORS, inputs_for
from fuzz.mutations import mutated
from fuzz.reducing import reduced
from fuzz.trial import Door, tried


def input_of(door: Door, seed: str, number: int) -> bytes:
    """Return input *number* of *door*."""
    return mutated(Random(f"{seed}/{door.name}/{number}"), inputs_for(door))


def main() -> int:
    """Try what the command line names, and print a row for each door."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("doors", nargs="*", metavar="DOOR", help=f"some of: {', '.join(DOORS)}")
    parser.add_argument("--inputs", type=int, default=1000, help="how many at each door")
    parser.add_argument("--seed", default="0", help="another one makes other inputs")
    parser.add_argument("--kept", action="store_true", help="no others than the seeds and the kept")
    options = parser.parse_args()
    if unknown := set(options.doors) - set(DOORS):
        parser.error(f"there is no door {min(unknown)!r}; there are {', '.join(DOORS)}")
    print(f"{'door':<22}{'inputs':>9}{'taken':>9}{'worst s':>9}{'worst MB':>10}", end="")
    print(f"{'faults':>8}{'took s':>8}")
    faults = 0
    for door in map(DOORS.__getitem__, options.doors or DOORS):
        make: Callable[[int], bytes] = partial(input_of, door, options.seed)
        inputs = options.inputs
        if options.kept:
            make, inputs = inputs_for(door).__getitem__, len(inputs_for(door))
        faults += _told(door, make, inputs)
    return 1 if faults else 0


def _told(door: Door, make: Callable[[int], bytes], inputs: int) -> int:
    """Try *door*, tell what came of it, and return how many faults there are."""
    begun = time.monotonic()
    tally = tried(door, make, inputs)
    took = time.monotonic() - begun
    numbers = f"{tally.inputs:>9,}{tally.taken:>9,}{tally.seconds:>9.2f}{tally.mib:>10.1f}"
    print(f"{door.name:<22}{numbers}{len(tally.faults):>8}{took:>8.1f}", flush=True)
    for fault, data in tally.faults.items():
        print(reduced(door, data, fault), flush=True)
    return len(tally.faults)


if __name__ == "__main__":
    sys.exit(main())
