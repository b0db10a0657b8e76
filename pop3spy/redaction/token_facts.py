"""Facts about a bearer token: its form, and of a JSON Web Token a few of its claims (RFC 7519).

Rules: 1. only the claims that are named here are used, and of those only their class is told; 2.
the middle part alone is decoded, up to 16 KiB of it, and the signature never: a claim is what the
token says; 3. whether it has run out is asked for the time when it was sent.
"""

import base64
import binascii
import json
import math
import re
from typing import Any, Final

from pop3spy.protocol.facts import FactValue
from pop3spy.redaction.secret_facts import KNOWN_SCOPES

LONG: Final = 4096
"""Characters beyond which servers were seen to refuse a token."""
_MOST: Final = 16384
"""Characters of the middle part that are read."""
_PARTS: Final = re.compile(rb"[\w-]+\.([\w-]+)\.[\w-]*")
_MICROSOFT: Final = ("https://sts.windows.net/", "https://login.microsoftonline.com/")
_GOOGLE: Final = ("https://accounts.google.com", "accounts.google.com")
_MAIL: Final = frozenset(
    {
        "https://outlook.office365.com",
        "https://outlook.office.com",
        "https://outlook.office365.us",
        "https://outlook.office.us",
        "https://partner.outlook.cn",
        "00000002-0000-0ff1-ce00-000000000000",
    }
)
_GRAPH: Final = frozenset({"https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"})
_MAY_POP: Final = (("scp", "POP.AccessAsUser.All"), ("roles", "POP.AccessAsApp"))
_USERS: Final = ("upn", "preferred_username", "unique_name")
_MINUTE: Final = 60
_DAY: Final = 1440
"""Minutes beyond which they are not told."""


def token_facts(token: bytes, user: bytes | None, used: float | None) -> dict[str, FactValue]:
    """Return what is said of *token*, which *user* sent *used* seconds after 1970, if known."""
    facts: dict[str, FactValue] = {"token_over_4096": len(token) > LONG}
    parts = _PARTS.fullmatch(token)
    if parts is None:
        return {**facts, "token_form": "opaque"}
    if len(parts[1]) > _MOST:
        return facts
    try:
        claims = _claims(parts[1])
    except (ValueError, RecursionError):  # nested too deep, or a number too long
        return facts
    if claims is None:
        return {**facts, "token_form": "opaque"}
    return {
        **facts,
        "token_form": "jwt",
        **_issuer(claims),
        **_scopes(claims),
        **_time(claims, used),
        **_user(claims, user),
    }


def _claims(part: bytes) -> dict[str, Any] | None:
    """Return the claims in the middle part of a token; None if it has none.

    Raise ValueError or RecursionError if they cannot be read.
    """
    try:
        said = json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError):
        return None
    return said if isinstance(said, dict) else None


def _issuer(claims: dict[str, Any]) -> dict[str, FactValue]:
    facts: dict[str, FactValue] = {}
    issuer = claims.get("iss")
    if isinstance(issuer, str):
        microsoft = issuer.startswith(_MICROSOFT)
        kind = "microsoft" if microsoft else "google" if issuer in _GOOGLE else "other"
        facts["token_issuer"] = kind
    google = facts.get("token_issuer") == "google"  # whose access tokens are opaque
    facts["token_audience"] = "id token" if google else _audience(_texts(claims.get("aud")))
    return facts


def _audience(claim: list[str]) -> str:
    names = {name.removesuffix("/") for name in claim}
    if names & _MAIL:
        return "mail"
    if names & _GRAPH:
        return "graph"
    return "other" if names else "none"


def _scopes(claims: dict[str, Any]) -> dict[str, FactValue]:
    granted = {name: _granted(claims.get(name)) for name, _ in _MAY_POP}
    if not any(name in claims for name in granted):
        return {"token_pop_scope": "no such claim"}
    may = any(scope in granted[claim] for claim, scope in _MAY_POP)
    facts: dict[str, FactValue] = {"token_pop_scope": "yes" if may else "no"}
    known = [name for name in KNOWN_SCOPES if any(name in names for names in granted.values())]
    if known:
        facts["token_scopes"] = " ".join(known)
    return facts


def _granted(claim: Any) -> set[str]:
    """Return the permissions in a claim, without the address of the service before each."""
    return {name.rpartition("/")[2] for text in _texts(claim) for name in text.split()}


def _time(claims: dict[str, Any], used: float | None) -> dict[str, FactValue]:
    expires, begins = _seconds(claims.get("exp")), _seconds(claims.get("nbf"))
    if used is None or (expires is None and begins is None):
        return {}
    if expires is not None and used >= expires:
        return {"token_time": f"expired {_minutes(used - expires)}"}
    if begins is not None and used < begins:
        return {"token_time": f"not yet {_minutes(begins - used)}"}
    return {"token_time": "valid"}


def _seconds(claim: Any) -> float | None:
    if type(claim) not in (int, float):
        return None
    try:
        seconds = float(claim)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) else None


def _minutes(seconds: float) -> str:
    minutes = int(seconds // _MINUTE)
    return f"{minutes} min" if minutes <= _DAY else "over a day"


def _user(claims: dict[str, Any], user: bytes | None) -> dict[str, FactValue]:
    names = [claims[name] for name in _USERS if isinstance(claims.get(name), str)]
    if not names:
        return {"token_user": "no such claim"}
    if not user:
        return {}
    asked = user.decode("utf-8", "replace").casefold()
    return {"token_user": "same" if any(name.casefold() == asked for name in names) else "other"}


def _texts(claim: Any) -> list[str]:
    """Return a claim that is a text, or several of them."""
    if isinstance(claim, str):
        return [claim]
    return [text for text in claim if isinstance(text, str)] if isinstance(claim, list) else []
