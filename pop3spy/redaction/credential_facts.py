"""Facts about what a client says inside AUTH: its form, and what a message of a mechanism holds."""

import re
from dataclasses import dataclass, field
from typing import Final

from pop3spy.protocol import sasl
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.facts import FactValue

_FOREIGN: Final = re.compile(rb"[^A-Za-z0-9+/=]")
_MOST_PADDING: Final = 2
_GROUP: Final = 4  # characters of base64 that belong together
_LINE_BREAK: Final = re.compile(rb"[\r\n]")
_NTLM: Final = b"NTLMSSP\0"
_NTLM_TYPES: Final = {b"\1\0\0\0": "1", b"\3\0\0\0": "3"}
_BEARER_USER: Final = re.compile(rb"(?:^user=|,a=)([^\x01,]*)")
_BEARER: Final = re.compile(rb"auth=(?:[Bb]earer )([^\x01]*)")
_CRAM: Final = re.compile(rb"(?s)(.*) ([^ ]*)")
_RESPONSE: Final = re.compile(rb'(?i)(?:^|,)\s*response="?[^",]')
_PROOF: Final = re.compile(rb"(?:^|,)p=[^,]")
_NONCE: Final = re.compile(rb"(?:^|,)r=([^,]*)")


@dataclass(slots=True)
class Told:
    """What a message tells: its facts, and of the login its user, password, token and nonce.

    The last four stay in the redaction.
    """

    facts: dict[str, FactValue] = field(default_factory=dict)
    user: bytes | None = None
    password: bytes = b""
    token: bytes = b""
    nonce: bytes = b""


def form_of_base64(word: bytes) -> str:
    """Return what is wrong with *word* as base64, or ``ok`` (RFC 5034, section 4)."""
    if _FOREIGN.search(word):
        return "foreign octet"
    bare = word.rstrip(b"=")
    if b"=" in bare or len(word) - len(bare) > _MOST_PADDING:
        return "padding"
    return "length" if len(word) % _GROUP else "ok"


def word_of_sasl(line: bytes) -> str | None:
    """Return what a line of the client inside AUTH is, None if it is no word of the table."""
    if line.strip() == b"*":
        return "*"
    if not line.strip():
        return "empty"
    if (spec := parse_command(line).spec) is not None and not _is_printable(sasl.decode(line)):
        return spec.name
    return "base64" if form_of_base64(line) == "ok" else None


def message_of(mechanism: str, message: bytes, asked: int) -> Told:
    """Return what a decoded *message* of the client tells; *asked* is as in ``sasl.asked_by``."""
    if mechanism == "PLAIN" or (mechanism == "LOGIN" and b"\0" in message):
        return _plain(message)
    if mechanism == "LOGIN":
        return _login(message, asked)
    if mechanism == "CRAM-MD5":
        cram = _CRAM.fullmatch(message)
        return Told({"carries_secret": bool(cram and cram[2])})
    if mechanism == "DIGEST-MD5":
        return Told({"carries_secret": _RESPONSE.search(message) is not None})
    if mechanism.startswith("SCRAM-"):
        nonce = _NONCE.search(message)
        proof = _PROOF.search(message) is not None
        return Told({"carries_secret": proof}, nonce=nonce[1] if nonce else b"")
    if mechanism in ("NTLM", "MSN"):
        return _ntlm(message)
    if mechanism in ("XOAUTH2", "OAUTHBEARER"):
        return _bearer(message)
    return Told()


def nonce_of(message: bytes) -> bytes:
    """Return the nonce in a message of SCRAM, of either side (RFC 5802, section 5.1)."""
    found = _NONCE.search(message)
    return found[1] if found else b""


def _plain(message: bytes) -> Told:
    fields = message.split(b"\0")
    if len(fields) != 3:  # noqa: PLR2004 - for whom, who, the password (RFC 4616)
        return Told()
    acting_for, user, password = fields
    told = Told({"carries_secret": bool(password)}, user, password)
    _note_line_break(told.facts, acting_for + user, password)
    return told


def _login(message: bytes, asked: int) -> Told:
    if asked == sasl.NAME:
        told = Told({"carries_secret": False}, message)
        _note_line_break(told.facts, message, b"")
    elif asked == sasl.PASSWORD:
        told = Told({"carries_secret": bool(message)}, None, message)
        _note_line_break(told.facts, b"", message)
    else:
        told = Told()
    return told


def _ntlm(message: bytes) -> Told:
    kind = "other"
    if message.startswith(_NTLM):
        kind = _NTLM_TYPES.get(message[8:12], kind)
    return Told({"ntlm_type": kind, "carries_secret": kind == "3"})


def _bearer(message: bytes) -> Told:
    user, bearer = _BEARER_USER.search(message), _BEARER.search(message)
    token = bearer[1] if bearer else b""
    told = Told({"bearer_token": bool(token)}, user[1] if user else None, token=token)
    _note_line_break(told.facts, told.user or b"", b"")
    return told


def _note_line_break(facts: dict[str, FactValue], user: bytes, password: bytes) -> None:
    if _LINE_BREAK.search(user):
        facts["line_break"] = "user"
    elif _LINE_BREAK.search(password):
        facts["line_break"] = "password"


def _is_printable(said: bytes | None) -> bool:
    """Return whether *said* is text: then a line that looks like a verb was base64."""
    return said is not None and said.isascii() and said.decode().isprintable()
