"""What the bus carries: things that happened, in the past tense, with secrets removed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pop3spy.protocol.frames import Frame, Side
from pop3spy.protocol.states import State
from pop3spy.session.deeds import Done
from pop3spy.session.finding import Finding
from pop3spy.session.glimpse import Glimpse
from pop3spy.session.how import Ending
from pop3spy.session.model import Exchange, Session
from pop3spy.session.tls import Tls


@dataclass(slots=True)
class Event:
    """Something that happened in a session; ``at`` is in seconds since the clock started."""

    session: Session
    at: float


@dataclass(slots=True)
class Opened(Event):
    """A client connected."""


@dataclass(slots=True)
class Heard(Event):
    """A frame was read, in ``state``; its first octet came ``first``, its last ``at``.

    ``exchange`` is the one that it is part of, as that was before this frame; None for the greeting
    and for what is part of none.
    """

    frame: Frame
    first: float
    state: State
    exchange: Exchange | None = None


@dataclass(slots=True)
class Intervened(Event):
    """A gate did something about a frame that was heard.

    ``by`` names who did ``did``.  ``sent`` is what went on in its place,
    with no octets if nothing did, and None if it went on as it was; ``answer`` is what its sender
    was told in the peer's place.  Without ``frame`` nobody said what was ``sent``.  ``exchange`` is
    as in ``Heard``.
    """

    frame: Frame | None
    by: str
    did: Done
    sent: Frame | None = None
    answer: Frame | None = None
    exchange: Exchange | None = None


@dataclass(slots=True)
class Named(Event):
    """A user was named where the octets that may be shown no longer tell it."""

    user: str


@dataclass(slots=True)
class Secured(Event):
    """TLS began on the connection, and what is said inside it can be read."""

    tls: Tls


@dataclass(slots=True)
class Glimpsed(Event):
    """Something could be seen of TLS that passes unread."""

    glimpse: Glimpse


@dataclass(slots=True)
class Answered(Event):
    """The reply to a command ended, or broke off in its body, or was no status line."""

    exchange: Exchange


@dataclass(slots=True)
class Unanswered(Event):
    """It is certain now that a command gets no reply, not even one that is none."""

    exchange: Exchange


@dataclass(slots=True)
class Moved(Event):
    """The session's state changed.

    It is ``inferred`` where no reply led to it: a later one proves it, or the client went on as if
    there had been one.
    """

    before: State
    after: State
    inferred: bool = False


@dataclass(slots=True)
class Placed(Moved):
    """A recording told the session's state, which nothing that it holds led to."""


@dataclass(slots=True)
class Blinded(Event):
    """Reading failed: the bytes go on, but nothing more is read of this session."""

    why: str


@dataclass(slots=True)
class SideClosed(Event):
    """A side will say no more: it sent a FIN, ended TLS, or sent a RST (*reset*).

    A side does each of the two once at most.  What pop3spy closes itself is not told so.
    ``close_notify`` is whether TLS was ended before the FIN; None without TLS, and where nobody
    knows.
    """

    side: Side
    reset: bool
    close_notify: bool | None = None


@dataclass(slots=True)
class Clogged(Event):
    """Neither side takes what is sent to it; or, if not *both*, one of them does so again."""

    both: bool


@dataclass(slots=True)
class Raised(Event):
    """Something was found; ``exchange`` is the one where, if it is about one."""

    finding: Finding
    exchange: Exchange | None = None


@dataclass(slots=True)
class Finished(Event):
    """Nothing more will be said, and all that was said has been told; ``Ended`` follows."""

    ending: Ending


@dataclass(slots=True)
class Ended(Event):
    """Both sides are gone."""

    ending: Ending


@dataclass(slots=True)
class Noted:
    """Something that concerns the program and no session; ``what`` is a verb in the past."""

    what: str
    at: float
    facts: Mapping[str, object] = field(default_factory=dict)


Told = Event | Noted
"""All that the bus carries."""
