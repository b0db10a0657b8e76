"""Lines that give a secret away although nobody knows their verb.

That is a login that was mistyped or is another protocol's, ``password=...``, and what has the form
of a token or of the messages inside AUTH.
"""

import re
from typing import Final

from pop3spy.redaction.sasl_login import roughly_decoded

_LOGINS: Final = ("PASS", "RPOP", "APOP", "AUTH", "LOGIN")
_HELO: Final = 2
"""Words that HELO has in SMTP; in POP2 a user and a password stand behind it (RFC 937)."""
_WITHIN: Final = re.compile(rb"PAS|PSW|PWD|PWORD|AUTH|AUTENT|AUHT|LOGIN|LOGON|TOKEN|BEARER|SECRET")
_NAMED: Final = re.compile(
    rb"(?i)(?:pass\w*|pwd|pw|token|bearer|secret|key|pin)[ \t]*[=:]"
    rb"|(?:pass|rpop|apop|auth)[ \t]"  # further behind in the line
)
_TOKEN: Final = re.compile(
    rb"eyJ[\w-]+\.[\w-]+\.[\w.-]*"  # JSON Web Token (RFC 7519)
    rb"|ya29\.[\w.~+/=-]+"  # Google's
    rb"|[\w.~+/!*-]{200,}=*"  # nobody's password (RFC 6750, section 2.1)
)
_MESSAGE: Final = re.compile(rb"[\0\1]|[ ][0-9A-Fa-f]{32,}\Z")
"""What messages of SASL have: fields with NUL or SOH between them, or a digest behind a name."""


def gives_secret(line: bytes) -> bool:
    """Return whether *line*, whose verb nobody knows, gives a secret away by its form."""
    words = line.split()
    if not words:
        return False
    verb = words[0].upper()
    if _WITHIN.search(verb) or _NAMED.search(line) or b"\0" in line:
        return True
    if verb == b"HELO" and len(words) > _HELO:
        return True
    if any(_is_nearly(word, login) for word in _verbs(words) for login in _LOGINS):
        return True
    return any(looks_like_token(word) or _is_message(word) for word in words)


def begins_login(line: bytes) -> bool:
    """Return whether *line*, whose verb nobody knows, is a login that was mistyped.

    Then the next line may be what is missing, as behind ``USR bob`` or ``PASSWORD`` alone.
    """
    return gives_secret(line) or any(_is_nearly(word, "USER") for word in _verbs(line.split()))


def looks_like_token(secret: bytes) -> bool:
    """Return whether *secret* has the form of an OAuth access token: no password has it."""
    return _TOKEN.fullmatch(secret) is not None


def _is_message(word: bytes) -> bool:
    return _MESSAGE.search(roughly_decoded(word)) is not None


def _verbs(words: list[bytes]) -> list[str]:
    """Return what of a line may be its verb, letter by letter: also one that a blank parts."""
    first, second = [*(word.decode("utf-8", "replace").upper() for word in words[:2]), "", ""][:2]
    return [first, second, first + second]


def _is_nearly(word: str, verb: str) -> bool:
    """Return whether *word* is *verb* but for one letter, or for the order of its letters."""
    if word == verb or sorted(word) == sorted(verb):
        return True
    shorter, longer = sorted((word, verb), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    same = 0
    while same < len(shorter) and shorter[same] == longer[same]:
        same += 1
    return shorter[same + (len(shorter) == len(longer)) :] == longer[same + 1 :]
