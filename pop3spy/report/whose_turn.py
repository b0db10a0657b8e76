"""Whose turn it was in a session, from when on."""

from pop3spy.protocol.states import State
from pop3spy.report.collected import WaitedFor
from pop3spy.session.events import Event
from pop3spy.session.model import Session
from pop3spy.session.waiting import OwedReplies


class WhoseTurn:
    """Reads the events of *session* into *turns*: times, and who was waited for from then on."""

    def __init__(self, session: Session, turns: list[tuple[float, WaitedFor]]) -> None:
        self._session = session
        self._turns = turns
        self._owed = OwedReplies()
        self._follow = self._owed(session)

    def read(self, event: Event) -> None:
        """Take in what happened."""
        self._follow(event)
        waited_for = self._waited_for()
        if not self._turns or self._turns[-1][1] is not waited_for:
            self._turns.append((event.at, waited_for))

    def _waited_for(self) -> WaitedFor:
        session = self._session
        if session.blind or session.state in (State.TLS, State.OPAQUE):
            return WaitedFor.UNKNOWN
        owed = self._owed.of(session)
        if owed is None:
            return WaitedFor.CLIENT
        status = owed.exchange.status if owed.exchange else None
        return WaitedFor.TRANSFER if status and status.final else WaitedFor.SERVER
