"""What of a text that a person typed, or wrote into a file, may be told again."""

import re
from typing import Final

from pop3spy.protocol.text import MASK

_VERB: Final = r"""(?ix) \b ( (?: PASS | RPOP | APOP \s+ [^\s/]+ | AUTH \s+ [\w-]+ )
        (?: [ \t]+ | \\t | \\s[+*]? | \\x(?:09|20) ) )"""
_LOGIN: Final = re.compile(_VERB + r"""(?! when\b) ( [^/|,;"']+ )""")
"""A command that logs in, and what stands behind it: to the end of a part of a rewrite."""
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
    return _LOGIN.sub(_hidden, text)


def _hidden(match: re.Match[str]) -> str:
    return match[0] if _asked_for(match) else f"{match[1]}{MASK}"


def _asked_for(match: re.Match[str], start: int = 0) -> bool:
    """Return whether a verb is what a filter asks for, in a text that begins at *start*."""
    asked = _ASKED_FOR.search(match.string, start, match.start())
    return asked is not None and _GOES_ON.match(match.string, match.end(1)) is not None
