"""What a report keeps of a session: its exchanges, and what stands between them.

Times are seconds since the clock of the recording started.  Every text here may be shown.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from pop3spy.logs.words import ended, seconds
from pop3spy.protocol.frames import Side
from pop3spy.protocol.text import escape
from pop3spy.report.limits import INNER
from pop3spy.session.finding import Finding, Severity
from pop3spy.session.model import Exchange, Session


class AsideKind(Enum):
    """What stands in a transcript and is no exchange.

    A row has the word of its column, and its class in the style sheet: ``odd``, ``own`` or neither.
    """

    TLS = "TLS", "quiet"
    NOTE = "note", "quiet"
    CLOSING = "close", "quiet"
    UNREAD = "unread", "quiet"
    STRAY = "stray", "odd"
    OWN = "pop3spy", "own"
    PROBLEM = "problem", "odd"

    def __init__(self, word: str, look: str) -> None:
        self.word = word
        self.look = look


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


class WaitedFor(Enum):
    """Who was waited for, or that octets were coming; OWN is pop3spy.  The value is its class."""

    SERVER = "server"
    CLIENT = "client"
    TRANSFER = "xfer"
    OWN = "own"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GateDeed:
    """What a gate did about a frame of *side*, None of nobody: who did what.

    ``substitutes`` went on because of it, each in the name of a side.  ``stopped`` is whether the
    frame itself did not go on as it was; it is ``about_body`` if it was a piece of a body.
    """

    at: float
    text: str
    side: Side | None = None
    substitutes: tuple[tuple[Side, str], ...] = ()
    stopped: bool = False
    about_body: bool = False

    @property
    def lines(self) -> list[str]:
        """What is told of it, line by line: ``S» -ERR later`` is what a side was told."""
        return [self.text, *(f"{side.value}» {text}" for side, text in self.substitutes)]


@dataclass(slots=True, eq=False)
class CollectedExchange:
    """An exchange with what a report shows beside it.

    ``inner`` and ``deeds`` are the first of many; ``more_inner`` and ``more_deeds`` count the rest.
    ``lines`` are the first of its body, ``left`` how many more there are, None if nobody counted;
    ``subject`` and ``sender`` are those of a message that is not masked.  ``over_at`` is when it
    was certain what became of it, ``slow`` whether it was found that somebody waited too long,
    ``due`` whether its reply may still come.
    """

    exchange: Exchange
    inner: list[InnerLine] = field(default_factory=list)
    more_inner: int = 0
    deeds: list[GateDeed] = field(default_factory=list)
    more_deeds: int = 0
    problems: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    left: int | None = 0
    subject: str = ""
    sender: str = ""
    over_at: float | None = None
    slow: bool = False
    due: bool = False

    def add_inner(self, line: InnerLine) -> None:
        """Keep another line, or count it."""
        if len(self.inner) < INNER:
            self.inner.append(line)
        else:
            self.more_inner += 1

    def never_heard(self, held: GateDeed) -> None:
        """Know that nobody has decided about what was *held*, so it went nowhere."""
        self.deeds = [replace(one, stopped=True) if one is held else one for one in self.deeds]

    def add_deed(self, deed: GateDeed) -> None:
        """Keep what a gate did, or count it."""
        if len(self.deeds) < INNER:
            self.deeds.append(deed)
        else:
            self.more_deeds += 1

    @property
    def number(self) -> int:
        """Its place in the session, counted from 1."""
        return self.exchange.number

    @property
    def at(self) -> float:
        """When its command was whole."""
        return self.exchange.asked_at

    @property
    def ended_at(self) -> float:
        """When the last was said in it, as far as that is known."""
        exchange = self.exchange
        times = [exchange.ended_at, exchange.answered_at, *(line.at for line in self.inner)]
        times += [self.over_at] if exchange.status is None else []
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
        return not (self.exchange.complete or self.exchange.kept or self.due)

    @property
    def unanswered(self) -> str:
        """What stands where a reply would."""
        if self.exchange.odd:
            return "taken for the reply"
        return "no reply yet" if self.due else "no reply"

    def deeds_of(self, side: Side) -> list[GateDeed]:
        """Return what a gate did about what *side* said; a command of its own is the client's."""
        return [deed for deed in self.deeds if (deed.side or Side.CLIENT) is side]

    @property
    def curtailed(self) -> bool:
        """Whether a gate let less or something else of its body go on."""
        return any(deed.about_body and deed.stopped for deed in self.deeds)

    @property
    def proves(self) -> bool:
        """Whether it is one of the first places where something was found."""
        found = (place.exchange for one in self.findings for place in one.places)
        return self.number in found

    @property
    def unremarkable(self) -> bool:
        """Whether nothing about it is worth a look; what was found often proves no more here."""
        remarks = self.proves or self.deeds or self.problems or self.exchange.misplaced
        stray = any(line.stray for line in self.inner)
        return bool(self.exchange.ok) and not (self.broken or remarks or stray)


@dataclass(frozen=True, slots=True)
class CapabilityList:
    """What CAPA listed in exchange *number*; ``where`` is ``AUTHORIZATION``, inside TLS or not."""

    number: int
    where: str
    names: tuple[str, ...]


@dataclass(slots=True, eq=False)
class CollectedSession:
    """A session: ``label`` is how the report calls it, ``key`` the same for anchors.

    ``recording`` is the place of its recording among those of the report.  ``items`` are in the
    order in which they began, and ``findings`` the worst first.  ``last_at`` is when anything was
    told of it last.  It is ``running`` if it had not ended when the report was made.  ``turns`` are
    the times from which on somebody was waited for, none if that is not known; ``own_time`` are the
    spans in which pop3spy itself held something up.  Where times have ``leapt`` back, nothing is
    put in order by them.
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
    running: bool = False
    leapt: bool = False
    verdict: str = ""
    findings: list[Finding] = field(default_factory=list)
    turns: list[tuple[float, WaitedFor]] = field(default_factory=list)
    own_time: list[tuple[float, float]] = field(default_factory=list)
    capabilities: list[CapabilityList] = field(default_factory=list)
    passed_unread: bool = False
    masks: int = 0
    messages: int = 0

    def goes_on_at(self, now: float) -> None:
        """Know that it is *now*, and whether it had ended by then."""
        if self.session.ending is None:
            self.running, self.last_at = True, max(self.last_at, now)

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

    @property
    def worst(self) -> Severity | None:
        """How bad the worst is that was found in it."""
        return self.findings[0].severity if self.findings else None

    @property
    def client(self) -> str:
        """The client's address."""
        return escape(str(self.session.client))

    @property
    def server(self) -> str:
        """The server's address."""
        return escape(str(self.session.server))

    @property
    def peers(self) -> str:
        """Both addresses: ``192.0.2.17:50312 → mail.example.org:110``."""
        return f"{self.client} → {self.server}"

    @property
    def how(self) -> str:
        """How it ended, after what time, and why: ``ended by QUIT after 1.20 s``."""
        ending = self.session.ending
        if ending is None:
            return f"{self.end_words} after {seconds(self.duration)}"
        return ended(self.session, self.last_at, ending)

    @property
    def end_words(self) -> str:
        """How it ended, or that it had not: ``ended by QUIT``, ``still open``."""
        return "still open" if self.running else self.session.how.logged

    @property
    def why(self) -> str:
        """Why it ended, where there is more to say than how."""
        return escape(self.session.ending.why) if self.session.ending else ""
