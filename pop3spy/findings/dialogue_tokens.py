"""Messages with a token, as conversations write them: ``{token aud=graph scp=Mail.Read}``.

That is the base64 of a message of XOAUTH2 with a JSON Web Token, whose signature is none.  Its
words are claims; ``user=`` is the mailbox that is asked for, ``exp=`` and ``nbf=`` are years.
Microsoft is who issued it, and the mail service whom it is for, unless it says otherwise.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Final

from pop3spy.findings.rule import RuleError

TOKEN: Final = re.compile(r"\{token((?: [a-z_]{2,20}=[^ {}]{1,100}){0,9})\}")
_ISSUERS: Final = {
    "microsoft": "https://sts.windows.net/0/",
    "google": "https://accounts.google.com",
}
_AUDIENCES: Final = {
    "mail": "https://outlook.office.com",
    "graph": "00000003-0000-0000-c000-000000000000",
}
_LISTS: Final = ("roles",)
_TIMES: Final = ("exp", "nbf")


def with_tokens(text: str) -> str:
    """Return *text* with the message itself in place of each ``{token …}``."""
    return TOKEN.sub(lambda found: _message(found[1].split()), text)


def _message(words: list[str]) -> str:
    said = dict(word.split("=", 1) for word in words)
    user = said.pop("user", "bob@example.org")
    claims: dict[str, object] = {
        "iss": _issuer(said.pop("iss", "microsoft")),
        "aud": _AUDIENCES.get(said.get("aud", "mail"), said.get("aud")),
    }
    said.pop("aud", None)
    for name, value in said.items():
        claims[name] = _claim(name, value)
    head, body = ({"alg": "none"}, claims)
    token = ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode() for part in (head, body))
    return b64encode(
        f"user={user}\x01auth=Bearer {token.replace('=', '')}.\x01\x01".encode()
    ).decode()


def _issuer(name: str) -> str:
    try:
        return _ISSUERS[name]
    except KeyError:
        raise RuleError(f"a token of a conversation is of {' or '.join(_ISSUERS)}") from None


def _claim(name: str, value: str) -> object:
    if name in _TIMES:
        return int(datetime(int(value), 1, 1, tzinfo=UTC).timestamp())
    return value.split(",") if name in _LISTS else value.replace(",", " ")
