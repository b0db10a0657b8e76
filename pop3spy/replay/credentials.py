"""What a recorded client needs to log in again: a recording has masks where secrets were.

Rule: everything that proves who somebody is, is computed afresh, from the live server's timestamp
or challenge; nothing of it is ever shown.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pop3spy.protocol import sasl
from pop3spy.protocol.commands import Turn
from pop3spy.protocol.replies import timestamp_of
from pop3spy.protocol.states import Effect
from pop3spy.replay.scram import HASHES
from pop3spy.replay.script import Script, Step

_WITH_PASSWORD: Final = frozenset({"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", *HASHES})
_WITH_TOKEN: Final = frozenset({"XOAUTH2", "OAUTHBEARER"})
COMPUTED: Final = _WITH_PASSWORD | _WITH_TOKEN
"""The mechanisms by which a recorded client can log in again."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who logs in; without a ``user`` it is the recorded one, where a name was recorded."""

    user: bytes | None = None
    password: bytes | None = field(default=None, repr=False)
    token: bytes | None = field(default=None, repr=False)


def needs(script: Script, *, user: bytes | None = None) -> frozenset[str]:
    """Return what must be given to play *script*: some of ``password`` and ``token``.

    *user* is who logs in, if that was told.  A login whose user nobody knows cannot be said again,
    so it needs nothing; neither does one that was refused, which is tried with something wrong.
    """
    found: set[str] = set()
    named = user is not None
    for step in script.steps:
        if step.command.effect is Effect.NAME:
            named = user is not None or name_in(step) is not None
        if step.command.effect is not Effect.LOGIN or was_refused(step):
            continue
        mechanism = mechanism_of(step)
        if mechanism and (user is not None or script.user is not None):
            found.add("token" if mechanism in _WITH_TOKEN else "password")
        known = named if step.command.verb == "PASS" else user is not None or name_in(step)
        if step.command.verb in ("PASS", "APOP") and known:
            found.add("password")
    return frozenset(found)


def was_refused(step: Step) -> bool:
    """Return whether *step* was refused with a status."""
    return step.outcome.ok is False


def refused_anyway(step: Step) -> bool:
    """Return whether a refused login says that it was not for its credentials (RFC 3206)."""
    return was_refused(step) and step.outcome.code not in (None, "AUTH")


def unplayable(script: Script, step: Step) -> bool:
    """Return whether *step* logged in by a mechanism that cannot be computed afresh."""
    return step.command.turn is Turn.SASL and script.logs_in(step) and not mechanism_of(step)


def mechanism_of(step: Step) -> str:
    """Return the mechanism of an AUTH that can be computed afresh; of anything else nothing."""
    if step.command.turn is not Turn.SASL:
        return ""
    name = sasl.mechanism_of(step.command.args[0]).name
    return name if name in COMPUTED else ""


def name_in(step: Step) -> bytes | None:
    """Return the user that USER or APOP names, unless that is masked."""
    if not step.command.args:
        return None
    name = step.command.args[0]
    start = step.line.find(name, len(step.command.verb))
    return None if any(begin <= start < end for begin, end in step.masks) else name


def digest(greeting: bytes, password: bytes) -> bytes | None:
    """Return APOP's digest for this greeting (RFC 1939, section 7); None: it offers no APOP."""
    timestamp = timestamp_of(greeting)
    if timestamp is None:
        return None
    return hashlib.md5(timestamp + password, usedforsecurity=False).hexdigest().encode()


def message(
    mechanism: str, user: bytes, given: Credentials, challenge: bytes, said: Sequence[bytes]
) -> bytes:
    """Return, in base64, what a client says next that has *said* this much.

    *challenge* is the server's last one in base64, empty for a message sent with AUTH.
    """
    return base64.b64encode(_message(mechanism, user, given, challenge, len(said)))


def _message(mechanism: str, user: bytes, given: Credentials, challenge: bytes, step: int) -> bytes:
    password, token = given.password or b"", given.token or b""
    match mechanism, step:
        case "PLAIN", 0:
            return b"\0%s\0%s" % (user, password)  # RFC 4616, section 2
        case "LOGIN", _:
            asked = sasl.asked_by(sasl.decode(challenge) or b"", step)
            known = step if asked == sasl.UNKNOWN else asked
            return user if known == sasl.NAME else password
        case "CRAM-MD5", 0:
            text = sasl.decode(challenge) or b""
            return user + b" " + hmac.digest(password, text, "md5").hex().encode()  # RFC 2195
        case "XOAUTH2", 0:
            return b"user=%s\1auth=Bearer %s\1\1" % (user, token)
        case "OAUTHBEARER", 0:
            name = user.replace(b"=", b"=3D").replace(b",", b"=2C")  # RFC 5801, section 4
            return b"n,a=%s,\1auth=Bearer %s\1\1" % (name, token)  # RFC 7628, section 3.1
        case "OAUTHBEARER", 1:
            return b"\1"  # takes note of an error (RFC 7628, section 3.2.3)
    return b""
