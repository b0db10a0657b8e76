"""What is known of a session while it lasts: the objects that every reader of events sees.

Rules: only the tracker changes them; they hold what may be shown and nothing else.  Times are
seconds since the clock started; sizes are octets, a masked secret counting as it is shown.
"""

import re
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from pop3spy.protocol.capabilities import Capability
from pop3spy.protocol.commands import Command
from pop3spy.protocol.frames import CommandLine, Side, StatusLine
from pop3spy.protocol.states import State
from pop3spy.session.tls import Tls

HISTORY = 1000
"""How many exchanges a session remembers."""
HEAD = 16384
"""How many octets of a body are kept until it has been told of."""

_STUFFED = re.compile(rb"\n\.")  # a compiled pattern is twice as fast as bytes.count here


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


class How(Enum):
    """How a session ended."""

    QUIT = "quit"  # the server answered QUIT, and either side closed the connection
    CLIENT_CLOSED = "client_closed"
    SERVER_CLOSED = "server_closed"
    CLIENT_RESET = "client_reset"
    SERVER_RESET = "server_reset"
    TIMEOUT = "timeout"  # nobody spoke for as long as --idle-timeout says
    SHUTDOWN = "shutdown"  # pop3spy was stopped
    UNREACHABLE = "unreachable"  # no upstream server answered
    TLS = "tls"  # a handshake failed, or TLS broke
    REFUSED = "refused"  # too many sessions, or nobody told whom it is from
    GATE = "gate"  # a fault or a person ended it
    CUT = "cut"  # the recording ends here


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session ended, and why in words where there is more to say."""

    how: How
    why: str = ""


@dataclass(slots=True)
class Body:
    """A multi-line reply, without its lone dot; a message that the client sends is not kept.

    ``octets`` counts the wire, stuffed dots included; ``lines`` is None for messages, whose lines
    nobody counts; ``head`` is there only until the exchange has been told of.
    """

    octets: int = 0
    stuffed: int = 0
    lines: int | None = None
    head: bytes = b""
    complete: bool = False
    at_line_start: bool = True

    def add(self, part: bytes) -> None:
        """Count another part of it, which may begin in the middle of a line."""
        self.octets += len(part)
        self.stuffed += len(_STUFFED.findall(part))
        self.stuffed += self.at_line_start and part.startswith(b".")
        self.at_line_start = part.endswith(b"\n")
        if self.lines is not None:
            self.lines += part.count(b"\n")
        if len(self.head) < HEAD:
            self.head += part[: HEAD - len(self.head)]

    @property
    def size(self) -> int:
        """Octets of the content: what a LIST should have said (RFC 1939, section 11)."""
        return self.octets - self.stuffed


@dataclass(slots=True)
class Exchange:
    """A command and its reply.

    ``asked_at`` is when the command was whole, ``answered_at`` when the first octet of the reply
    came, ``ended_at`` when its last did; ``steps`` counts the client's answers inside AUTH.
    ``line`` is what the server heard; ``original`` is what the client said, if a gate changed or
    kept that, and ``injected`` says that the client said nothing.
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
    user: str | None = None
    original: CommandLine | None = None
    injected: bool = False

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
    """One client's connection, and what became of it."""

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
    parting: str | None = None
    blind: bool = False
    ending: Ending | None = None

    @property
    def said_goodbye(self) -> bool:
        """Whether QUIT was answered in a session that lasts; before login that leads to CLOSED.

        So does a greeting that refuses the client.
        """
        welcome = self.greeting is not None and self.greeting.ok
        return bool(welcome) and self.state in (State.UPDATE, State.CLOSED)

    @property
    def tls(self) -> Tls | None:
        """What was agreed with the server, or else with the client; None without TLS."""
        return self.legs.get("server") or self.legs.get("client")
