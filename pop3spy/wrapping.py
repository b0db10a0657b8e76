"""How wide a text is on a terminal, and where it is broken to fit."""

import re
import unicodedata
from typing import Final

_ZERO_WIDTH: Final = frozenset({"Mn", "Me"})
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]")


def columns(text: str) -> int:
    """Return how many columns of a terminal *text* takes."""
    if text.isascii():
        return len(text)
    return len(text) + sum(columns_of(char) - 1 for char in _BEYOND_ASCII.findall(text))


def columns_of(char: str) -> int:
    """Return how many columns of a terminal *char* takes."""
    if unicodedata.category(char) in _ZERO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrapped(text: str, first: int, rest: int) -> list[str]:
    """Return *text* in lines: the first has *first* columns, the others *rest*.

    It is broken at blanks, and a word that is too long wherever the line ends.
    """
    lines: list[str] = []
    room = max(1, first)
    while (end := len(fitting(text, room))) < len(text):
        blank = text.rfind(" ", 1, end + 1)
        stop = blank if blank > end // 2 else end
        lines.append(text[:stop].rstrip(" "))
        text = text[stop:].lstrip(" ")
        room = max(1, rest)
    return [*lines, text] if text or not lines else lines


def fitting(text: str, room: int) -> str:
    """Return as much of *text* as fits into *room*: at least a character."""
    if text.isascii():
        return text[:room]
    used = 0
    for index, char in enumerate(text):
        used += columns_of(char)
        if (used > room or index > 2 * room) and index:  # so many marks on one letter are no text
            return text[:index]
    return text
