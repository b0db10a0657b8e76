"""Asks rules about what happened in one session, each alone: one that fails harms no other."""

from collections.abc import Callable
from typing import Any

from pop3spy.findings.dispatch import Way, Ways
from pop3spy.findings.observed import Observed
from pop3spy.findings.precedence import Candidate
from pop3spy.findings.rule import Claims, Rule, Scope
from pop3spy.session.events import Event
from pop3spy.session.model import Exchange

Check = Callable[..., Claims]
"""What a rule asks later: it is given the ``Observed`` and what the rule adds."""


class Asking:
    """Asks the rules of one session; *failed* is told of a rule that fails, which is then left out.

    ``way`` is the one that is being asked.
    """

    def __init__(self, observed: Observed, failed: Callable[[Rule, Exception], None]) -> None:
        self.way: Way | None = None
        self._observed = observed
        self._failed = failed
        self._left_out: set[str] = set()
        self._made: dict[str, Any] = {}  # what rules that are classes keep of the session
        self._methods: dict[Way, Callable[[Event | None], Claims]] = {}

    def about(self, ways: Ways, event: Event | None, exchange: Exchange | None) -> list[Candidate]:
        """Return what the rules say of *event*, which is about *exchange*."""
        observed = self._observed
        careful = observed.joined or observed.lost or observed.opaque or self._left_out
        found: list[Candidate] = []
        for way in ways:
            if careful and not self._may_be_asked(way.rule):
                continue
            self.way = way
            try:
                if way.method is None:
                    claims = way.rule.made(observed, event)
                else:
                    claims = (self._methods.get(way) or self._method(way, way.method))(event)
                for claim in claims:  # a comprehension would cost more where nothing is claimed
                    found.append((way.rule, claim, _place(claim.exchange, exchange)))  # noqa: PERF401
            except Exception as error:  # noqa: BLE001 - a rule that fails must not stop the others
                self._leave_out(way.rule, error)
        self.way = None
        return found

    def check(
        self, way: Way, check: Check, args: tuple[Any, ...], exchange: Exchange | None
    ) -> list[Candidate]:
        """Return what a rule says now of what it wanted to see later."""
        if not self._may_be_asked(way.rule):
            return []
        self.way = way
        try:
            claims = check(self._observed, *args)
            return [(way.rule, claim, _place(claim.exchange, exchange)) for claim in claims]
        except Exception as error:  # noqa: BLE001 - as above
            self._leave_out(way.rule, error)
            return []
        finally:
            self.way = None

    def _may_be_asked(self, rule: Rule) -> bool:
        observed = self._observed
        if rule.id in self._left_out or (observed.joined and rule.needs_start):
            return False
        if observed.lost and rule.scope is not Scope.LINE:
            return False
        return not observed.opaque or rule.opaque_too

    def _method(self, way: Way, name: str) -> Callable[[Event | None], Claims]:
        rule = way.rule
        made = self._made.get(rule.id)
        if made is None:
            made = self._made[rule.id] = rule.made(self._observed)
        method: Callable[[Event | None], Claims] = getattr(made, name)
        self._methods[way] = method
        return method

    def _leave_out(self, rule: Rule, error: Exception) -> None:
        self._left_out.add(rule.id)
        self._failed(rule, error)


def _place(claimed: int | None, exchange: Exchange | None) -> int | None:
    """Return the exchange that a claim is about; None: the whole connection."""
    if claimed is None:
        return exchange.line.number if exchange else None
    return claimed or None
