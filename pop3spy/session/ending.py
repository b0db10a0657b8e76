"""How a session ended: who closed first decides it, wherever that was read from."""

from dataclasses import replace
from typing import Final

from pop3spy.errors import Unreached
from pop3spy.protocol.frames import Side
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Session

_BY_CLOSING: Final = frozenset(
    {How.QUIT, *(How.by_peer(side, reset=reset) for side in Side for reset in (False, True))}
)
_CLOSED: Final = (Ending(How.CLIENT_CLOSED), Ending(How.SERVER_CLOSED))


def ending_of_link(told: Ending | None, *, reached: bool) -> Ending:
    """Return how a link ended of which *told* is known; *reached*: a server has taken part."""
    ending = told or Ending(How.CLIENT_CLOSED)
    if reached or ending.how.by is None:
        return ending
    return replace(ending, unreached=Unreached.UNDECIDED)


def ending_of(session: Session, told: Ending) -> Ending:
    """Return how *session* ended, of which *told* is known; one with a reason is told as it is.

    Whoever closes behind an answered QUIT, it is an end by QUIT.
    """
    if told.how in _BY_CLOSING and session.closings and not told.why:
        first = session.closings[0]
        same = told.how is How.QUIT or told.how.by is first.side
        how = told.how if same else How.by_peer(first.side, reset=first.reset)
        told = replace(told, how=how, at=first.at)
    if told in _CLOSED and session.said_goodbye:
        return replace(told, how=How.QUIT)
    return told
