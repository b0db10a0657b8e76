"""Which finding speaks where several hold: the specific one beats the general one."""

from collections.abc import Iterable, Iterator, Mapping

from pop3spy.findings.rule import Claim, Rule
from pop3spy.session.finding import Finding

Candidate = tuple[Rule, Claim, int | None]
"""A rule, what it says, and the exchange that it is about; None: the whole connection."""


class Precedence:
    """The chains of all *rules*: who is beaten by whom, through others as well."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._beaten: dict[str, frozenset[str]] = {
            name: frozenset(_reached(name, rules)) for name in rules
        }

    def beats(self, specific: str, general: str) -> bool:
        """Return whether only *specific* is raised where both hold."""
        return general in self._beaten.get(specific, ())

    def survivors(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Return those of *candidates*, all raised at once, that no other of them beats.

        One rule may have something to say of each line of a listing, so rules are compared, and
        what they say only where one beats the other.
        """
        all_of_them = list(candidates)
        if len(all_of_them) == 1:  # as nearly always
            return all_of_them
        by_rule: dict[str, list[Candidate]] = {}
        for candidate in all_of_them:
            by_rule.setdefault(candidate[0].id, []).append(candidate)
        better = {name: [*self._beating(name, by_rule)] for name in by_rule}
        return [
            mine
            for mine in all_of_them
            if not any(_meet(other, mine[2]) for other in better[mine[0].id])
        ]

    def _beating(self, general: str, by_rule: Mapping[str, list[Candidate]]) -> Iterator[Candidate]:
        """Yield what those of the rules say that beat *general*."""
        for name, said in by_rule.items():
            if self.beats(name, general):
                yield from said

    def is_beaten(self, candidate: Candidate, raised: Iterable[Finding]) -> bool:
        """Return whether something that was *raised* before says it better."""
        rule, claim, place = candidate
        return any(
            self.beats(finding.id, rule.id) and _touches(finding, place, claim.covers)
            for finding in raised
        )

    def explained(self, candidate: Candidate, raised: Iterable[Finding]) -> list[Finding]:
        """Return what was *raised* before, more generally, of the same place."""
        rule, claim, place = candidate
        return [
            finding
            for finding in raised
            if finding.explained_by is None
            and self.beats(rule.id, finding.id)
            and _touches(finding, place, claim.covers)
        ]


def _reached(name: str, rules: Mapping[str, Rule]) -> set[str]:
    found: set[str] = set()
    waiting = list(rules[name].beats)
    while waiting:
        beaten = waiting.pop()
        if beaten not in found:
            found.add(beaten)
            waiting += rules[beaten].beats if beaten in rules else ()
    return found


def _meet(specific: Candidate, place: int | None) -> bool:
    _, claim, at = specific
    return place is None or at is None or at == place or place in claim.covers


def _touches(finding: Finding, place: int | None, covers: tuple[int, ...]) -> bool:
    if place is None or finding.exchange is None:
        return True
    seen = {finding.last, *finding.covers, *(where.exchange for where in finding.places)}
    return place in seen or bool(seen & set(covers))
