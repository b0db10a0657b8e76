"""One login with SASL as a client: what is said to each challenge, and what the server proved.

Rule: nothing here is shown; what is wrong with a server's message is told without it.
"""

import base64

from pop3spy.protocol import sasl
from pop3spy.replay.credentials import Credentials, message
from pop3spy.replay.digest_md5 import DigestError, DigestMd5
from pop3spy.replay.scram import HASHES, Scram, ScramError


class SaslError(Exception):
    """The login must be given up; the text tells why."""


class SaslClient:
    """Computes the messages of one login by *mechanism*, at *host*."""

    def __init__(
        self, mechanism: str, user: bytes, given: Credentials, host: str = "localhost"
    ) -> None:
        self._mechanism = mechanism
        self._user = user
        self._given = given
        self._said: list[bytes] = []
        password = given.password or b""
        self._digest = (
            DigestMd5(user, password, b"pop/" + host.encode())
            if mechanism == "DIGEST-MD5"
            else None
        )
        try:
            self._scram = (
                Scram(mechanism, _text(user), _text(password)) if mechanism in HASHES else None
            )
        except ScramError as error:
            raise SaslError(str(error)) from None

    @property
    def unproven(self) -> bool:
        """Whether the server should have proven that it knows the password, and has not."""
        mutual = self._scram or self._digest
        return mutual is not None and not mutual.proven

    def message(self, challenge: bytes) -> bytes:
        """Return, in base64, what is said next.

        *challenge* is the server's last one in base64, empty for a message sent with AUTH.  Raise
        SaslError if it cannot be right.
        """
        try:
            said = self._computed(challenge)
        except (ScramError, DigestError) as error:
            raise SaslError(str(error)) from None
        self._said.append(said)
        return said

    def _computed(self, challenge: bytes) -> bytes:
        if self._scram is None and self._digest is None:
            return message(self._mechanism, self._user, self._given, challenge, self._said)
        text = sasl.decode(challenge)
        if text is None:
            raise SaslError("its message is no base64")
        said = b""
        match self._scram, self._digest, len(self._said):
            case Scram() as scram, _, 0:
                said = scram.first()
            case Scram() as scram, _, 1:
                said = scram.final(text)
            case None, DigestMd5() as digest, 0:
                said = digest.answer(text)
            case Scram() as scram, _, _:
                scram.verify(text)
            case _, DigestMd5() as digest, _:
                digest.verify(text)
        return base64.b64encode(said)


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
