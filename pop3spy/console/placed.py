"""What octets that are typed stand for, and where in the line each of them is written.

Rule: what cannot be read is taken as it stands; whether it is right is told when it is entered.
"""

import re
from typing import Final

from pop3spy.console.escapes import ESCAPE, octets_of

Placed = list[tuple[str, int]]
"""Characters, and where each begins in the line."""

_PAIR: Final = re.compile(r"(?i)\s*([0-9a-f]{2})")


def unescaped(text: str, start: int) -> Placed:
    """Return what *text* stands for from *start* on, which may have escapes."""
    placed: Placed = []
    at = start
    for found in ESCAPE.finditer(text, start):
        placed += zip(text[at : found.start()], range(at, found.start()), strict=True)
        char = octets_of(found[0]).decode("latin-1") if found[1] else found[0]
        placed.append((char, found.start()))
        at = found.end()
    return placed + list(zip(text[at:], range(at, len(text)), strict=True))


def unhexed(text: str, start: int) -> Placed:
    """Return the octets that *text* has from *start* on in hexadecimal."""
    placed: Placed = []
    while found := _PAIR.match(text, start):
        placed.append((chr(int(found[1], 16)), found.start(1)))
        start = found.end()
    return placed
