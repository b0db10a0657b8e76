"""``python -m fuzz.instrumented DOOR FOLDER ARG...``: libFuzzer searches at one door, by atheris.

It is told by *ARGs*, keeps what it finds in *FOLDER*, and ends the process.  Each input has the
bounds that it has elsewhere.
"""

import os
import sys
import tempfile
from random import Random

import atheris

with atheris.instrument_imports(include=["pop3spy"]):
    from fuzz.doors import DOORS, inputs_for
    from fuzz.mutations import MUTATIONS
    from fuzz.trial import IN_MEMORY, MOST_MIB, be_unseen, peak, raised


def main() -> None:
    """Search, with everything instrumented that is loaded on the way."""
    door, told = DOORS[sys.argv[1]], os.dup(2)
    seeds = inputs_for(door)

    def enter(data: bytes) -> None:
        before = peak()
        error = raised(door, data)
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
    os.dup2(told, 2)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        os.chdir(folder)
        with atheris.instrument_imports(include=["pop3spy"]):
            atheris.Setup(["fuzz", *sys.argv[2:]], enter, custom_mutator=change)
            atheris.Fuzz()


if __name__ == "__main__":
    main()
