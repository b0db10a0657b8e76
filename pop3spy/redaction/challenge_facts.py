"""Facts about what a server says inside AUTH: the numbers of SCRAM, the error of OAuth."""

import json
import re
from typing import Any, Final

from pop3spy.protocol.facts import Facts, FactValue
from pop3spy.redaction.credential_facts import nonce_of
from pop3spy.redaction.secret_facts import accepted

_ITERATIONS: Final = re.compile(rb"(?:^|,)i=([0-9]{1,9})(?:,|$)")
_NONCE_OF_DIGEST: Final = re.compile(rb'(?i)(?:^|,)\s*nonce="?([^",]+)')
_MEMBERS: Final = (
    ("status", "oauth_status"),
    ("scope", "oauth_scope"),
    ("schemes", "oauth_schemes"),
)
_TEXTS: Final = frozenset({"oauth_status", "oauth_scope", "oauth_schemes"})
_STATUSES: Final = re.compile(r"[1-5][0-9]{2}|invalid_(?:token|request)|insufficient_scope")


def scram_facts(challenge: bytes, nonce: bytes) -> dict[str, FactValue]:
    """Return what the server's first message says; *nonce* is the client's (RFC 5802)."""
    facts: dict[str, FactValue] = {}
    if nonce and (whole := nonce_of(challenge)):
        longer = "begins with" if whole.startswith(nonce) else "differs"
        facts["scram_nonce"] = "equal" if whole == nonce else longer
    if iterations := _ITERATIONS.search(challenge):
        facts["scram_iterations"] = int(iterations[1])
    return facts


def once_only(mechanism: str, challenge: bytes) -> bytes:
    """Return what of a first challenge has to be new each time, empty if nothing has.

    That is all of CRAM-MD5's (RFC 2195, section 2), and DIGEST-MD5's nonce (RFC 2831).
    """
    if mechanism == "CRAM-MD5":
        return challenge
    found = _NONCE_OF_DIGEST.search(challenge) if mechanism == "DIGEST-MD5" else None
    return found[1] if found else b""


def oauth_facts(challenge: bytes, *, shown: bool) -> dict[str, FactValue]:
    """Return why a token was refused, as the server says in JSON (RFC 7628, section 3.2.2).

    Of a challenge that may not be *shown* only a status that a standard names is told.
    """
    try:
        said = json.loads(challenge)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    facts = accepted({fact: _text(said.get(member)) for member, fact in _MEMBERS})
    return dict(facts) if shown else without_texts(facts)


def without_texts(facts: Facts) -> dict[str, FactValue]:
    """Return *facts* without the server's own words, but for a status that a standard names."""
    return {
        name: value
        for name, value in facts.items()
        if name not in _TEXTS or (name == "oauth_status" and _STATUSES.fullmatch(str(value)))
    }


def _text(member: Any) -> str:
    return str(member) if type(member) in (int, str) else ""
