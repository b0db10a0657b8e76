"""What was found in a session: what is wrong, or worth an explanation, and where it is seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

PLACES: Final = 3
"""How many of the places where it was found a finding keeps."""

MORE: Final = 1000
"""How many exchanges it keeps the numbers of where it was seen behind those places."""

Evidence = Mapping[str, str | int | float | bool]
"""What a finding rests on: numbers, times and words of a table; never octets of a secret."""


class Severity(Enum):
    """How bad a finding is; a higher value is worse."""

    INFO = 1  # it explains what happened, and nobody need act
    WARNING = 2  # it is tolerated and known to hurt
    ERROR = 3  # a MUST is broken, or mail or credentials are at stake

    @property
    def word(self) -> str:
        """Its name as people and machines read it: ``warning``."""
        return self.name.lower()


class AtFault(Enum):
    """Who has to change something, which is not the same as who is guilty."""

    CLIENT = "client"
    SERVER = "server"
    NETWORK = "network"
    CONFIG = "config"  # both sides work, and their settings do not match


@dataclass(frozen=True, slots=True)
class SeenAt:
    """Where a finding was seen: the number of the exchange, if it has one, and the time."""

    exchange: int | None
    at: float


@dataclass(slots=True)
class Finding:
    """One finding of a session, however often it was seen there.

    ``id`` is that of its rule.  ``text`` is one sentence for people, ``remedy`` what to do about
    it; both may be shown as they are, for what they quote is escaped.  ``exchange`` is the number
    of the exchange where it was seen first, at the time ``at``; ``places`` are that and the next
    two, ``further`` the exchanges behind those, as far as they are kept, ``last`` is the latest;
    ``covers`` are other exchanges that it explains.  ``explained_by`` is the id of a more specific
    finding that came later and tells what this one really was, wherever it was seen.
    """

    id: str
    severity: Severity
    fault: tuple[AtFault, ...]
    text: str
    remedy: str
    at: float
    exchange: int | None = None
    evidence: Evidence = field(default_factory=dict)
    count: int = 1
    places: list[SeenAt] = field(default_factory=list)
    further: list[int] = field(default_factory=list)
    last: int | None = None
    covers: tuple[int, ...] = ()
    explained: int = 0  # how often
    explained_by: str | None = None

    @property
    def whose(self) -> str:
        """Who has to change something: ``client``, ``server or network``."""
        return " or ".join(fault.value for fault in self.fault)

    @property
    def exchanges(self) -> list[int]:
        """The exchanges where it was seen, as far as they are kept."""
        first = [place.exchange for place in self.places if place.exchange is not None]
        return [*first, *self.further]

    def facts(self) -> dict[str, object]:
        """Return what machines are told of it; ``finding_from`` reads it again."""
        return {
            "id": self.id,
            "severity": self.severity.word,
            "fault": [fault.value for fault in self.fault],
            "exchange": self.exchange,
            "text": self.text,
            "remedy": self.remedy,
            "evidence": dict(self.evidence),
        }

    def tally(self) -> list[object]:
        """Return, by the id, what may have changed since it was raised; ``take_tally`` takes it."""
        places = [[place.exchange, place.at] for place in self.places]
        last = self.last, self.further
        return [self.id, self.count, self.explained, self.explained_by, *last, places]

    def take_tally(self, tally: Sequence[Any]) -> None:
        """Take what has changed since it was raised, as another process tells it."""
        _, self.count, self.explained, self.explained_by, self.last, self.further, places = tally
        self.places = [SeenAt(exchange, at) for exchange, at in places]

    def seen_again(self, exchange: int | None, at: float) -> None:
        """Count it once more."""
        self.count += 1
        self.last = exchange
        self.explained_by = None
        if len(self.places) < PLACES:
            self.places.append(SeenAt(exchange, at))
        elif exchange is not None and len(self.further) < MORE:
            self.further.append(exchange)

    def explain(self, by: str, exchange: int | None) -> None:
        """Know that the finding *by* tells what was seen at *exchange*, or everywhere."""
        everywhere = exchange is None or self.exchange is None
        self.explained = self.count if everywhere else min(self.explained + 1, self.count)
        if self.explained == self.count:
            self.explained_by = by


def finding_from(facts: Mapping[str, Any], at: float) -> Finding:
    """Return the finding of which another process told *facts*."""
    exchange = facts["exchange"]
    return Finding(
        facts["id"],
        Severity[facts["severity"].upper()],
        tuple(map(AtFault, facts["fault"])),
        facts["text"],
        facts["remedy"],
        at,
        exchange,
        facts["evidence"],
        places=[SeenAt(exchange, at)],
        last=exchange,
    )


def worth_telling(findings: Iterable[Finding], least: Severity) -> list[Finding]:
    """Return those that nothing later explained and that are at least so bad, the worst first."""
    told = [one for one in findings if not one.explained_by and one.severity.value >= least.value]
    return sorted(told, key=lambda finding: (-finding.severity.value, finding.at))
