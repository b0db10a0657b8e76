"""What any recording of sessions gives, in the order in which it happened.

Live links have no need of these; captures and packet captures are read into them, and
``playback`` makes of them the same events that the sessions had when they took place.

Rule: an item is read-only.  ``Spoke`` is not frozen, since there are millions, and making one that
is takes twice as long.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pop3spy.protocol.facts import NO_FACTS, Facts
from pop3spy.protocol.frames import Side, Spans
from pop3spy.protocol.why import Why
from pop3spy.session.chunk import Chunk
from pop3spy.session.deeds import Done
from pop3spy.session.how import Ending
from pop3spy.session.model import Peer


@dataclass(frozen=True, slots=True)
class Began:
    """A client connected; ``at`` is in seconds since the recording started.

    ``typed`` is whether a person typed what the client said, so that it was shown.
    """

    session: int
    at: float
    client: Peer
    server: Peer
    typed: bool = False


@dataclass(slots=True)
class Spoke:
    """One side sent octets; where ``masks`` says so, they are filler in place of a secret.

    ``unread`` is why they were only counted when they were recorded, and ``facts`` are what was
    known of them then.
    """

    session: int
    chunk: Chunk
    masks: Spans = ()
    unread: Why | None = None
    facts: Facts = NO_FACTS

    @property
    def at(self) -> float:
        """When it came."""
        return self.chunk.at


@dataclass(frozen=True, slots=True)
class Knew:
    """Something is known of a session that its octets no longer tell.

    That is its ``user``, or ``state``: TRANSACTION, where the login was not recorded.
    """

    session: int
    at: float
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remarked:
    """A person noted *text*, about no session in particular."""

    at: float
    text: str
    session: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """A gate did something about what *side* had said last; see ``events.Intervened``.

    ``sent`` and ``answer`` are octets with their masks, None where there was nothing of the kind;
    with ``injected`` the side had said nothing.
    """

    session: int
    at: float
    side: Side
    by: str
    did: Done
    sent: tuple[bytes, Spans] | None = None
    answer: tuple[bytes, Spans] | None = None
    injected: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """Octets of one side were not recorded, and nothing may be guessed behind them.

    ``octets`` is how many there were, or None if nobody knows; ``why`` is for people.
    """

    session: int
    at: float
    why: str
    octets: int | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A side sent a FIN, or a RST (*reset*); see ``events.SideClosed`` for *close_notify*."""

    session: int
    at: float
    side: Side
    reset: bool
    close_notify: bool | None = None


@dataclass(frozen=True, slots=True)
class Over:
    """A session ended, or its recording did."""

    session: int
    at: float
    ending: Ending


Item = Began | Spoke | Knew | Changed | Missed | Closed | Over | Remarked
Tape = Iterator[Item]
"""Several sessions, interleaved as they were."""
