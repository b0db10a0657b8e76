"""What an OAuth error says that a server sends as base64 JSON (RFC 7628, section 3.2.2)."""

import json
from typing import Final

from pop3spy.protocol import sasl
from pop3spy.protocol.text import show

_NOT_TAKEN: Final = (
    "the token has run out, was taken back, or is for somebody or something else; get a new one"
)
_WRONG_SCOPE: Final = "the token is good, but does not allow this; ask for one with the right scope"
_WRONG_FORM: Final = "the message is not made as the server wants it; user or token may be wrong"
_MEANINGS: Final = {
    "invalid_token": _NOT_TAKEN,
    "insufficient_scope": _WRONG_SCOPE,
    "invalid_request": _WRONG_FORM,
    "400": _WRONG_FORM,
    "401": _NOT_TAKEN,
    "403": _WRONG_SCOPE,
}
"""What the statuses mean: of RFC 6750, section 3.1, and of XOAUTH2, where they are of HTTP."""
_TOLD: Final = ("status", "schemes", "scope", "openid-configuration")


def explain_oauth_error(word: bytes) -> str | None:
    """Return the line for an error that *word* has in base64, None if it has none."""
    try:
        said = json.loads(sasl.decode(word) or b"")
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or "status" not in said:
        return None
    told = [f"{name} {_shown(said[name])}" for name in _TOLD if name in said]
    meaning = _MEANINGS.get(str(said["status"]).lower())
    return f"an OAuth error: {', '.join(told)}" + (f"; {meaning}" if meaning else "")


def _shown(value: object) -> str:
    return show(str(value).encode("utf-8", "backslashreplace"))
