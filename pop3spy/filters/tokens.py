"""Filter expressions as text: their words and signs, and where in them a mistake is."""

import re
from dataclasses import dataclass
from typing import Final

from pop3spy.protocol.text import escape
from pop3spy.redaction.typed import without_logins

LONGEST: Final = 1000
"""Characters of an expression."""
_AROUND: Final = 60
"""Characters of an expression that are shown on each side of a mistake."""

_SPELLINGS: Final = {"==": "=", "&": "and", "&&": "and", "|": "or", "||": "or", "!": "not"}
_WORDS: Final = frozenset({"and", "or", "not"})
_TOKEN = re.compile(
    r"""\s*(?: (?P<symbol> [<>]=? | ![=~] | ! | ==? | ~ | &&? | \|\|? | [(),] )
      | (?P<quoted> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' )
      | (?P<word> [^\s(),"'~=!<>&|]+ ) )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\([\\\"'])")


class FilterError(ValueError):
    """A mistake, the ``problem``, in a filter expression; ``column`` counts from 1.

    The message is one line; ``pointer`` is two: the expression and a caret below the mistake.
    """

    def __init__(self, text: str, at: int, problem: str) -> None:
        super().__init__(f"column {at + 1}: {problem}")
        self.problem = problem
        self.column = at + 1
        before = escape(text[max(0, at - _AROUND) : at])
        shown = text[max(0, at - _AROUND) : at + _AROUND]
        hidden = without_logins(shown)  # the caret would not stand where the mistake is
        self.pointer = escape(hidden) + (f"\n{' ' * len(before)}^" if hidden == shown else "")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a quoted text or a symbol (``and``, ``or`` and ``not`` too), or the end."""

    kind: str
    text: str
    at: int

    def __str__(self) -> str:
        """Return it as it stands in an expression."""
        if self.kind != "quoted":
            return self.text
        return '"' + self.text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def tokens(text: str) -> list[Token]:
    """Return what *text* is made of; raise FilterError where it is made of nothing known."""
    if len(text) > LONGEST:
        raise FilterError(text, LONGEST, f"this is too long; {LONGEST} characters are the most")
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            quote = re.compile(r"\s*").match(text, at)
            raise FilterError(text, quote.end() if quote else at, "this quote has no end")
        kind = match.lastgroup or ""
        found.append(_token(kind, match[kind], match.start(kind)))
        at = match.end()
    return [*found, Token("end", "", end)]


def _token(kind: str, text: str, at: int) -> Token:
    if kind == "quoted":
        return Token(kind, _ESCAPED.sub(r"\1", text[1:-1]), at)
    if kind == "word" and text.lower() in _WORDS:
        return Token("symbol", text.lower(), at)
    return Token(kind, _SPELLINGS.get(text, text) if kind == "symbol" else text, at)
