"""How a session ended, and which side closed when."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Self

from pop3spy.errors import Unreached
from pop3spy.protocol.frames import Side


class How(Enum):
    """How a session ended.

    A row has its name in recordings and logs, how logs tell it, how the console tells it, the peer
    that did it, if it was one of them alone, and whether there is a RST.
    """

    # fmt: off
    QUIT = "quit", "ended by QUIT", "the session has ended"  # it was answered; either side closed
    CLIENT_CLOSED = "client_closed", "closed by the client", "closed without QUIT: marked messages stay", Side.CLIENT
    SERVER_CLOSED = "server_closed", "closed by the server", "the server closed the connection: marked messages stay", Side.SERVER
    CLIENT_RESET = "client_reset", "reset by the client", "", Side.CLIENT, True
    SERVER_RESET = "server_reset", "reset by the server", "the connection broke: marked messages stay", Side.SERVER, True
    TIMEOUT = "timeout", "timed out", "the server fell silent"  # nobody spoke for --idle-timeout
    SHUTDOWN = "shutdown", "ended because pop3spy stopped"
    UNREACHABLE = "unreachable", "server unreachable", "", None, True
    TLS = "tls", "TLS failed"  # a handshake failed, or TLS broke
    REFUSED = "refused", "refused by pop3spy", "", None, True  # too many, or nobody told from whom
    GATE = "gate", "ended at the gate"  # a fault or a person ended it
    CUT = "cut", "not recorded to its end"  # the recording ends here
    # fmt: on

    _value_: str
    logged: str
    noted: str
    by: Side | None
    reset: bool

    def __new__(
        cls,
        name: str,
        logged: str,
        noted: str = "",
        by: Side | None = None,
        reset: bool = False,  # noqa: FBT001, FBT002 - the last column of the table
    ) -> Self:
        """Make a row, whose value is its name."""
        row = object.__new__(cls)
        row._value_, row.logged, row.by, row.reset = name, logged, by, reset
        row.noted = noted or "the connection has ended"
        return row

    @property
    def plain(self) -> str:
        """Its name in plain words: ``client closed``."""
        return self._value_.replace("_", " ")

    @classmethod
    def named(cls, name: str) -> "How":
        """Return the one with that name; raise KeyError if there is none."""
        return cls[name.upper()]

    @classmethod
    def by_peer(cls, side: Side, *, reset: bool = False) -> "How":
        """Return how a session ended that *side* alone ended."""
        return next(how for how in cls if (how.by, how.reset) == (side, reset))


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session ended, and why in words where there is more to say.

    ``unreached`` is why there was no connection to the server, if that is certain.  ``at`` is when the first side closed, if the session ended because of that: the other side may
    have gone on for long.  Endings are compared without it.
    """

    how: How
    why: str = ""
    at: float | None = field(default=None, compare=False)
    unreached: Unreached | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """A side's FIN, or its RST (*reset*), and when it came.

    *close_notify* is whether TLS was ended before the FIN; None without TLS, and where nobody knows.
    """

    side: Side
    at: float
    reset: bool
    close_notify: bool | None = None
