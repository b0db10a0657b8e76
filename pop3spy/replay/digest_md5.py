"""DIGEST-MD5 as a client (RFC 2831): no security layer, and the server proves itself as well."""

import hashlib
import hmac
import re
import secrets
from typing import Final

_DIRECTIVE: Final = re.compile(
    rb'(?:^|,)\s*([\w-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s,"]*))\s*(?=,|$)'
)
"""It begins at a comma, so no text is gone over again from each of its octets."""
_ESCAPED: Final = re.compile(rb"\\(.)")


class DigestError(Exception):
    """The server's message cannot be right; the text tells why."""


class DigestMd5:
    """One login of *user* with *password* at *uri*, as pop/host: ``answer``, then ``verify``."""

    def __init__(self, user: bytes, password: bytes, uri: bytes, nonce: bytes = b"") -> None:
        self._user = user
        self._password = password
        self._uri = uri
        self._nonce = nonce or secrets.token_urlsafe(24).encode()
        self._expected = b""
        self.proven = False

    def answer(self, challenge: bytes) -> bytes:
        """Return the message with the proof; raise DigestError if *challenge* cannot be right."""
        told = _directives(challenge)
        nonce, qops = told.get(b"nonce"), told.get(b"qop", b"auth").replace(b" ", b"").split(b",")
        if not nonce or told.get(b"algorithm") != b"md5-sess":
            raise DigestError("its challenge is none of DIGEST-MD5")
        if b"auth" not in qops:
            raise DigestError("it wants a security layer, and there is none here")
        realm = told.get(b"realm", b"")
        unicode = told.get(b"charset", b"").lower() == b"utf-8"
        secret = b":".join(
            _short(part) if unicode else part for part in (self._user, realm, self._password)
        )
        begin = _md5(secret) + b":%s:%s" % (nonce, self._nonce)
        middle = b":%s:00000001:%s:auth:" % (nonce, self._nonce)

        def proof(what: bytes) -> bytes:
            key = _md5(begin).hex().encode()
            return _md5(key + middle + _md5(what + b":" + self._uri).hex().encode()).hex().encode()

        self._expected = proof(b"")
        words = [b"charset=utf-8"] * unicode
        words += [b"username=" + _quoted(self._user)]
        words += [b"realm=" + _quoted(realm)] * (b"realm" in told)
        words += [b"nonce=" + _quoted(nonce), b"nc=00000001", b"cnonce=" + _quoted(self._nonce)]
        words += [b"digest-uri=" + _quoted(self._uri), b"response=" + proof(b"AUTHENTICATE")]
        return b",".join([*words, b"qop=auth"])

    def verify(self, challenge: bytes) -> None:
        """Check that the server knows the password too; raise DigestError if it does not."""
        if not hmac.compare_digest(_directives(challenge).get(b"rspauth", b""), self._expected):
            raise DigestError("it does not know the password itself, so it is an impostor")
        self.proven = True


def _directives(message: bytes) -> dict[bytes, bytes]:
    """Return what a message says; of a directive that comes twice, the first counts."""
    told: dict[bytes, bytes] = {}
    for match in _DIRECTIVE.finditer(message):
        name, quoted, token = match.groups()
        told.setdefault(name.lower(), token if quoted is None else _ESCAPED.sub(rb"\1", quoted))
    return told


def _quoted(text: bytes) -> bytes:
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", text) + b'"'


def _short(text: bytes) -> bytes:
    """Return *text* in ISO 8859-1 where that has its characters (RFC 2831, section 2.1.2.1)."""
    try:
        return text.decode().encode("latin-1")
    except UnicodeError:
        return text


def _md5(text: bytes) -> bytes:
    return hashlib.md5(text, usedforsecurity=False).digest()  # what the standard asks for
