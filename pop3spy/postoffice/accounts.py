"""Who may log in: users and passwords.

Rule: no message here ever holds a password, or anything else a user's entry has for a value.
"""

import difflib
import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pop3spy.errors import ConfigError
from pop3spy.protocol.text import escape

_KEYS = ("password", "mailbox")
_UNSENDABLE = "\r\n\0"


@dataclass(frozen=True, slots=True)
class Account:
    """One user; without a ``mailbox`` of their own they get the post office's."""

    name: str
    password: str = field(repr=False)
    mailbox: Path | None = None

    def takes(self, password: bytes) -> bool:
        """Return whether this is the password, octet by octet in UTF-8."""
        return hmac.compare_digest(self.password.encode(), password)

    def takes_digest(self, digest: bytes, timestamp: bytes) -> bool:
        """Return whether *digest* is APOP's, in lower case (RFC 1939, section 7)."""
        text = timestamp + self.password.encode()
        own = hashlib.md5(text, usedforsecurity=False).hexdigest()  # what the standard asks for
        return hmac.compare_digest(own.encode(), digest)


DEMO_ACCOUNTS: Final = (Account("demo", "demo"),)
"""Who there is when no users are given."""


def accounts_from(data: object, where: str) -> tuple[Account, ...]:
    """Read users as YAML has them: ``bob: secret`` or ``bob: {password: secret, mailbox: path}``.

    *data* is the loaded document, *where* the name of its file.  A relative mailbox stays as it
    is written.  Raise ConfigError with one line that names file, user and key.
    """
    if not isinstance(data, dict) or not data:
        raise ConfigError(f"{where}: must map user names to passwords, like `bob: secret`")
    return tuple(_account(name, entry, where) for name, entry in data.items())


def _account(name: object, entry: object, where: str) -> Account:
    if not isinstance(name, str):
        raise ConfigError(f"{where}: a user name is no text: put it in quotes")
    at = f"{where}: {escape(name)}"
    if not name or not _encodes(name) or any(char.isspace() or char == "\0" for char in name):
        raise ConfigError(f"{at}: a user name cannot be empty or hold blanks: USER cannot send it")
    if not isinstance(entry, dict):
        return Account(name, _password(entry, at))
    for key in entry:
        if key not in _KEYS:
            raise ConfigError(f"{at}: {_unknown(key)}")
    password = _password(entry.get("password"), f"{at}: password")
    mailbox = entry.get("mailbox")
    if mailbox is not None and (not isinstance(mailbox, str) or not mailbox):
        raise ConfigError(f"{at}: mailbox: must be a path")
    return Account(name, password, Path(mailbox) if mailbox else None)


def _password(value: object, at: str) -> str:
    if value is None or value == "":
        raise ConfigError(f"{at}: there must be a password")
    if not isinstance(value, str):
        raise ConfigError(f"{at}: the password must be text: put it in quotes")
    if not _encodes(value) or any(char in value for char in _UNSENDABLE):
        raise ConfigError(f"{at}: the password holds a line end or NUL, which no client can send")
    return value


def _unknown(key: object) -> str:
    """Say that a key is not known without repeating it: in ``{secret}`` it is a password."""
    near = difflib.get_close_matches(str(key), _KEYS, n=1, cutoff=0.5)
    known = " and ".join(_KEYS)
    return f"there is a key other than {known}" + (f"; did you mean {near[0]}?" if near else "")


def _encodes(text: str) -> bool:
    """Return whether *text* can be sent: an escape in YAML may make half a character."""
    return not any("\ud800" <= char <= "\udfff" for char in text)
