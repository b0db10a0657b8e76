"""What is known of a session while it lasts: the objects that every reader of events sees.

Rules: only the tracker changes them; they hold what may be shown and nothing else.  Times are
seconds since the clock started; sizes are octets, a masked secret counting as it is shown.
"""

from collections import deque
from dataclasses import dataclass, field

from pop3spy.protocol.capabilities import Capability
from pop3spy.protocol.commands import Command, Shape
from pop3spy.protocol.frames import CommandLine, Junk, Side, StatusLine
from pop3spy.protocol.states import State
from pop3spy.session.body import Body
from pop3spy.session.finding import Finding
from pop3spy.session.how import Closing, Ending, How
from pop3spy.session.maildrop import SeenMaildrop
from pop3spy.session.tls import Tls

HISTORY = 1000
"""How many exchanges a session remembers."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One end of a connection."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return ``host:port``, with an IPv6 address in brackets; the host alone without a port."""
        if not self.port:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(slots=True)
class Exchange:
    """A command and its reply.

    ``asked_at`` is when the command was whole, ``answered_at`` when the first octet of the reply
    came, ``ended_at`` when its last did; ``steps`` counts the client's answers inside AUTH.
    ``odd`` is the last line without a status that came, at ``odd_at``, while the reply was due.
    ``line`` is what the server heard; ``original`` is what the client said, if a gate changed or
    kept that, and ``injected`` says that the client said nothing.  ``findings`` is None where
    nothing was found.
    """

    line: CommandLine
    asked_at: float
    state_before: State
    state_after: State
    status: StatusLine | None = None
    body: Body | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    steps: int = 0
    odd: Junk | None = None
    odd_at: float = 0.0
    user: str | None = None
    original: CommandLine | None = None
    injected: bool = False
    findings: list[Finding] | None = None

    @property
    def number(self) -> int:
        """Its place in the session, counted from 1."""
        return self.line.number

    @property
    def command(self) -> Command:
        """What was asked, as it may be shown."""
        return self.line.command

    @property
    def said(self) -> CommandLine:
        """What the client said; of an injected command, what the server heard."""
        return self.original or self.line

    @property
    def changed(self) -> bool:
        """Whether the server heard something else than the client said."""
        return self.original is not None and self.original is not self.line

    @property
    def kept(self) -> bool:
        """Whether the server heard nothing of it."""
        return self.original is self.line

    @property
    def ok(self) -> bool | None:
        """Whether the reply was positive; None without a reply."""
        return self.status.ok if self.status else None

    @property
    def answered(self) -> bool:
        """Whether anything came in reply, were it no status line."""
        return self.status is not None or self.odd is not None

    @property
    def wrong_shape(self) -> bool:
        """Whether a listing answered a command that is answered in one line."""
        return self.body is not None and self.command.shape is Shape.LINE

    @property
    def complete(self) -> bool:
        """Whether the whole reply was seen."""
        if self.status is None:
            return False
        return self.body.complete if self.body else not self.status.has_body

    @property
    def misplaced(self) -> bool:
        """Whether the standard does not allow what was said in the state it was answered in."""
        spec = self.said.command.spec
        return spec is not None and self.state_before not in spec.states

    @property
    def latency(self) -> float | None:
        """Seconds from the command to the first octet of its reply."""
        return None if self.answered_at is None else max(0.0, self.answered_at - self.asked_at)

    @property
    def duration(self) -> float | None:
        """Seconds from the command to the last octet of its reply."""
        return None if self.ended_at is None else max(0.0, self.ended_at - self.asked_at)


@dataclass(slots=True)
class Totals:
    """What a session amounts to."""

    commands: int = 0
    refused: int = 0
    unanswered: int = 0
    retrieved: int = 0
    deleted: int = 0
    octets: dict[Side, int] = field(default_factory=lambda: {Side.CLIENT: 0, Side.SERVER: 0})


@dataclass(slots=True)
class Session:
    """One client's connection, and what became of it.

    ``outstanding`` are the exchanges that were asked and not answered to their end.  ``state`` is
    what the protocol says; that the connection is over, ``ending`` tells.  ``typed`` is whether a
    person types what the client says, and unknown commands are shown.
    """

    id: int
    client: Peer
    server: Peer
    opened_at: float
    state: State = State.GREETING
    user: str | None = None
    login: str | None = None  # PASS, APOP, or AUTH with its mechanism
    greeting: StatusLine | None = None
    capabilities: dict[State, tuple[Capability, ...]] = field(default_factory=dict)
    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=HISTORY))
    totals: Totals = field(default_factory=Totals)
    legs: dict[str, Tls] = field(default_factory=dict)  # by the side that it was agreed with
    outstanding: dict[int, Exchange] = field(default_factory=dict)  # in the order asked
    said_goodbye: bool = False  # QUIT was answered, and nothing behind it
    parting: str | None = None  # what the server said unasked behind the last command
    blind: bool = False
    closings: list[Closing] = field(default_factory=list)  # in the order in which they came
    ending: Ending | None = None
    typed: bool = False
    findings: list[Finding] = field(default_factory=list)  # in the order in which they were raised
    _maildrop: SeenMaildrop | None = field(default=None, init=False, repr=False)

    @property
    def maildrop(self) -> SeenMaildrop:
        """What was told of the maildrop; made when first asked for, as many sessions are idle."""
        if self._maildrop is None:
            self._maildrop = SeenMaildrop()
        return self._maildrop

    def keep_every_exchange(self) -> None:
        """Remember all exchanges from now on, for a reader that has room for them."""
        self.exchanges = deque(self.exchanges)

    def keep(self, finding: Finding) -> Exchange | None:
        """Keep what was found, also with the exchange that it is about; return that, if known."""
        self.findings.append(finding)
        if finding.exchange is None:
            return None
        for exchange in reversed(self.exchanges):
            if exchange.number == finding.exchange:
                exchange.findings = [*(exchange.findings or ()), finding]
                return exchange
        return None

    @property
    def refused(self) -> bool:
        """Whether the greeting sent the client away; the state is AUTHORIZATION all the same."""
        return self.greeting is not None and not self.greeting.ok

    @property
    def how(self) -> How:
        """How it ended; one whose end is not known was cut off."""
        return self.ending.how if self.ending else How.CUT

    @property
    def tls(self) -> Tls | None:
        """What was agreed with the server, or else with the client; None without TLS."""
        return self.legs.get("server") or self.legs.get("client")
