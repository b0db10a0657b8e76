"""The facts about secrets, as one table: nothing else may be told of what is hidden.

Rules: 1. a fact is a word, a truth or a bounded number, and nobody can make the secret of it; 2.
what cannot be known, of a line that was cut or of a recording's filler, is not said at all; 3. all
of them may be recorded, and who reads a recording takes these names and values and no others.

``docs/security.md`` prints the table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pop3spy.protocol.commands import COMMANDS
from pop3spy.protocol.facts import Facts, FactValue
from pop3spy.protocol.foreign_verbs import FOREIGN_VERBS


@dataclass(frozen=True, slots=True)
class Values:
    """What a fact may be: true or false, one of some *words*, a number up to *most*, or a text."""

    words: tuple[str, ...] = ()
    most: int = -1
    text: re.Pattern[str] | None = None
    called: str = ""

    def allow(self, value: object) -> bool:
        """Return whether *value* is one of them."""
        if self.words:
            return isinstance(value, str) and value in self.words
        if self.text is not None:
            return isinstance(value, str) and self.text.fullmatch(value) is not None
        if self.most >= 0:
            return type(value) is int and 0 <= value <= self.most
        return isinstance(value, bool)

    def __str__(self) -> str:
        """Return what to say of them to people."""
        return self.called or ", ".join(f"`{word}`" for word in self.words) or "true, false"


@dataclass(frozen=True, slots=True)
class FactKind:
    """One row: a fact, what it may be, whose frames have it, and what it says."""

    name: str
    values: Values
    of: str
    says: str


def _words(*words: str) -> Values:
    return Values(words)


def _text(pattern: str, called: str) -> Values:
    return Values(text=re.compile(pattern), called=called)


KNOWN_SCOPES: Final = (
    *("POP.AccessAsUser.All", "POP.AccessAsApp", "IMAP.AccessAsUser.All", "IMAP.AccessAsApp"),
    *("SMTP.Send", "SMTP.SendAsApp", "EWS.AccessAsUser.All", "full_access_as_app", "Mail.Read"),
    *("Mail.ReadBasic", "Mail.ReadWrite", "Mail.Send", "Mail.Read.Shared"),
    *("Mail.ReadWrite.Shared", "Mail.Send.Shared"),
)
"""Permissions of a token that are told by name; of others nothing is said."""
_SCOPE: Final = "|".join(map(re.escape, KNOWN_SCOPES))
_PLACE: Final = r"[0-9]{1,15}:[0-9]{1,15}"
_FLAG: Final = Values()
_LINE: Final = 16384
_DAY: Final = 1440
_PROTOCOLS: Final = (*dict.fromkeys(row.protocol for row in FOREIGN_VERBS), "Redis", "SSH")
_BASE64: Final = _words("ok", "foreign octet", "padding", "length")
_DIGEST: Final = _words("ok", "upper case", "not hex", "wrong length", "missing", "swapped")

# fmt: off
_ROWS: Final = (
    # name, values, whose frames, what it says
    FactKind("words", Values(most=3, called="0, 1, 2, 3"), "hidden commands", "how many words stand behind the verb, 3 for more; of `PASS` only 0 or 1; of an unknown verb, how many the line has"),
    FactKind("over_255", _FLAG, "commands before login", "the line has more than 255 octets (RFC 2449, section 4)"),
    FactKind("argument_over_40", _FLAG, "the same, but `AUTH`", "an argument has more than 40 octets (RFC 1939, section 3)"),
    FactKind("eight_bit", _FLAG, "the same", "the line has octets beyond ASCII"),
    FactKind("valid_utf8", _FLAG, "the same", "whether these are UTF-8"),
    FactKind("nul", _FLAG, "the same", "the line has a NUL"),
    FactKind("octets", Values(most=_LINE, called="a number"), "`AUTH XOAUTH2`, `OAUTHBEARER`, `GSSAPI`", "how long a line is that has more than 255 octets"),
    FactKind("masked_reason", _words("unknown verb", "surplus words"), "hidden commands", "why a line is hidden that is no login"),
    FactKind("masked_length", _words("up to 8", "up to 40", "up to 255", "more"), "unknown verbs", "how long the line is, if it has more than one word"),
    FactKind("protocol", Values(_PROTOCOLS, called="its name"), "the first command", "whose verb it is, if it is another protocol's"),
    FactKind("unread_verb", Values((*COMMANDS, "a command"), called="a verb, `a command`"), "a line of the client without its end", "what the client left unfinished"),
    FactKind("carries_secret", _FLAG, "logins, SASL lines", "whether a password, a proof or a response was there"),
    FactKind("apop_digest", _DIGEST, "`APOP`", "what form the digest has (RFC 1939, section 7)"),
    FactKind("line_break", _words("user", "password"), "`PASS`, SASL lines", "which field has a CR or LF in it, decoded"),
    FactKind("same_secret", _text(rf"new|{_PLACE}(?: ok| refused)?", "`new`, `3:2`, `3:2 ok`, `3:2 refused`"), "`PASS`, SASL lines", "in which session and exchange this account had the same secret last, and how that ended"),
    FactKind("sasl_word", Values(("*", "empty", "base64", *COMMANDS), called="`*`, `empty`, `base64`, a verb"), "SASL lines", "what the line is"),
    FactKind("base64", _BASE64, "SASL lines, challenges", "whether it is base64, and what is wrong if it is not"),
    FactKind("ntlm_type", _words("1", "3", "other"), "SASL lines of NTLM", "which message it is"),
    FactKind("scram_nonce", _words("begins with", "equal", "differs"), "SCRAM, either side", "how the nonce compares with the one before, of the other side"),
    FactKind("scram_iterations", Values(most=999_999_999, called="a number"), "challenges of SCRAM", "how often a guess has to be hashed"),
    FactKind("bearer_token", _FLAG, "SASL lines of OAuth", "whether a bearer token was there"),
    FactKind("token_form", _words("jwt", "opaque"), "bearer tokens", "whether it is a JSON Web Token; all below is what one says, and nobody has checked its signature"),
    FactKind("token_over_4096", _FLAG, "bearer tokens", "whether it has more than 4,096 characters"),
    FactKind("token_issuer", _words("microsoft", "google", "other"), "bearer tokens", "whose it is (`iss`)"),
    FactKind("token_audience", _words("mail", "graph", "id token", "other", "none"), "bearer tokens", "which service it is for (`aud`)"),
    FactKind("token_pop_scope", _words("yes", "no", "no such claim"), "bearer tokens", "whether it permits POP3 (`scp`, `roles`)"),
    FactKind("token_scopes", _text(rf"(?:{_SCOPE})(?: (?:{_SCOPE}))*", "names"), "bearer tokens", "which permissions of Microsoft's mail it has; others are not told"),
    FactKind("token_time", _text(rf"valid|(?:expired|not yet) (?:(?:[0-9]|[1-9][0-9]{{1,2}}|1[0-3][0-9]{{2}}|14[0-3][0-9]|{_DAY}) min|over a day)", "`valid`, `expired 5 min`, `not yet 5 min`, `expired over a day`"), "bearer tokens", "whether it was valid when it was sent (`exp`, `nbf`)"),
    FactKind("token_user", _words("same", "other", "no such claim"), "bearer tokens", "whether it is the user's that was named (`upn`, `preferred_username`, `unique_name`)"),
    FactKind("same_challenge", _text(_PLACE, "`3:0`"), "greetings, challenges", "in which session and exchange this server said the same; absent where it is new"),
    FactKind("oauth_status", _text(r"[A-Za-z0-9_-]{1,40}", "a word"), "challenges of OAuth", "why the token was refused (RFC 7628, section 3.2.2)"),
    FactKind("oauth_scope", _text(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?", "a text"), "challenges of OAuth", "which scope the server wants"),
    FactKind("oauth_schemes", _text(r"[A-Za-z0-9_-]+(?: [A-Za-z0-9_-]+){0,9}", "words"), "challenges of OAuth", "which schemes it takes"),
    FactKind("secret_echoed", _FLAG, "lines of the server", "it repeats a word that was hidden before"),
)
# fmt: on

FACTS: Final = {row.name: row for row in _ROWS}
"""Every fact there is, by its name."""


def accepted(told: Mapping[str, object]) -> Facts:
    """Return what of *told* are facts; unknown names and values are left out."""
    facts: dict[str, FactValue] = {}
    for name, value in told.items():
        kind = FACTS.get(name)
        if kind is not None and isinstance(value, str | int) and kind.values.allow(value):
            facts[name] = value
    return facts
