"""Who may ask: a token that is good once, and the cookies that it was exchanged for."""

import secrets
from collections import OrderedDict
from hashlib import sha256
from typing import Final

OCTETS: Final = 32
"""256 bits: nobody guesses that."""
BROWSERS: Final = 16
"""Browsers and programs that are known at a time; the one that came first is forgotten."""


class Tokens:
    """Gives links and takes them back; what is kept of a cookie is its SHA-256."""

    def __init__(self) -> None:
        self._token: bytes | None = None
        self._cookies: OrderedDict[bytes, None] = OrderedDict()

    def new(self) -> str:
        """Return a new token; the one before it is good no more."""
        token = secrets.token_urlsafe(OCTETS)
        self._token = _digest(token)
        return token

    def exchange(self, token: str) -> str | None:
        """Return a cookie for *token*, which is good no more; None if it is none."""
        if self._token is None or not secrets.compare_digest(self._token, _digest(token)):
            return None
        self._token = None
        cookie = secrets.token_urlsafe(OCTETS)
        self._cookies[_digest(cookie)] = None
        while len(self._cookies) > BROWSERS:
            self._cookies.popitem(last=False)
        return cookie

    def knows(self, cookie: str) -> bool:
        """Return whether *cookie* was given here."""
        given = _digest(cookie)
        return any([secrets.compare_digest(given, known) for known in self._cookies])  # noqa: C419 - all of them, for as long as ever


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
