"""What of a text that a person typed, or wrote into a file, may be told again."""

import re
from typing import Final

from pop3spy.protocol.text import MASK

_VERB: Final = r"""(?ix) \b ( (?: PASS | RPOP | APOP \s+ [^\s/]+ | AUTH \s+ [\w-]+ )
        (?: [ \t]+ | \\t | \\s[+*]? | \\x(?:09|20) ) )"""
_LOGIN: Final = re.compile(_VERB + r"""(?! when\b) (?= . )""")
"""A command that logs in, with something behind it."""
_OPENING: Final = re.compile(r"""(?x) \\. | (?P<quote> ["'] ) | \bs(?P<slash> [^\w\s"'] )""")
"""What may enclose a part of a fault or a rewrite: quotes, or the sign behind ``s``."""
_LOGIN_IN_LINE: Final = re.compile(_VERB + r"(?= [^ \t] )")  # other blanks begin a password
_ASKED_FOR: Final = re.compile(r"(?i)\bverb\s*!?=\s*(?:\w+\s*,\s*)*\Z")
_GOES_ON: Final = re.compile(r"(?i)(?:and|or|when)\b|(?:a|an|o|w|wh|whe)\Z|[,)]")
"""What follows a verb that a filter asks for, or the beginning of that."""


def login_in(text: str, start: int = 0) -> int | None:
    """Return where in *text*, from *start* on, a secret begins behind ``PASS`` and the like.

    The verb alone may be asked for, as in ``verb = PASS and err``.
    """
    for match in _LOGIN_IN_LINE.finditer(text, start):
        if not _asked_for(match, start):
            return match.end()
    return None


def without_login(text: str) -> str:
    """Return *text* with the mask in place of what stands behind ``PASS`` and the like, to its end.

    A comma or a quote may be part of a password.
    """
    start = login_in(text)
    return text if start is None else f"{text[:start]}{MASK}"


def without_logins(text: str) -> str:
    """Return *text* with the mask in place of what stands behind ``PASS``, ``AUTH`` and ``APOP``.

    A fault or a rewrite may hold such a line, and so may a mistake in one.
    """
    pieces: list[str] = []
    at = 0
    while (match := _LOGIN.search(text, at)) is not None:
        start = match.end()
        end = start if _asked_for(match) else _end_of_part(text, start)
        pieces += [text[at:start], MASK if end > start else ""]
        at = end
    return "".join(pieces) + text[at:]


def _end_of_part(text: str, start: int) -> int:
    """Return where the part ends in which *start* is: a comma may belong to a password there."""
    quote = slash = ""
    for opening in _OPENING.finditer(text, 0, start):
        if opening["quote"]:
            quote = "" if opening["quote"] == quote else quote or opening["quote"]
            slash = ""
        else:
            slash = opening["slash"] or slash
    ends = re.escape(slash or quote) if slash or quote else r"""[/|,;"']"""
    found = re.compile(rf"(?:\\.|(?!{ends}).)*", re.DOTALL).match(text, start)
    return found.end() if found else len(text)


def _asked_for(match: re.Match[str], start: int = 0) -> bool:
    """Return whether a verb is what a filter asks for, in a text that begins at *start*."""
    asked = _ASKED_FOR.search(match.string, start, match.start())
    return asked is not None and _GOES_ON.match(match.string, match.end(1)) is not None
