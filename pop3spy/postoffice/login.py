"""Who gets which maildrop: the logins of POP3 and what proves a user."""

from collections.abc import Callable, Mapping
from typing import Final

from pop3spy.errors import MaildropError
from pop3spy.postoffice.accounts import Account
from pop3spy.postoffice.maildrop import Maildrop, OpenMaildrop
from pop3spy.postoffice.phrases import Phrase
from pop3spy.postoffice.refusal import Refused, refusal_of
from pop3spy.protocol import sasl

Users = Mapping[bytes, tuple[Account, Maildrop]]
"""Accounts and their maildrops by user name."""

_NOBODY: Final = Account("", "compared with, so that an unknown name takes as long as a known one")


def by_password(users: Users, name: bytes, password: bytes) -> OpenMaildrop:
    """Log in with USER and PASS (RFC 1939, section 7); raise Refused."""
    return _admit(users, name, lambda account: account.takes(password))


def by_digest(users: Users, name: bytes, digest: bytes, timestamp: bytes) -> OpenMaildrop:
    """Log in with APOP (RFC 1939, section 7); raise Refused."""
    return _admit(users, name, lambda account: account.takes_digest(digest, timestamp))


def by_plain(users: Users, line: bytes) -> OpenMaildrop:
    """Log in with a message of SASL PLAIN in base64 (RFC 4616, section 2); raise Refused."""
    message = sasl.decode(line)
    if message is None:
        raise Refused(Phrase.NO_BASE64)
    try:
        identity, name, password = message.split(b"\0")
    except ValueError:
        raise Refused(Phrase.NO_RESPONSE, mechanism="PLAIN") from None
    if identity not in (b"", name):
        raise Refused(Phrase.OTHER_IDENTITY)
    return _admit(users, name, lambda account: account.takes(password))


def by_token(users: Users, line: bytes, mechanism: str) -> OpenMaildrop:
    """Log in with an OAuth token in base64 (RFC 7628, section 3.1); raise Refused.

    Nobody issues tokens here: the one that is taken is the user's password.
    """
    message = sasl.decode(line)
    if message is None:
        raise Refused(Phrase.NO_BASE64)
    said = sasl.MECHANISMS[mechanism].read(message, 0)
    if said.user is None or said.secrets == (message,):
        raise Refused(Phrase.NO_RESPONSE, mechanism=mechanism)
    token = said.secrets[0]
    return _admit(users, said.user, lambda account: account.takes(token), Phrase.TOKEN_REFUSED)


def _admit(
    users: Users,
    name: bytes,
    proves: Callable[[Account], bool],
    refused: Phrase = Phrase.REFUSED,
) -> OpenMaildrop:
    account, place = users.get(name, (_NOBODY, None))
    if not proves(account) or place is None:
        raise Refused(refused)
    try:
        return OpenMaildrop.of(place)
    except (OSError, MaildropError) as error:
        raise refusal_of(error, Phrase.NOT_OPENED) from error
