"""What servers are known to say when they refuse a login, and what they mean by it: one table.

Rules: 1. a text is compared without regard to case and without its response code; 2. the first row
that fits speaks, so a specific one stands above a general one; 3. where a text leaves open which of
several causes it was, its row says all of them and leads to ``login-failed``.

Nearly all of them are known from people's reports, and wording changes without notice.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pop3spy.protocol.frames import StatusLine
from pop3spy.protocol.text import decode_text

LONGEST: Final = 512
"""Characters of a text that are compared (RFC 2449, section 4)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row.

    ``texts`` are what a refusal of the kind holds, one of them, each beginning at the beginning of
    a word; ``*`` is any text.  With ``beside`` one of those is there as well, in any place; with
    ``alone`` there is nothing else.  ``who`` is known to say so, ``means`` is what it means, in
    words that follow a colon, and ``finding`` is the id of what is raised.
    """

    texts: tuple[str, ...]
    who: str
    means: str
    finding: str
    beside: tuple[str, ...] = ()
    alone: bool = False

    def fits(self, text: str) -> bool:
        """Return whether *text*, in small letters, is one of these."""
        if self.alone:
            return text.strip(" .!") in self.texts
        if not begins_in(text, self.texts):
            return False
        return not self.beside or begins_in(text, self.beside)


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(r"(?<![a-z0-9])" + ".*".join(map(re.escape, text.split("*"))))


def begins_in(text: str, wanted: tuple[str, ...]) -> bool:
    """Return whether one of those *wanted* begins with a word of *text*, in small letters."""
    return any(_pattern(one).search(text) for one in wanted)


_TLS_WORDS: Final = (
    *("tls", "ssl", "stls", "starttls", "encryption", "encrypted connection"),
    *("encrypted session", "secure connection", "plaintext", "plain text", "cleartext"),
    *("clear text", "under a layer"),
)
_DEMANDS: Final = (
    *("require", "must", "need", "first", "only", "before", "disallow", "not allowed"),
    *("not permitted", "disabled", "forbidden"),
)
_TLS_FIRST: Final = "the server wants TLS before any login, and has not looked at the password"
_NOT_THE_NORMAL: Final = "the provider takes no normal password here, only an app password or OAuth"
_POP_OFF: Final = "POP is switched off for this mailbox, and the password is not the problem"
_NO_PASSWORDS: Final = "the service takes no passwords from mail programs any more, only OAuth"
_LOCKED: Final = "the password was right, and another session has the maildrop open"
_TOO_OFTEN: Final = "the last login was too short a time ago"
_AT_PROXY: Final = "a proxy in front of the mail server could not log in there"
PROXY_WORDS: Final = (
    *("re-authenticat", "reauthenticat", "proxy", "backend", "back-end", "back end", "upstream"),
    "remote server",
)
"""What a refusal holds that is a proxy's and not the mail server's."""

# fmt: off
REFUSALS: Final = (
    # texts, who says so, what it means, what is raised
    Refusal(("must be one of",), "perdition", "it has no such command, only those that it names", "login-failed"),
    Refusal(_TLS_WORDS, "Dovecot, Cyrus and others", _TLS_FIRST, "tls-required", beside=_DEMANDS),
    Refusal(("application-specific password required", "web login required"), "Google", _NOT_THE_NORMAL, "app-password-needed"),
    Refusal(("application password is required", "aplication password is required", "parol prilozheniya"), "mail.ru", _NOT_THE_NORMAL, "app-password-needed"),
    Refusal(("app password", "app-specific password"), "Yahoo, AOL, iCloud, Zoho", _NOT_THE_NORMAL, "app-password-needed", beside=("required", "use ", "generate")),
    Refusal(("not enabled for pop",), "Gmail, Yahoo", _POP_OFF, "pop-disabled"),
    Refusal(("enable pop", "enable your account for pop"), "several providers", _POP_OFF, "pop-disabled"),
    Refusal(("login failure or pop3 disabled",), "Yandex", "the password is wrong, or POP3 is switched off, or an app password is needed; the server does not tell which", "login-failed"),
    Refusal(("pop3 is disabled", "pop is disabled", "pop3 access * disabled", "pop access * disabled", "pop3 service * not open"), "several providers", _POP_OFF, "pop-disabled"),
    Refusal(("basic authentication is disabled", "basicauthblocked"), "Microsoft", _NO_PASSWORDS, "basic-auth-retired"),
    Refusal(("logon failure: unknown user name or bad password",), "Exchange", "Exchange says so for any reason; Microsoft's own services take no passwords any more", "login-failed"),
    Refusal(("authentication failure: unknown user name or bad password",), "Exchange Online behind a token", "this says nothing of a password: a token was refused without a reason", "oauth-refused-no-reason"),
    Refusal(("protocol error. connection is closed. 10",), "Exchange Online", "the line of AUTH, or the token in it, is too long for the server", "sasl-initial-response-too-long"),
    Refusal(("username and password not accepted",), "Google", "the password is wrong, or it is the app password of another account", "login-failed"),
    Refusal(("incorrect username or password",), "Yahoo, AOL", "the password is wrong, or the account's own where an app password is needed", "login-failed", beside=("#mbr",)),
    Refusal(("account is abnormal, service is not open, password is incorrect",), "QQ", "any of what it lists; POP has to be switched on in the account, and its authorisation code is the password", "login-failed"),
    Refusal(("authentication failed",), "GMX, WEB.DE and many others", "at GMX and WEB.DE this may also mean that POP3 access is switched off in the account", "login-failed", alone=True),
    Refusal(("already locked", "lock busy", "mailbox is locked", "mailbox in use", "unable to lock", "another session", "another pop3 session"), "many servers", _LOCKED, "in-use"),
    Refusal(("minutes apart", "minutes between", "seconds between", "too frequent", "too often", "too many logins", "login frequency limited", "frequency limited"), "WEB.DE and others", _TOO_OFTEN, "login-delay-refused"),
    Refusal(PROXY_WORDS, "perdition, nginx and other proxies", _AT_PROXY, "login-failed-at-proxy"),
)
# fmt: on
"""Every text there is a row for, the specific ones first."""


UNKNOWN_COMMAND: Final = (
    *("unknown command", "invalid command", "command not recognized", "command not understood"),
    *("command not implemented", "bad command", "the command must be one of"),
)
"""How servers say that they have no such command."""

UNSUPPORTED: Final = (
    *UNKNOWN_COMMAND,
    *("unknown mechanism", "unknown authentication", "unrecognized", "unrecognised"),
    *("not recognized", "not recognised", "not implemented", "unimplemented", "unsupported"),
    *("not supported", "no such command"),
)
"""How servers say that they do not know what was asked for."""

_NOT_THE_NAME: Final = (
    *_TLS_WORDS,
    *UNKNOWN_COMMAND,
    *("delay", "wait", "later", "temporar", "try again", "busy", "system", "unavailable"),
    *("disabled", "not allowed", "not supported", "not permitted", "state", "already", "internal"),
    *("error", "locked", "syntax", "usage", "argument", "too many", "too much", "limit", "rate"),
    *("denied", "blocked", "rejected", "closed", "closing", "shut"),
)
"""What the refusal of a USER holds that is not about the name."""

_CODE: Final = re.compile(r"\s*\[[^\]\s]+\]")
_STATUS: Final = re.compile(r"\s*-err\b")


def without_code(text: str) -> str:
    """Return the text of a refusal as the table has it: no status, no code, in small letters."""
    small = text[:LONGEST].casefold()
    if status := _STATUS.match(small):
        small = small[status.end() :]
    if code := _CODE.match(small):
        small = small[code.end() :]
    return small.strip()


def refusal_of(text: str) -> Refusal | None:
    """Return the row that *text*, a refusal with or without ``-ERR`` and its code, is known by."""
    small = without_code(text)
    return next((row for row in REFUSALS if row.fits(small)), None)


def known_refusal(status: StatusLine) -> Refusal | None:
    """Return the row that the text of *status* is known by."""
    return refusal_of(_text(status))


def means(status: StatusLine, finding: str) -> bool:
    """Return whether the text of *status* is one that leads to *finding*."""
    row = known_refusal(status)
    return row is not None and row.finding == finding


def has_one_of(status: StatusLine, texts: tuple[str, ...]) -> bool:
    """Return whether the text of *status* holds one of *texts*, at the beginning of a word."""
    return begins_in(without_code(_text(status)), texts)


def blames_name(status: StatusLine) -> bool:
    """Return whether ``-ERR`` to USER is about the name, as far as its text tells."""
    if status.ok or status.code is not None or known_refusal(status) is not None:
        return False
    return not has_one_of(status, _NOT_THE_NAME)


def _text(status: StatusLine) -> str:
    return decode_text(status.text)
