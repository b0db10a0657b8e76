"""What text is compared with: globs, and regular expressions that cannot hang.

Rules: 1. case does not matter; 2. whatever an expression and a line are, judging takes a few
milliseconds at most, for it is done between the octets of all sessions.  RE2 sees to that: it walks
over a line once, whatever the expression, so there is nothing to go back to; and an expression that
becomes too large a program for that is refused.
"""

import re
from collections.abc import Callable
from typing import Final, Protocol

from pop3spy.protocol.text import escape

_LARGEST: Final = 400
"""Instructions of RE2's: with so many, a line of 16 KiB takes 2 ms at worst."""

Matches = Callable[[str], object]
"""Whether a line matches: what it returns is true or false."""


class Found(Protocol):
    """What an expression found in a line."""

    def start(self) -> int:
        """Return where it begins."""

    def end(self) -> int:
        """Return where it ends."""

    def __getitem__(self, group: int) -> str | None:
        """Return what a group of the expression found."""


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


class RegularExpression:
    """Finds *text* in a line; *groups* is how many groups it has.

    Raise ValueError if it is none, or too large.
    """

    def __init__(self, text: str) -> None:
        import re2  # noqa: PLC0415 - loading takes 10 ms, and most filters have no expression

        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        try:
            self._compiled = re2.compile(text, options)
        except re2.error as error:
            (problem,) = error.args
            words = problem.decode("utf-8", "replace") if isinstance(problem, bytes) else problem
            raise ValueError(f"this is no regular expression of RE2: {escape(words)}") from None
        except UnicodeEncodeError:
            raise ValueError("this is no regular expression: it holds half a character") from None
        if self._compiled.programsize > _LARGEST:
            raise ValueError("this is too large to be judged quickly: use smaller {n,m}")
        self.groups: int = self._compiled.groups

    def __call__(self, line: str) -> Found | None:
        """Return what is found first in *line*."""
        found: Found | None = self._compiled.search(line)
        return found
