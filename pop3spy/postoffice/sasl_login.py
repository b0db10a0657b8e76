"""The AUTH of one client: what it says, until it is let in or refused (RFC 5034, section 4)."""

import base64
from collections.abc import Callable
from typing import Final, Protocol

from pop3spy.postoffice import login
from pop3spy.postoffice.maildrop import OpenMaildrop
from pop3spy.postoffice.phrases import Phrase
from pop3spy.postoffice.refusal import Refused
from pop3spy.session.responder import Answer


class AuthLogin(Protocol):
    """What hears what a client says inside AUTH."""

    def hear(self, line: bytes) -> OpenMaildrop | Answer:
        """Return the maildrop of who has proved to be its user, or ask on; raise Refused."""


class PlainLogin:
    """PLAIN: one message with name and password (RFC 4616)."""

    def __init__(self, users: login.Users, name: str, error: str) -> None:  # noqa: ARG002 - as all
        self._users = users

    def hear(self, line: bytes) -> OpenMaildrop | Answer:
        """Return the maildrop that *line* opens; raise Refused."""
        return login.by_plain(self._users, line)


class BearerLogin:
    """XOAUTH2 and OAUTHBEARER: one message with name and token, which is the user's password.

    With an *error* the refusal of a token begins with a challenge that says it, and whatever is
    answered, -ERR follows (RFC 7628, section 3.2.3).
    """

    def __init__(self, users: login.Users, name: str, error: str) -> None:
        self._users = users
        self._name = name
        self._error = error
        self._refused: Refused | None = None

    def hear(self, line: bytes) -> OpenMaildrop | Answer:
        """Return the maildrop that the token in *line* opens, or ask on; raise Refused."""
        if self._refused:
            raise self._refused
        try:
            return login.by_token(self._users, line, self._name)
        except Refused as refused:
            if refused.phrase is not Phrase.TOKEN_REFUSED or not self._error:
                raise
            self._refused = refused
        return Answer(b"+ " + base64.b64encode(self._error.encode()), asks=True)


MECHANISMS: Final[dict[str, Callable[[login.Users, str, str], AuthLogin]]] = {
    "PLAIN": PlainLogin,
    "XOAUTH2": BearerLogin,
    "OAUTHBEARER": BearerLogin,
}
"""The mechanisms by which the post office can let somebody in."""
