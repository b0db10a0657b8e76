"""What a report keeps of a session: its exchanges, and what stands between them.

Times are seconds since the clock of the recording started.  Every text here is escaped.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from pop3spy.protocol.frames import Side
from pop3spy.session.finding import Finding
from pop3spy.session.model import Exchange, Session


class AsideKind(Enum):
    """What stands in a transcript and is no exchange; the value is the word of its column."""

    TLS = "TLS"
    NOTE = "note"
    CLOSING = "close"
    UNREAD = "unread"
    STRAY = "stray"
    OWN = "pop3spy"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Aside:
    """Something that happened beside all exchanges; *side* is who did it, None nobody or both."""

    kind: AsideKind
    at: float
    text: str
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class InnerLine:
    """A line that was said inside an exchange: challenges and their answers, stray lines.

    It is ``stray`` if it is no part of what the protocol asks for.
    """

    at: float
    side: Side
    text: str
    stray: bool = False


@dataclass(frozen=True, slots=True)
class GateDeed:
    """What a gate did in an exchange: who did what, and the lines that went on because of it.

    It ``waits`` if time passed because of it that neither side took.
    """

    at: float
    text: str
    waits: bool = False
    went_on: tuple[tuple[Side, str], ...] = ()


@dataclass(slots=True)
class CollectedExchange:
    """An exchange with what a report shows beside it.

    ``lines`` are the first of its body, ``left`` how many more there are, None if nobody counted;
    ``subject`` and ``sender`` are those of a message that is not masked.  ``over`` is whether it
    is certain what became of it.
    """

    exchange: Exchange
    steps: list[InnerLine] = field(default_factory=list)
    gates: list[GateDeed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    left: int | None = 0
    subject: str = ""
    sender: str = ""
    over: bool = False

    @property
    def number(self) -> int:
        """Its place in the session, counted from 1."""
        return self.exchange.number

    @property
    def asked_at(self) -> float:
        """When its command was whole."""
        return self.exchange.asked_at

    @property
    def ended_at(self) -> float:
        """When the last was said in it, as far as that is known."""
        exchange = self.exchange
        times = [exchange.ended_at, exchange.answered_at, *(step.at for step in self.steps)]
        return max([exchange.asked_at, *(time for time in times if time is not None)])

    @property
    def transfer(self) -> float | None:
        """Seconds from the first octet of its reply to the last of a body; None without a body."""
        exchange = self.exchange
        if exchange.body is None or exchange.answered_at is None or exchange.ended_at is None:
            return None
        return max(0.0, exchange.ended_at - exchange.answered_at)

    @property
    def broken(self) -> bool:
        """Whether the reply is missing or ends too early; what a gate kept back is not broken."""
        return not self.exchange.complete and not self.exchange.kept

    @property
    def plain(self) -> bool:
        """Whether nothing about it is worth a look."""
        told = self.findings or self.gates or self.problems or self.exchange.misplaced
        stray = any(step.stray for step in self.steps)
        return bool(self.exchange.ok) and not (self.broken or told or stray)


@dataclass(frozen=True, slots=True)
class CapabilityList:
    """What CAPA listed in exchange *number*; ``where`` is ``AUTHORIZATION``, inside TLS or not."""

    number: int
    where: str
    names: tuple[str, ...]


@dataclass(slots=True)
class CollectedSession:
    """A session: ``label`` is how the report calls it, ``key`` the same for anchors.

    ``recording`` is the place of its recording among those of the report.  ``items`` come in the
    order in which they began.  ``last_at`` is when anything was told of it last.
    """

    session: Session
    recording: int
    label: str
    key: str
    date: datetime
    items: list[CollectedExchange | Aside] = field(default_factory=list)
    greeting: str = ""
    greeted_at: float | None = None
    last_at: float = 0.0
    verdict: str = ""
    findings: list[Finding] = field(default_factory=list)
    capabilities: list[CapabilityList] = field(default_factory=list)
    masks: int = 0
    messages: int = 0

    @property
    def title(self) -> str:
        """Its label as a heading: ``Session 3``, or ``Session r1 s3`` of several recordings."""
        return f"Session {self.label.removeprefix('s')}"

    @property
    def exchanges(self) -> list[CollectedExchange]:
        """Its exchanges, in the order in which they were asked."""
        return [item for item in self.items if isinstance(item, CollectedExchange)]

    @property
    def opened_at(self) -> float:
        """When the client connected."""
        return self.session.opened_at

    @property
    def ended_at(self) -> float:
        """When the first side closed, or the session was over."""
        ending = self.session.ending
        at = None if ending is None else ending.at
        return max(self.opened_at, self.last_at if at is None else at)

    @property
    def duration(self) -> float:
        """Seconds that it lasted, as far as it was recorded."""
        return self.ended_at - self.opened_at

    @property
    def at_its_end(self) -> list[Finding]:
        """The findings that are about the whole connection, and no exchange."""
        return [one for one in self.findings if one.exchange is None]
