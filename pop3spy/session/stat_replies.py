"""What the replies to STAT say, read when somebody asks: many clients do little else than ask."""

from dataclasses import dataclass

from pop3spy.protocol.frames import StatusLine
from pop3spy.protocol.replies import pair_of


@dataclass(slots=True)
class Stat:
    """What a STAT said: how many messages, and of how many octets (RFC 1939, section 5).

    ``exchange`` is its number, ``at`` when the reply came, in seconds.  Two with the same
    ``changes`` had no command between them that changes what is counted; ``marked`` is how many
    messages were marked as deleted.
    """

    exchange: int
    at: float
    count: int
    octets: int
    changes: int
    marked: int


class StatReplies:
    """The first STAT of a session and the last, of those that gave two numbers."""

    __slots__ = ("_at", "_changes", "_exchange", "_known", "_marked", "_most", "_status")

    def __init__(self) -> None:
        self._known: list[Stat] = []
        self._most = 0
        self._status: StatusLine | None = None  # of one that was not read yet
        self._exchange = 0
        self._at = 0.0
        self._changes = 0
        self._marked = 0

    def take(self, exchange: int, status: StatusLine, at: float, changes: int, marked: int) -> None:
        """Take in a positive reply.

        The one before it is read only if something was otherwise, or it is the first.
        """
        before = self._status
        if before is not None and (
            before.raw != status.raw or changes != self._changes or not self._known
        ):
            self._read()
        self._status, self._exchange, self._at = status, exchange, at
        self._changes, self._marked = changes, marked

    @property
    def known(self) -> list[Stat]:
        """The first, and the last if there are two."""
        self._read()
        return self._known

    @property
    def most(self) -> int:
        """The most messages that any of them told of, marked ones included."""
        self._read()
        return self._most

    def _read(self) -> None:
        status, self._status = self._status, None
        pair = pair_of(status.text) if status is not None else None
        if pair is None:
            return
        stat = Stat(self._exchange, self._at, *pair, self._changes, self._marked)
        self._known = [*self._known[:1], stat]
        self._most = max(self._most, stat.count + stat.marked)
