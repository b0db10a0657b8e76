"""SASL mechanisms: who speaks first, and what their messages hold (RFC 4422, RFC 5034).

Rule: a client's message is always secret as a whole.  What may be known of it, its user, is read
out here; what must never be seen again, here as well.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class SaslContents:
    """What one client message tells: the user it names, and the secrets it holds."""

    user: bytes | None = None
    secrets: tuple[bytes, ...] = ()


Reader = Callable[[bytes, int], SaslContents]
"""Reads a decoded client message; the number counts the client's messages from 0, or is what
``asked_by`` says."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One row: what there is to know about one mechanism.

    ``shown`` is how many of the server's challenges hold nothing secret; ``layer`` says that a
    security layer may follow (RFC 4422, section 3.7); ``ok_asks`` that some servers say ``+OK``
    for an empty challenge; ``prompts`` that the challenges say what the client's next message is.
    """

    name: str
    client_first: bool
    shown: int
    read: Reader
    layer: bool = False
    ok_asks: bool = False
    prompts: bool = False
    reference: str = field(default="", kw_only=True)


ALL: Final = 1 << 30


def _plain(message: bytes, _: int) -> SaslContents:
    parts = message.split(b"\0")
    if len(parts) != 3:
        return SaslContents(None, (message,))
    return SaslContents(parts[1], (parts[2],))


NAME, PASSWORD, UNKNOWN = range(3)
"""What a challenge of LOGIN asks for."""
_FOR_NAME: Final = re.compile(rb"(?i)user|login|name|account|mailbox|e-?mail|benutzer|utilis|usuar")
_FOR_PASSWORD: Final = re.compile(rb"(?i)pass|pwd|pin\b|kennwort|secret|contras|senha|token")


def asked_by(challenge: bytes, step: int) -> int:
    """Return what a *challenge* of LOGIN, decoded, asks for: NAME, PASSWORD or UNKNOWN.

    Of one that says nothing the place decides, as most clients do: the name comes first.
    """
    text = challenge.strip(b" \t:?\0")
    if not text:
        return min(step, PASSWORD)
    if _FOR_PASSWORD.search(text):
        return PASSWORD
    return NAME if _FOR_NAME.search(text) else UNKNOWN


def _login(message: bytes, asked: int) -> SaslContents:
    if b"\0" in message:  # a PLAIN message sent to LOGIN
        return _plain(message, asked)
    return SaslContents(message) if asked == NAME else SaslContents(None, (message,))


def _cram(message: bytes, _: int) -> SaslContents:
    user, _blank, digest = message.rpartition(b" ")
    return SaslContents(user or None, (digest,))


def _directive(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb'(?:^|,)\s*%s="?([^",]*)' % name, re.IGNORECASE)


_USERNAME, _RESPONSE = _directive(b"username"), _directive(b"response")


def _digest(message: bytes, _: int) -> SaslContents:
    user, response = _USERNAME.search(message), _RESPONSE.search(message)
    return SaslContents(user[1] if user else None, (response[1],) if response else ())


def _scram(message: bytes, step: int) -> SaslContents:
    user = re.search(rb"(?:^|,)n=([^,]*)", message) if step == 0 else None
    proof = re.search(rb"(?:^|,)p=([^,]*)", message) if step else None
    return SaslContents(user[1] if user else None, (proof[1],) if proof else ())


def _bearer(message: bytes, step: int) -> SaslContents:
    if step:
        return SaslContents()  # the empty answer to an error (RFC 7628, section 3.2.3)
    user = re.search(rb"(?:^user=|,a=)([^\x01,]*)", message)
    token = re.search(rb"auth=(?:\w+ )?([^\x01]*)", message)
    return SaslContents(user[1] if user else None, (token[1],) if token else (message,))


def _ntlm(message: bytes, _: int) -> SaslContents:
    if message[8:12] != b"\3\0\0\0":
        return SaslContents()
    size, at = int.from_bytes(message[36:38], "little"), int.from_bytes(message[40:44], "little")
    name = message[at : at + size]
    return SaslContents(name.replace(b"\0", b"") or None, (message,))


def _identity(message: bytes, _: int) -> SaslContents:
    return SaslContents(message or None)


def _one_time(message: bytes, step: int) -> SaslContents:
    return (
        SaslContents(message.rpartition(b"\0")[2]) if step == 0 else SaslContents(None, (message,))
    )


def _hidden(message: bytes, _: int) -> SaslContents:
    return SaslContents(None, (message,))


# fmt: off
_ROWS = (
    Mechanism("PLAIN", client_first=True, shown=ALL, read=_plain, reference="RFC 4616"),
    Mechanism("LOGIN", client_first=False, shown=ALL, read=_login, prompts=True, reference="no RFC"),
    Mechanism("CRAM-MD5", client_first=False, shown=ALL, read=_cram, reference="RFC 2195"),
    Mechanism("DIGEST-MD5", client_first=False, shown=1, read=_digest, layer=True, reference="RFC 2831"),
    Mechanism("SCRAM-SHA-1", client_first=True, shown=0, read=_scram, reference="RFC 5802"),
    Mechanism("SCRAM-SHA-256", client_first=True, shown=0, read=_scram, reference="RFC 7677"),
    Mechanism("SCRAM-SHA-512", client_first=True, shown=0, read=_scram, reference="vendor"),
    Mechanism("SCRAM-SHA-1-PLUS", client_first=True, shown=0, read=_scram, reference="RFC 5802"),
    Mechanism("SCRAM-SHA-256-PLUS", client_first=True, shown=0, read=_scram, reference="RFC 7677"),
    Mechanism("SCRAM-SHA-512-PLUS", client_first=True, shown=0, read=_scram, reference="vendor"),
    Mechanism("XOAUTH2", client_first=True, shown=ALL, read=_bearer, reference="Google"),
    Mechanism("OAUTHBEARER", client_first=True, shown=ALL, read=_bearer, reference="RFC 7628"),
    Mechanism("OAUTH10A", client_first=True, shown=ALL, read=_bearer, reference="RFC 7628"),
    Mechanism("GSSAPI", client_first=True, shown=0, read=_hidden, layer=True, reference="RFC 4752"),
    Mechanism("GSS-SPNEGO", client_first=True, shown=0, read=_hidden, layer=True, reference="vendor"),
    Mechanism("KERBEROS_V4", client_first=False, shown=0, read=_hidden, layer=True, reference="RFC 1731"),
    Mechanism("NTLM", client_first=True, shown=1, read=_ntlm, ok_asks=True, reference="MS-NLMP"),
    Mechanism("MSN", client_first=True, shown=1, read=_ntlm, ok_asks=True, reference="MS-NLMP"),
    Mechanism("EXTERNAL", client_first=True, shown=ALL, read=_identity, reference="RFC 4422, appendix A"),
    Mechanism("ANONYMOUS", client_first=True, shown=ALL, read=_identity, reference="RFC 4505"),
    Mechanism("OTP", client_first=True, shown=1, read=_one_time, reference="RFC 2444"),
    Mechanism("SKEY", client_first=True, shown=1, read=_one_time, reference="RFC 2222"),
)
# fmt: on

MECHANISMS: Final = {row.name: row for row in _ROWS}
"""Every mechanism there is a row for, by its name in upper case."""

_UNKNOWN: Final = Mechanism("", client_first=True, shown=0, read=_hidden, layer=True)


def mechanism_of(word: bytes) -> Mechanism:
    """Return the row of the mechanism that *word* names; one that hides all if nobody knows it."""
    return MECHANISMS.get(word.decode("latin-1").upper(), _UNKNOWN)


def decode(word: bytes) -> bytes | None:
    """Return what a base64 word says, or None if it is not base64; ``=`` alone says nothing.

    Foreign characters are refused, and ``=`` is taken only at the end (RFC 5034, section 4).
    """
    if word == b"=":
        return b""
    try:
        return base64.b64decode(word, validate=True)
    except binascii.Error:
        return None
