"""What pop3spy did itself in a session: what follows from that is nobody's fault."""

from typing import Final

from pop3spy.findings.rule import Rule, Scope
from pop3spy.session.deeds import Deed
from pop3spy.session.events import Intervened
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Exchange

_LETS_PASS: Final = frozenset({Deed.RELEASED})
_TAKES_TIME: Final = frozenset({Deed.HELD, Deed.DELAYED, Deed.SLOWED, Deed.SLICED, Deed.STALLED})
_BEGINS_TLS: Final = frozenset(
    {Deed.STLS_GRANTED, Deed.STLS_FIRST, Deed.STLS_LISTED, Deed.STLS_CUT_OFF}
)
OURS: Final = frozenset({How.TIMEOUT, How.SHUTDOWN, How.REFUSED, How.GATE, How.CUT})
"""Endings that neither peer chose, or that nobody saw."""
_WIDE: Final = frozenset({Scope.CONNECTION, Scope.TIMING, Scope.HISTORY})


class OwnDeeds:
    """Knows which exchanges were touched, and whether the session as a whole was."""

    def __init__(self) -> None:
        self._touched: set[int] = set()
        self._changed = False
        self._slowed = False
        self._ended = False

    def learn(self, event: Intervened) -> None:
        """Take in what a gate did."""
        deed = event.did.deed
        if event.exchange is not None:
            self._touched.add(event.exchange.number)
        if deed in _TAKES_TIME:
            self._slowed = True
        elif deed not in _BEGINS_TLS and deed not in _LETS_PASS:
            self._changed = True

    def touch(self, exchange: Exchange) -> None:
        """Take in that the server did not hear of *exchange* what the client said."""
        self._touched.add(exchange.number)
        self._changed = True

    def end(self, ending: Ending) -> None:
        """Take in how the session ended."""
        self._ended = ending.how in OURS

    def explains(self, rule: Rule, place: int | None) -> bool:
        """Return whether what *rule* found at an exchange, or in the session, may be our doing."""
        if place in self._touched:
            return True
        if self._changed and (place is None or rule.scope in _WIDE):
            return True
        if self._slowed and (rule.scope is Scope.TIMING or (place is None and rule.scope in _WIDE)):
            return True  # a client that had to wait may have given up
        return self._ended and rule.scope in _WIDE and place is None
