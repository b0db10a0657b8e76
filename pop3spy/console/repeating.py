"""What of a line that was typed is told again: nothing that was hidden while it was typed."""

import re

from pop3spy.protocol.text import MASK
from pop3spy.redaction.typed import login_in


def without_login(text: str) -> str:
    """Return *text* with the mask in place of what stands behind ``PASS`` and the like, to its end.

    A comma or a quote may be part of a password.
    """
    return masked(text, login_in(text))


def masked(text: str, start: int | None) -> str:
    """Return *text* with the mask in place of what begins at *start*, if anything does."""
    return text if start is None else f"{text[:start]}{MASK}"


def unrepeated(message: str, secret: str) -> str:
    """Return *message* with the mask in place of each word that it has from *secret*."""
    words = sorted(set(re.findall(r"[^\s'\"]+", secret)), key=len, reverse=True)
    for word in words:
        message = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", MASK, message)
    return message
