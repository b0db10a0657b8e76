"""What is told of a conversation's secrets: facts, one frame after the other."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from dialogue import said
from pop3spy.protocol.facts import NO_FACTS
from pop3spy.protocol.frames import Frame
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.session.chunk import Chunk
from pop3spy.session.events import Event, Heard
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

STARTED = datetime(2026, 11, 29, 12, tzinfo=UTC)
STEP = 0.5
"""Seconds between one chunk and the next."""
OFFICE = "https://outlook.office.com"
ENTRA = "https://sts.windows.net/00000000-0000-0000-0000-000000000001/"


def shown(
    script: str,
    *,
    memory: SecretMemory | None = None,
    number: int = 1,
    server: str = "mail.example.org",
    strict: bool = False,
) -> list[Frame]:
    """Return the frames of *script* as they may be shown."""
    frames: list[Frame] = []

    def keep(event: object) -> None:
        if isinstance(event, Event) and isinstance(event, Heard):
            frames.append(event.frame)

    reading = Reading(
        *(number, Peer("192.0.2.1", 50312), Peer(server, 110), 0.0, keep),
        names=Pseudonyms() if strict else None,
        memory=memory or SecretMemory(STARTED),
    )
    at = 0.0
    for side, data in said(script):
        at += STEP
        if data is None:
            reading.close(side)
        else:
            reading.hear(Chunk(side, data, at))
    reading.end(at + STEP, Ending(How.CLIENT_CLOSED))
    return frames


def facts(script: str, **how: Any) -> list[dict[str, Any]]:
    """Return the facts of the frames that have any."""
    return [dict(frame.facts) for frame in shown(script, **how) if frame.facts is not NO_FACTS]


def fact(name: str, script: str, **how: Any) -> list[Any]:
    """Return what fact *name* is, each time that it is told."""
    return [told[name] for told in facts(script, **how) if name in told]


def b64(text: str) -> str:
    """Return *text*, which is Latin-1, in base64."""
    return base64.b64encode(text.encode("latin-1")).decode()


def plain(user: str, password: str) -> str:
    """Return a message of PLAIN (RFC 4616)."""
    return b64(f"\0{user}\0{password}")


def xoauth2(token: str, user: str = "bob@example.org") -> str:
    """Return a message of XOAUTH2."""
    return b64(f"user={user}\1auth=Bearer {token}\1\1")


def jwt(claims: object, header: object = None) -> str:
    """Return a JSON Web Token; nobody signed it."""
    return token_of(json.dumps(header or {"alg": "none"}), json.dumps(claims))


def token_of(header: str, claims: str) -> str:
    """Return three parts, whatever the first two are."""
    return ".".join(map(_url_safe, (header, claims, "signed by nobody")))


def _url_safe(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
