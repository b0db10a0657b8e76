"""Amounts as people write them: ``200ms``, ``1MB``."""

from typing import Final

_TIMES: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZES: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_MOST: Final = 9
"""Digits that are enough for any count or size."""


def seconds_of(text: str) -> float:
    """Return how many seconds *text* is; raise ValueError with what would be right."""
    text = text.strip()
    number = text.rstrip("msh")
    try:
        seconds = float(number) * _TIMES[text[len(number) :] or "s"]
    except (ValueError, KeyError):
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{text!r} is no time; write seconds, or 500ms, 30s, 10m, 1h")
    return seconds


def count_of(text: str) -> int:
    """Return the number that *text* is; raise ValueError with what would be right."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST:
        raise ValueError(f"{text!r} is no count; write a number from 0 up")
    return int(text)


def octets_of(text: str) -> int:
    """Return how many octets *text* is; raise ValueError with what would be right."""
    plain = text.strip().lower().removesuffix("b").removesuffix("i")
    number = plain.rstrip("kmg")
    unit = plain[len(number) :]
    if not (number.isascii() and number.isdigit()) or len(number) > _MOST or unit not in _SIZES:
        raise ValueError(f"{text!r} is no size; write octets, or 500K, 10M, 1G")
    return int(number) * _SIZES[unit]
