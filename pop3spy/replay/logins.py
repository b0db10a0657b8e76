"""Who may log in to a stand-in, and what a recorded AUTH asks."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pop3spy.protocol import sasl
from pop3spy.protocol.commands import Command, line_of
from pop3spy.replay.scram import HASHES
from pop3spy.replay.scram_server import ScramServer
from pop3spy.replay.script import RecordedReply, ReplyPiece, Step

Users = Mapping[bytes, bytes]
"""Passwords by user name."""


def _asking(text: bytes) -> RecordedReply:
    line = b"+ " + base64.b64encode(text) + b"\r\n"
    return RecordedReply(line, (ReplyPiece(line, 0.0),))


_EMPTY: Final = _asking(b"")

_ASKS: Final[Mapping[str, tuple[RecordedReply, ...]]] = {
    "PLAIN": (_EMPTY,),
    "LOGIN": (_asking(b"Username:"), _asking(b"Password:")),
    "XOAUTH2": (_EMPTY,),
    "OAUTHBEARER": (_EMPTY,),
    "EXTERNAL": (_EMPTY,),
    "ANONYMOUS": (_EMPTY,),
    "CRAM-MD5": (_asking(b"<1.1@pop3spy.example>"),),
}
"""What each mechanism asks a client that has sent nothing yet, where any answer can be taken."""


def challenges(command: Command, step: Step | None) -> Sequence[RecordedReply] | None:
    """Return what to ask a client that says AUTH with a mechanism; None: this cannot be played.

    *step* is an AUTH with that mechanism that was recorded.  Its client may have sent its first
    message with the command (RFC 5034, section 4) where this one does not, or the other way round.
    """
    mechanism = sasl.mechanism_of(command.args[0]).name
    begun = len(command.args) > 1
    if step is None:
        asks = _ASKS.get(mechanism)
        return None if asks is None else asks[begun:]
    recorded = [ask.reply for ask in step.asks]
    if begun == (len(step.command.args) > 1):
        return recorded
    return recorded[1:] if begun else [_ASKS.get(mechanism, (_EMPTY,))[0], *recorded]


_JUDGED: Final = frozenset({"PLAIN", "LOGIN", "CRAM-MD5", *HASHES})
"""The mechanisms by which a password can be judged."""


class Logins:
    """Knows the passwords of *users*; without users, everybody is right."""

    def __init__(self, users: Users | None) -> None:
        self._users = users

    @property
    def everybody(self) -> bool:
        """Whether nobody is asked who they are."""
        return self._users is None

    def plays(self, mechanism: str, recorded: Iterable[Step]) -> bool:
        """Return whether a client can log in by *mechanism*, of which these were *recorded*.

        With users their passwords must be able to judge it.  Without any, no challenge may be
        needed that a recording hides, nor a proof that only who knows the password has.
        """
        if self._users is not None:
            return mechanism in _JUDGED
        shown = sasl.mechanism_of(mechanism.encode("latin-1")).shown
        return mechanism in _ASKS or any(
            step.outcome.ok and len(step.asks) <= shown for step in recorded
        )

    def scram(self, mechanism: str) -> ScramServer | None:
        """Return who sees to a login by *mechanism*, if that is SCRAM and there are users."""
        scram = mechanism in HASHES and self._users is not None
        return ScramServer(mechanism, self._users or {}) if scram else None

    def takes_password(self, name: bytes, password: bytes) -> bool:
        """Judge USER and PASS."""
        return hmac.compare_digest(self._password(name), password) and self._knows(name)

    def takes_digest(self, name: bytes, digest: bytes, timestamp: bytes) -> bool:
        """Judge APOP (RFC 1939, section 7)."""
        text = timestamp + self._password(name)
        own = hashlib.md5(text, usedforsecurity=False).hexdigest()  # what the standard asks for
        return hmac.compare_digest(own.encode(), digest) and self._knows(name)

    def takes_sasl(self, mechanism: bytes, asked: Sequence[bytes], said: Sequence[bytes]) -> bool:
        """Judge what a client *said* to what it was *asked*, if a password can judge that."""
        messages = [sasl.decode(word) for word in said]
        match sasl.mechanism_of(mechanism).name, messages:
            case "PLAIN", [bytes(message)]:
                parts = message.split(b"\0")
                return len(parts) == 3 and self.takes_password(parts[1], parts[2])  # noqa: PLR2004 - RFC 4616
            case "LOGIN", [bytes(name), bytes(password)]:
                return self.takes_password(name, password)
            case "CRAM-MD5", [bytes(message)] if asked:
                name, _, digest = message.rpartition(b" ")
                challenge = sasl.decode(line_of(asked[0])[1:].strip()) or b""
                own = hmac.digest(self._password(name), challenge, "md5").hex()  # RFC 2195
                return hmac.compare_digest(own.encode(), digest) and self._knows(name)
        return False

    def _knows(self, name: bytes) -> bool:
        return self._users is None or name in self._users

    def _password(self, name: bytes) -> bytes:
        return (self._users or {}).get(name, b"")
