"""The settings that faults have, and how they are read.

Whatever reads one raises ValueError with what would be right.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pop3spy.filters.units import octets_of, seconds_of

MOST_NOISE = 1 << 20
"""Octets that are kept in memory at once, and judged in one turn of the loop."""


@dataclass(frozen=True, slots=True)
class FaultParam:
    """A setting of a fault: its default as a person would write it, and how it is read.

    ``read`` raises ValueError with what would be right.
    """

    name: str
    default: str
    read: Callable[[str], Any]


def at_least_one(text: str) -> int:
    """Read a size that is not 0."""
    if not (number := octets_of(text)):
        raise ValueError("0 is too little")
    return number


def noise(text: str) -> int:
    """Read how many octets are made at once."""
    if (number := at_least_one(text)) > MOST_NOISE:
        raise ValueError("1M is the most")
    return number


def duration(text: str) -> float:
    """Read how many seconds something lasts, which may be ``forever``."""
    return math.inf if text.lower() == "forever" else seconds_of(text)


def difference(text: str) -> int:
    """Read a size with its sign."""
    number = octets_of(text.lstrip("+-"))
    return -number if text.startswith("-") else number


def line(text: str) -> bytes:
    """Read a line of the wire, and give it its end."""
    if not text.isprintable():
        raise ValueError("a line holds no control characters")
    return text.encode() + b"\r\n"


def suffix(text: str) -> bytes:
    """Read what may be a part of a unique-id."""
    word = text.encode()
    if not re.fullmatch(rb"[\x21-\x7e]{1,69}", word):
        raise ValueError("a unique-id has at most 70 printable ASCII characters and no blanks")
    return word


def names(text: str) -> tuple[bytes, ...]:
    """Read a list, with commas between its items."""
    items = tuple(item.strip() for item in text.split(",") if item.strip())
    if not all(item.isprintable() for item in items):
        raise ValueError("a capability holds no control characters")
    return tuple(item.encode() for item in items)
