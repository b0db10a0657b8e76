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


class LinePattern:
    """Finds *text* in a line of a text of several; ``^`` and ``$`` are the ends of its lines.

    Raise ValueError if it is no regular expression, or too large.
    """

    def __init__(self, text: str) -> None:
        RegularExpression(text)  # as it was written, so that an error is about that
        self._expression = RegularExpression(f"(?m){text}")
        self.text = text

    def __eq__(self, other: object) -> bool:
        """Return whether *other* finds the same."""
        return isinstance(other, LinePattern) and self.text == other.text

    def __hash__(self) -> int:
        """Return what equal ones have in common."""
        return hash(self.text)

    def line_in(self, text: str) -> str | None:
        """Return the first line of *text* in which it is found, without its end; None: none."""
        text = text.replace("\r\n", "\n")
        found = self._expression(text)
        if found is None:
            return None
        end = text.find("\n", found.start())
        return text[text.rfind("\n", 0, found.start()) + 1 : end if end >= 0 else len(text)]
