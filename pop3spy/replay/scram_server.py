"""SCRAM as a server (RFC 5802): the client proves that it knows the password, and so do we.

Rule: whether there is such a user is not to be seen before the proof has failed.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from pop3spy.protocol import sasl
from pop3spy.replay.scram import HASHES, LEAST, ScramError, prepared

_ROUNDS: Final = LEAST
_MESSAGES: Final = 3  # the first one, the proof, and an empty line


class ScramServer:
    """One login by *mechanism*; *users* has the passwords."""

    def __init__(self, mechanism: str, users: Mapping[bytes, bytes], nonce: str = "") -> None:
        self._hash = HASHES[mechanism]
        self._users = users
        self._nonce = nonce or secrets.token_urlsafe(18)
        self._salt = secrets.token_bytes(16)
        self._name = b""
        self._header = ""
        self._bare = self._challenge = b""

    def next(self, said: Sequence[bytes]) -> bytes | bool:
        """Return the next challenge, in base64, behind what the client *said*; or the verdict."""
        if not said:
            return b""
        text = sasl.decode(said[-1])
        match text, len(said):
            case bytes(text), 1:
                challenge = self._first(text)
            case bytes(text), 2:
                challenge = self._final(text)
            case _:
                return text == b"" and len(said) == _MESSAGES
        return False if challenge is None else base64.b64encode(challenge)

    def _first(self, message: bytes) -> bytes | None:
        """Return the salt and the nonce; None for what is no first message, or wants binding."""
        head, _, self._bare = message.partition(b",")
        identity, _, self._bare = self._bare.partition(b",")
        told = _attributes(self._bare)
        if head not in (b"n", b"y") or not told.get(b"r") or b"n" not in told or b"m" in told:
            return None
        self._name = told[b"n"].replace(b"=2C", b",").replace(b"=3D", b"=")
        self._header = base64.b64encode(b"%s,%s," % (head, identity)).decode()
        self._challenge = b"r=%s%s,s=%s,i=%d" % (
            told[b"r"],
            self._nonce.encode(),
            base64.b64encode(self._salt),
            _ROUNDS,
        )
        return self._challenge

    def _final(self, message: bytes) -> bytes | None:
        """Return our own proof; None if the client's is wrong."""
        without_proof, _, proof = message.rpartition(b",p=")
        nonce = self._challenge[: self._challenge.index(b",s=")]
        expected = f"c={self._header},".encode() + nonce
        password = self._password()
        salted = hashlib.pbkdf2_hmac(self._hash, password, self._salt, _ROUNDS)
        signed = b",".join((self._bare, self._challenge, without_proof))
        key = self._mac(salted, b"Client Key")
        signature = self._mac(hashlib.new(self._hash, key).digest(), signed)
        right = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        known = self._name in self._users and bool(password)
        proven = hmac.compare_digest(sasl.decode(proof) or b"", right)
        if not (proven and known and hmac.compare_digest(without_proof, expected)):
            return None
        return b"v=" + base64.b64encode(self._mac(self._mac(salted, b"Server Key"), signed))

    def _password(self) -> bytes:
        """Return the user's password as SASLprep has it; nothing if there is none."""
        try:
            return prepared(self._users.get(self._name, b"").decode()).encode()
        except (UnicodeError, ScramError):
            return b""

    def _mac(self, key: bytes, text: bytes) -> bytes:
        return hmac.digest(key, text, self._hash)


def _attributes(message: bytes) -> dict[bytes, bytes]:
    return {part[:1]: part[2:] for part in message.split(b",") if part[1:2] == b"="}
