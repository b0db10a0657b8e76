"""What pop3spy did itself in a session: what follows from that is nobody's fault."""

from collections.abc import Collection
from typing import Final

from pop3spy.findings.rule import Rule, Scope
from pop3spy.session.deeds import TAKES_TIME, Deed
from pop3spy.session.events import Intervened
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Exchange

_LETS_PASS: Final = frozenset({Deed.RELEASED})
_BEGINS_TLS: Final = frozenset(
    {Deed.STLS_GRANTED, Deed.STLS_FIRST, Deed.STLS_LISTED, Deed.STLS_CUT_OFF}
)
OURS: Final = frozenset({How.TIMEOUT, How.SHUTDOWN, How.REFUSED, How.GATE, How.CUT})
"""Endings that neither peer chose, or that nobody saw."""
_WIDE: Final = frozenset({Scope.CONNECTION, Scope.TIMING, Scope.HISTORY})
_AT_STAKE: Final = {
    "login": Severity.WARNING,
    "security": Severity.WARNING,
    "loss": Severity.ERROR,  # leaving without QUIT is what a person does, and is told of
}
"""From which severity on a person who types hears of their own deeds, by the group of the rule."""
SERVED: Final = frozenset({AtFault.SERVER, AtFault.NETWORK})
"""Who is spared where the server is ours: what it says amiss, it says on purpose."""


class OwnDeeds:
    """Knows which exchanges were touched, and whether the session as a whole was.

    Those who are *spared* are ours; *typed* is whether a person is the client.
    """

    def __init__(self, *, typed: bool, spared: frozenset[AtFault]) -> None:
        self._typed = typed
        self._spared = spared
        self._touched: set[int] = set()
        self._changed = False
        self._slowed = False
        self._ended = False

    def learn(self, event: Intervened) -> None:
        """Take in what a gate did."""
        deed = event.did.deed
        if event.exchange is not None:
            self._touched.add(event.exchange.number)
        if deed in TAKES_TIME:
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

    def spares(self, rule: Rule, severity: Severity, fault: Collection[AtFault]) -> bool:
        """Return whether those whose *fault* it is did on purpose what *rule* found.

        A person who types tries things out, and sees the reply: only a login, a secret or mail that
        suffers is worth a word.
        """
        if self._spared.issuperset(fault):
            return True
        if not self._typed or set(fault) != {AtFault.CLIENT}:
            return False
        least = _AT_STAKE.get(rule.group)
        return least is None or severity.value < least.value
