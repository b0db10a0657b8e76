"""The smallest part of an input that still shows a fault."""

import time
from hashlib import sha256
from pathlib import Path

from fuzz.trial import Door, fault_of

FOLDER = Path(".fuzz")
"""Where inputs with faults are written."""
_PATIENCE = 60.0
"""Seconds that may go by; what is left is small enough by then, or slow."""


def smallest(door: Door, data: bytes, fault: str) -> bytes:
    """Return *data* without what *fault* does not need; all, if it does not fail alone."""
    if fault not in fault_of(door, data):
        return data
    end = time.monotonic() + _PATIENCE
    size = max(1, len(data) // 2)
    while time.monotonic() < end:
        at = shortened = 0
        while at < len(data) and time.monotonic() < end:
            shorter = data[:at] + data[at + size :]
            if fault in fault_of(door, shorter):
                data, shortened = shorter, 1
            else:
                at += size
        if size == 1 and not shortened:
            break
        size = max(1, size // 2)
    return data


def reduced(door: Door, data: bytes, fault: str) -> str:
    """Write the smallest part of *data* that shows *fault* to a file; return what to tell of it."""
    small = smallest(door, data, fault)
    file = FOLDER / f"{door.name.replace(' ', '-')}-{sha256(fault.encode()).hexdigest()[:8]}"
    FOLDER.mkdir(exist_ok=True)
    file.write_bytes(small)
    return f"    {fault}\n    {file}: {small[:300]!r}"
