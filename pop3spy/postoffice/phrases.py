"""Everything that the post office can have to say, as one table.

Rules: 1. what a reply says is looked up here, and stands nowhere else; 2. a text is what
stands behind ``+OK`` or ``-ERR``, its response code included; 3. no text repeats what a client
said, because anything may be a password: of a command it names the row of the command table.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


@dataclass(frozen=True, slots=True, eq=False)
class PhraseRow:
    """One phrase: whether it is ``ok``, its ``text``, and the ``facts`` that a text may name.

    Clients read numbers out of some replies: a text must begin with what ``begins`` says.
    """

    ok: bool
    text: str
    facts: tuple[str, ...] = ()
    begins: str = ""


_DROP: Final = ("count", "octets", "messages", "size")
_ONE: Final = ("number", "octets", "uid")


class Phrase(Enum):
    """One row each, with the text that the post office has of its own."""

    # fmt: off
    GREETING = PhraseRow(True, "pop3spy post office ready {timestamp}", ("timestamp", "host", "session"))
    USER = PhraseRow(True, "now the password")
    PASS = PhraseRow(True, "maildrop has {messages} ({size})", _DROP)
    APOP = PhraseRow(True, "maildrop has {messages} ({size})", _DROP)
    AUTH = PhraseRow(True, "maildrop has {messages} ({size})", _DROP)
    MECHANISMS = PhraseRow(True, "mechanisms follow")
    CAPA = PhraseRow(True, "capabilities follow")
    STLS = PhraseRow(True, "begin TLS")
    STAT = PhraseRow(True, "{count} {octets}", _DROP, "{count} {octets}")
    LIST = PhraseRow(True, "{messages} ({size})", _DROP)
    LIST_ONE = PhraseRow(True, "{number} {octets}", _ONE, "{number} {octets}")
    UIDL = PhraseRow(True, "unique-ids follow", _DROP)
    UIDL_ONE = PhraseRow(True, "{number} {uid}", _ONE, "{number} {uid}")
    RETR = PhraseRow(True, "{octets} octets", _ONE)
    TOP = PhraseRow(True, "top of message follows", _ONE)
    DELE = PhraseRow(True, "message {number} deleted", _ONE)
    RSET = PhraseRow(True, "maildrop has {messages} ({size})", _DROP)
    NOOP = PhraseRow(True, "")
    QUIT = PhraseRow(True, "good bye ({left})", ("left", *_DROP))
    QUIT_EARLY = PhraseRow(True, "good bye")  # before login

    UNKNOWN_COMMAND = PhraseRow(False, "unknown command")
    NOT_AVAILABLE = PhraseRow(False, "{command} is not available here", ("command",))
    NOT_AVAILABLE_EARLY = PhraseRow(False, "{command} is not available here", ("command",))  # before login
    TLS_ACTIVE = PhraseRow(False, "{command} is not available here", ("command",))  # STLS inside TLS
    LOGGED_IN = PhraseRow(False, "{command} is for before login, and you are logged in", ("command",))
    USER_FIRST = PhraseRow(False, "{command} must follow USER", ("command",))
    BEFORE_PASS = PhraseRow(False, "{command} cannot come between USER and PASS", ("command",))
    LOGIN_FIRST = PhraseRow(False, "{command} needs a login first", ("command",))
    OVER = PhraseRow(False, "{command} cannot be used any more", ("command",))
    TOO_LONG = PhraseRow(False, "this line is too long")
    TOO_FEW = PhraseRow(False, "too few arguments: {usage}", ("command", "usage"))
    TOO_MANY = PhraseRow(False, "too many arguments: {usage}", ("command", "usage"))
    NO_NUMBER = PhraseRow(False, "a message number must be digits")
    NO_LINES = PhraseRow(False, "the number of lines must be digits")
    NO_MESSAGE = PhraseRow(False, "no such message, only {messages} in maildrop", ("number", "count", "messages"))
    DELETED = PhraseRow(False, "message {number} already deleted", ("number",))
    UNREADABLE = PhraseRow(False, "[SYS/TEMP] message {number} cannot be read any more", ("number",))
    REFUSED = PhraseRow(False, "[AUTH] user name and password do not match")
    TOKEN_REFUSED = PhraseRow(False, "[AUTH] user name and token do not match")
    OTHER_IDENTITY = PhraseRow(False, "[AUTH] nobody may act for somebody else here")
    LAST_REFUSED = PhraseRow(False, "{refused}; {most} logins have failed, good bye", ("refused", "most"))
    NO_MECHANISM = PhraseRow(False, "that mechanism is not available, only {mechanisms} is", ("mechanisms",))
    NO_BASE64 = PhraseRow(False, "response is not base64")
    NO_RESPONSE = PhraseRow(False, "response is not a {mechanism} message", ("mechanism",))
    CANCELLED = PhraseRow(False, "authentication cancelled")
    NO_AUTH = PhraseRow(False, "no AUTH has begun")
    IN_USE = PhraseRow(False, "[IN-USE] {why}", ("why",))
    NOT_OPENED = PhraseRow(False, "[{code}] the maildrop cannot be opened", ("code",))
    NOT_REMOVED = PhraseRow(False, "[{code}] some deleted messages not removed", ("code",))
    NOT_OPEN = PhraseRow(False, "no maildrop is open")
    # fmt: on

    @property
    def key(self) -> str:
        """How a file names it: ``login-first``."""
        return self.name.lower().replace("_", "-")


CREDENTIALS: Final = (Phrase.REFUSED, Phrase.TOKEN_REFUSED, Phrase.OTHER_IDENTITY)
"""What is said of credentials that prove nothing (RFC 3206, section 5: [AUTH])."""

BY_KEY: Final = {phrase.key: phrase for phrase in Phrase}
"""Every phrase by the name that a file gives it."""
