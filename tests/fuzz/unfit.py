"""Doors that are as bad as a door can be, and what is found there: ``python -m fuzz.unfit``."""

import json
import os
import sys

from fuzz.reducing import smallest
from fuzz.trial import MIB, MOST_MIB, Door, tried

INPUTS = (b"good", b"a bad one", b"fine", b"one more, as bad")
_kept: list[bytes] = []


def _raise(data: bytes) -> None:
    if b"bad" in data:
        raise KeyError(data)
    raise ValueError


def _hang(data: bytes) -> None:
    while b"bad" in data:
        pass


def _grow(data: bytes) -> None:
    if b"bad" in data:
        _kept.append(b"x" * (MOST_MIB + 20) * MIB)


def _end(data: bytes) -> None:
    if b"bad" in data:
        os._exit(7)


_DOORS = (
    Door("raises", lambda: INPUTS, _raise, (ValueError,)),
    Door("hangs", lambda: INPUTS, _hang, seconds=0.1),
    Door("grows", lambda: INPUTS, _grow),
    Door("ends", lambda: INPUTS, _end),
    Door("is fit", lambda: INPUTS, len),
)


def main() -> None:
    """Print what was found at each door: how many inputs, and each fault with its smallest."""
    found = {}
    for door in _DOORS:
        tally = tried(door, INPUTS.__getitem__, len(INPUTS))
        faults = {name: smallest(door, data, name).decode() for name, data in tally.faults.items()}
        found[door.name] = [tally.inputs, tally.taken, faults]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
