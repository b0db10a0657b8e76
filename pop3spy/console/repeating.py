"""What of a line that was typed may stand in a message about it."""

import re

from pop3spy.protocol.text import MASK


def unrepeated(message: str, secret: str) -> str:
    """Return *message* with the mask in place of each word that it has from *secret*."""
    words = sorted(set(re.findall(r"[^\s'\"]+", secret)), key=len, reverse=True)
    for word in words:
        message = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", MASK, message)
    return message
