"""``python -m fuzz.instrumented DOOR PARTS ARG... FOLDER``: libFuzzer searches at one door.

Only the *PARTS* of the program, parted by commas, are instrumented, by atheris: an instrumented
step takes three times as long.  libFuzzer is told by *ARGs*, keeps what it finds in *FOLDER*, and
ends the process.  Each input has the bounds that it has elsewhere.
"""

import gc
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import atheris

from pop3spy import __file__ as _home

_PROGRAM = Path(_home).parents[1]
_PARTS = tuple(sys.argv[2].split(","))
_OTHERS = [
    name
    for path in Path(_home).parent.rglob("*.py")
    for name in [".".join(path.relative_to(_PROGRAM).with_suffix("").parts)]
    if not f"{name}.".startswith(tuple(f"{part}." for part in _PARTS))
]
"""Modules that stay as they are; atheris can leave out modules, but not take part of a package."""

with atheris.instrument_imports(include=["pop3spy"], exclude=_OTHERS):
    from fuzz.doors import DOORS, inputs_for
    from fuzz.mutations import MUTATIONS
    from fuzz.trial import IN_MEMORY, MOST_MIB, be_unseen, peak, raised


def main() -> None:
    """Search, with what is loaded on the way instrumented as well."""
    door, told = DOORS[sys.argv[1]], os.dup(2)
    seeds, slowest = inputs_for(door), 0.0

    def enter(data: bytes) -> None:
        nonlocal slowest
        before, begun = peak(), time.process_time()
        error = raised(door, data)
        if (took := time.process_time() - begun) > slowest:
            slowest = took
            os.write(told, f"slowest: {took:.6f}\n".encode())
        if error is not None and not door.allows(error):
            raise error
        if peak() - before > MOST_MIB:
            raise MemoryError

    def change(data: bytes, longest: int, seed: int) -> bytes:
        """Change *data* in libFuzzer's ways, or in ours, which know what a word is."""
        random = Random(seed)
        if random.random() < 0.5:
            return bytes(atheris.Mutate(data, longest))
        return random.choice(MUTATIONS)(random, data, seeds)[:longest]

    be_unseen()
    sys.stderr = sys.stdout  # what the program says goes nowhere, and what libFuzzer says is read
    os.dup2(told, 2)
    gc.freeze()
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        os.chdir(folder)
        with atheris.instrument_imports(include=["pop3spy"], exclude=_OTHERS):
            atheris.Setup(["fuzz", *sys.argv[3:]], enter, custom_mutator=change)
            atheris.Fuzz()


if __name__ == "__main__":
    main()
