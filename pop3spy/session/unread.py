"""Octets that nobody reads come in any number of pieces; people and machines want to know once."""

from pop3spy.protocol.frames import Frame, Opaque, Side
from pop3spy.protocol.text import count
from pop3spy.protocol.why import Trait
from pop3spy.session.lines import line_text


class UnreadStretch:
    """What one side sent in a row and for one reason was not read.

    ``octets`` is None where even that could tell something of a secret; ``first`` is its first
    piece.  It ``began_at`` the time of its first octet and ``ended_at`` that of its last.
    """

    __slots__ = ("began_at", "ended_at", "first", "octets", "side", "why")

    def __init__(self, first: Opaque, began_at: float, ended_at: float) -> None:
        self.first = first
        self.side = first.side
        self.why = first.why
        self.octets = first.counted
        self.began_at = began_at
        self.ended_at = ended_at

    def continues(self, frame: Frame) -> bool:
        """Return whether *frame* is another piece of it."""
        return isinstance(frame, Opaque) and (frame.side, frame.why) == (self.side, self.why)

    def add(self, piece: Opaque, ended_at: float) -> None:
        """Count another piece, whose last octet came *ended_at*."""
        self.ended_at = ended_at
        if self.octets is not None:
            self.octets = None if piece.counted is None else self.octets + piece.counted

    @property
    def lasting(self) -> bool:
        """Whether it may go on for as long as the session does."""
        return Trait.LASTING in self.why.traits

    @property
    def harmless(self) -> bool:
        """Whether it is something that peers may well do."""
        return Trait.EXPECTED in self.why.traits

    @property
    def beginning(self) -> str:
        """What to say when a lasting one begins."""
        return f"{self.why.value}: not read from here on"

    @property
    def total(self) -> str:
        """What to say when it has ended."""
        if self.octets is None:
            return f"{self.why.value}, not counted: it may hold a secret"
        text = f"{self.why.value}: {count(self.octets, 'octet')}{' not read' * self.lasting}"
        return f"{text}: {line_text(self.first)}" if self.first.raw else text

    def __str__(self) -> str:
        """Return what to say where nothing else tells which side it was."""
        return f"{self.side.name.lower()}: {self.total}"


class Stretches(dict[Side, UnreadStretch]):
    """The stretches of one session that have not ended, at most one a side.

    It is a dictionary because whether there is any is asked with every frame.
    """

    __slots__ = ()

    def add(self, frame: Opaque, first: float, last: float) -> UnreadStretch | None:
        """Take in another piece, from *first* to *last*; return the stretch that it began, if any.

        The caller has seen to it with ``end_before`` that no other one is open on that side.
        """
        if (stretch := self.get(frame.side)) is not None:
            stretch.add(frame, last)
            return None
        stretch = self[frame.side] = UnreadStretch(frame, first, last)
        return stretch

    def end_before(self, frame: Frame) -> list[UnreadStretch]:
        """Return the stretches that *frame* puts an end to.

        A lasting one goes on while the other side speaks.
        """
        ended = [
            stretch
            for stretch in self.values()
            if not (stretch.continues(frame) or (stretch.lasting and stretch.side != frame.side))
        ]
        for stretch in ended:
            del self[stretch.side]
        return ended

    def end(self) -> list[UnreadStretch]:
        """Return all that are left."""
        ended = list(self.values())
        self.clear()
        return ended
