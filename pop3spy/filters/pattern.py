"""What text is compared with: globs, and regular expressions that cannot hang.

Rules: 1. case does not matter; 2. a regular expression looks at the first 512 characters of a line,
which is as long as RFC 2449 lets a line be; 3. one that may go back too often is refused.  Python
tries every way in which the repetitions and alternatives of an expression can share out the text,
so what is counted is how many ways there may be; a repeated group would have no such bound.
"""

import math
import re
import warnings
from collections.abc import Callable
from typing import Final

from pop3spy.protocol.text import escape

LOOKED_AT: Final = 512
"""Characters of a line that a regular expression is tried on."""
_MOST_STEPS: Final = 100_000_000
"""Two repetitions and a few alternatives: a second for the worst expression and line."""
_MOST_GROUPS: Final = 20

_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}|.", re.DOTALL)

Matches = Callable[[str], object]
"""Whether a line matches: what it returns is true or false."""


def glob(text: str) -> Matches:
    """Return what matches *text*, in which ``*`` is any text and ``?`` any one character.

    What stands between two ``*`` is looked for once, so no text takes long.
    """
    first, *rest = (".".join(map(re.escape, part.split("?"))) for part in text.split("*"))
    *middle, last = rest or [""]
    found = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(
        first + found + (f".*{last}" if rest else ""), re.IGNORECASE | re.DOTALL
    ).fullmatch


def regular_expression(text: str) -> Matches:
    """Return what is true where *text* is found; raise ValueError if it cannot be allowed."""
    _check(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            search = re.compile(text, re.IGNORECASE).search
    except (re.error, Warning, OverflowError) as error:
        words = error.msg if isinstance(error, re.error) else str(error)
        raise ValueError(f"this is no regular expression: {escape(words)}") from None
    return lambda line: search(line, 0, LOOKED_AT)


def _check(text: str) -> None:
    """Refuse what may take long on some text, or what the language does not have."""
    ways, repetitions, before = 1, 0, ""
    groups = [1]  # the alternatives of each group that is open
    for piece in _PIECE.findall(text):
        if problem := _problem(piece, before):
            raise ValueError(problem)
        if piece == "(":
            groups.append(1)
        elif piece == "|":
            groups[-1] += 1
        elif piece == ")" and len(groups) > 1:
            alternatives = groups.pop()
            ways *= alternatives + 1 if alternatives > 1 else 1  # one more: they cost more
        elif piece == "?" and not (_repeats(before) or before == "?"):
            ways *= 3
        elif _repeats(piece) and ("," in piece or piece in "*+"):
            repetitions += 1
        if len(groups) > _MOST_GROUPS:
            raise ValueError("there are too many groups inside one another")
        before = piece
    # However an expression shares out a text, its repetitions begin one behind the other.
    if ways * math.comb(LOOKED_AT + repetitions, repetitions + 1) > _MOST_STEPS:
        raise ValueError("this may take too long on some text: two of * and + are the most")


def _problem(piece: str, before: str) -> str:
    if piece == "?" and before == "(":
        return "(? means nothing here; write ( for a group"
    if piece[0] == "\\" and piece[1:].isdigit() and piece != "\\0":
        return f"{piece} means nothing here: what was found is not looked for again"
    if before == ")" and _repeats(piece):
        return "a group cannot be repeated: that may take for ever on some text"
    return ""


def _repeats(piece: str) -> bool:
    return piece in ("*", "+") or (len(piece) > 1 and piece[0] == "{")
