"""Which ways to log in there are, which of them a server offers, and which is the best."""

from collections.abc import Iterable
from typing import Final

from pop3spy.protocol.capabilities import Capability
from pop3spy.protocol.replies import timestamp_of
from pop3spy.session.model import Session

TOKENS: Final = frozenset({"XOAUTH2", "OAUTHBEARER"})
CLEAR: Final = frozenset({"PLAIN", "LOGIN", "USER", *TOKENS})
"""Ways to log in that show the secret itself to whoever listens."""

WITH_TOKEN: Final = ("OAUTHBEARER", "XOAUTH2")
_SCRAM: Final = ("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1")
IN_TLS: Final = (*_SCRAM, "PLAIN", "CRAM-MD5", "APOP", "LOGIN", "USER", *WITH_TOKEN)
IN_CLEAR: Final = (*_SCRAM, "CRAM-MD5", "APOP", "PLAIN", "LOGIN", "USER", *WITH_TOKEN)
"""The best first: in clear text, whatever does not show the password."""


def offered_ways(capabilities: Iterable[Capability], *, timestamp: bool) -> set[str]:
    """Return by what a server can be logged in to; *timestamp*: its greeting has one for APOP.

    One that lists nothing is taken for one that knows USER and PASS (RFC 1939, section 7).
    """
    offered = {capability.tag: capability.params for capability in capabilities}
    ways = {word.upper() for word in offered.get("SASL", ())}
    if "USER" in offered or not offered:
        ways.add("USER")
    if timestamp:
        ways.add("APOP")
    return ways


def ways_offered_in(session: Session) -> frozenset[str]:
    """Return by what the server of *session* can be logged in to, as far as it has said."""
    offered = session.capabilities.get(session.state.phase, ())
    timestamp = session.greeting is not None and timestamp_of(session.greeting.raw) is not None
    return frozenset(offered_ways(offered, timestamp=timestamp))


def order_of_ways(
    *, password: bool, token: bool, in_tls: bool, auth: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return the ways that may be taken, the best first, with the secrets that there are.

    *auth* are those that somebody asked for.
    """
    if auth:
        return auth
    if token and not password:
        return WITH_TOKEN
    order = IN_TLS if in_tls else IN_CLEAR
    return (*WITH_TOKEN, *order) if token else order
