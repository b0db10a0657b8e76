"""SCRAM as a client (RFC 5802, RFC 7677): the password proves itself, and so does the server.

Rule: nothing here is shown; what is wrong with a server's message is told without it.
"""

import base64
import hashlib
import hmac
import secrets
import stringprep
import unicodedata
from typing import Final

HASHES: Final = {
    "SCRAM-SHA-1": "sha1",
    "SCRAM-SHA-256": "sha256",
    "SCRAM-SHA-512": "sha512",
}
LEAST: Final = 4096
"""Iterations below which a password is not given the chance to be guessed (RFC 7677, section 4)."""
MOST: Final = 2_000_000
"""Iterations beyond which a server only wants to keep this machine busy: some two seconds."""


class ScramError(Exception):
    """The server's message cannot be right; the text tells why."""


class Scram:
    """One login of *user* with *password*: ``first``, then ``final``, then ``verify``."""

    def __init__(self, mechanism: str, user: str, password: str, nonce: str = "") -> None:
        self._hash = HASHES[mechanism]
        self._password = prepared(password).encode()
        self._nonce = nonce or secrets.token_urlsafe(24)
        name = prepared(user).replace("=", "=3D").replace(",", "=2C")
        self._bare = f"n={name},r={self._nonce}"
        self._signature = b""
        self.proven = False

    def first(self) -> bytes:
        """Return the first message: no channel binding, no other identity."""
        return f"n,,{self._bare}".encode()

    def final(self, challenge: bytes) -> bytes:
        """Return the message with the proof; raise ScramError if *challenge* cannot be right."""
        told = _attributes(challenge)
        try:
            salt, count = base64.b64decode(told["s"], validate=True), int(told["i"])
            nonce = told["r"]
        except (KeyError, ValueError):  # of base64, too
            raise ScramError("its first message is none of SCRAM") from None
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise ScramError("its nonce is not made from ours")
        if not LEAST <= count <= MOST:
            raise ScramError(f"it wants {count} iterations; {LEAST} to {MOST} are taken")
        salted = hashlib.pbkdf2_hmac(self._hash, self._password, salt, count)
        without_proof = f"c=biws,r={nonce}"
        signed = b",".join((self._bare.encode(), challenge, without_proof.encode()))
        key = self._mac(salted, b"Client Key")
        signature = self._mac(hashlib.new(self._hash, key).digest(), signed)
        proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        self._signature = self._mac(self._mac(salted, b"Server Key"), signed)
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, challenge: bytes) -> None:
        """Check that the server knows the password too; raise ScramError if it does not."""
        told = _attributes(challenge)
        if "e" in told:
            raise ScramError("it refuses the proof")
        try:
            signature = base64.b64decode(told["v"], validate=True)
        except (KeyError, ValueError):
            raise ScramError("its last message is none of SCRAM") from None
        if not hmac.compare_digest(signature, self._signature):
            raise ScramError("it does not know the password itself, so it is an impostor")
        self.proven = True

    def _mac(self, key: bytes, text: bytes) -> bytes:
        return hmac.digest(key, text, self._hash)


def prepared(text: str) -> str:
    """Return *text* as SASLprep has it (RFC 4013); raise ScramError for what it forbids."""
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in text
        if not stringprep.in_table_b1(char)
    )
    normal = unicodedata.normalize("NFKC", mapped)
    if any(forbidden(char) for forbidden in _FORBIDDEN for char in normal):
        raise ScramError("a name or password holds a character that SCRAM forbids")
    return normal


_FORBIDDEN: Final = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def _attributes(message: bytes) -> dict[str, str]:
    parts = message.decode("utf-8", "replace").split(",")
    return {part[0]: part[2:] for part in parts if part[1:2] == "="}
