"""What is said of a server that never said anything."""

from typing import Final

from pop3spy.protocol.frames import Side
from pop3spy.session.how import How
from pop3spy.session.model import Session

_BY_A_PEER: Final = frozenset(
    {How.CLIENT_CLOSED, How.CLIENT_RESET, How.SERVER_CLOSED, How.SERVER_RESET, How.TIMEOUT}
)
_LEAST: Final = 1.0
"""Seconds of silence in which a server could have greeted."""


def silence_text(session: Session, at: float) -> str:
    """Return what to tell of a session that ended *at* that time without a word of its server.

    A server that expects TLS from the start waits for the client, as the client waits for it; or it
    hangs up when the client says something in clear.  Empty: there is nothing to tell.
    """
    ending = session.ending
    if session.greeting or session.totals.octets[Side.SERVER] or "server" in session.legs:
        return ""
    if ending is None or ending.how not in _BY_A_PEER:
        return ""
    hung_up = ending.how.by is Side.SERVER and session.totals.octets[Side.CLIENT]
    if not hung_up and (ending.at or at) - session.opened_at < _LEAST:
        return ""
    return (
        "the server sent no greeting; one that wants TLS from the start does that:"
        f" --upstream pop3s://{session.server}"
    )
