"""What of a text that a person typed, or wrote into a file, may be told again."""

import re
from typing import Final

from pop3spy.protocol.text import MASK

_LOGIN: Final = re.compile(
    r"""(?ix) \b ( (?: PASS | RPOP | APOP \s+ [^\s/]+ | AUTH \s+ [\w-]+ )
        (?: [ \t]+ | \\t | \\s[+*]? | \\x(?:09|20) ) ) (?! when\b) ( [^/|,;"']+ )"""
)
"""A command that logs in, and what stands behind it: to the end of a part of a rewrite."""


def without_logins(text: str) -> str:
    """Return *text* with the mask in place of what stands behind ``PASS``, ``AUTH`` and ``APOP``.

    A fault or a rewrite may hold such a line, and so may a mistake in one.
    """
    return _LOGIN.sub(rf"\1{MASK}", text)
