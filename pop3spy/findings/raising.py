"""From what rules say to findings: each once a session, the specific before the general."""

from collections.abc import Callable

from pop3spy.findings.observed import Observed
from pop3spy.findings.own_deeds import OwnDeeds
from pop3spy.findings.precedence import Candidate, Precedence
from pop3spy.findings.rule import Claim, Rule
from pop3spy.findings.wording import plain
from pop3spy.session.events import Raised, Told
from pop3spy.session.finding import AtFault, Finding, SeenAt, Severity


class Raising:
    """Raises the findings of one session; ``own`` is what pop3spy did itself there.

    Of what only those *spared* would have to change, nothing is raised.
    """

    def __init__(
        self,
        observed: Observed,
        precedence: Precedence,
        publish: Callable[[Told], None],
        spared: frozenset[AtFault],
    ) -> None:
        self.own = OwnDeeds(typed=observed.session.typed, spared=spared)
        self._observed = observed
        self._session = observed.session
        self._precedence = precedence
        self._publish = publish
        self._by_id: dict[str, Finding] = {}

    def raise_all(self, candidates: list[Candidate], at: float) -> None:
        """Raise what is left of *candidates* when the specific ones have beaten the general."""
        precedence, raised = self._precedence, self._session.findings
        for candidate in precedence.survivors(candidates):
            rule, claim, place = candidate
            if self.own.explains(rule, place) or precedence.is_beaten(candidate, raised):
                continue
            severity, fault = self._severity(rule, claim), claim.fault or rule.fault
            if self.own.spares(rule, severity, fault):
                continue
            when = at if claim.at is None else claim.at
            for general in precedence.explained(candidate, raised):
                general.explain(rule.id, place)
            if (known := self._by_id.get(rule.id)) is not None:
                known.seen_again(place, when)
                known.covers = claim.covers or known.covers
            else:
                self._keep(self._finding(rule, claim, place, when), at)

    def _finding(self, rule: Rule, claim: Claim, place: int | None, when: float) -> Finding:
        return Finding(
            rule.id,
            self._severity(rule, claim),
            claim.fault or rule.fault,
            claim.text,
            plain(rule.remedy if claim.remedy is None else claim.remedy),
            when,
            place,
            claim.evidence,
            places=[SeenAt(place, when)],
            last=place,
            covers=claim.covers,
        )

    def _severity(self, rule: Rule, claim: Claim) -> Severity:
        severity = claim.severity or rule.severity
        return Severity.INFO if rule.about_clear and self._observed.local else severity

    def _keep(self, finding: Finding, at: float) -> None:
        self._by_id[finding.id] = finding
        exchange = self._session.keep(finding)
        self._publish(Raised(self._session, at, finding, exchange))
