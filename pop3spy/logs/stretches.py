"""Octets that nobody reads come in any number of pieces; people and machines want to know once."""

from collections.abc import Iterator
from dataclasses import dataclass

from pop3spy.logs.words import count
from pop3spy.protocol.frames import Frame, Opaque, Side, Why
from pop3spy.session.lines import line_text

_HARMLESS = frozenset({Why.TLS, Why.SASL_LAYER, Why.TELNET, Why.PROXY})
_LASTING = frozenset({Why.TLS, Why.SASL_LAYER, Why.OUT_OF_STEP, Why.UNASKED, Why.BANNER})


@dataclass(slots=True)
class UnreadStretch:
    """What one side sent in a row and for one reason was not read.

    ``octets`` is None where even that could tell something of a secret; ``first`` is its first
    piece.
    """

    side: Side
    why: Why
    first: Opaque
    began_at: float
    ended_at: float
    octets: int | None

    @property
    def lasting(self) -> bool:
        """Whether it may go on for as long as the session does."""
        return self.why in _LASTING

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

    @property
    def harmless(self) -> bool:
        """Whether it is something that peers may well do."""
        return self.why in _HARMLESS


class Stretches:
    """The stretches of one session that have not ended."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: dict[Side, UnreadStretch] = {}

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self._open)

    def add(self, frame: Opaque, at: float) -> UnreadStretch | None:
        """Take in another piece; return the stretch that it began, if it did.

        The caller has seen to it with ``end_before`` that no other one is open on that side.
        """
        octets = len(frame.raw) or frame.counted
        if (stretch := self._open.get(frame.side)) is not None:
            stretch.ended_at = at
            if stretch.octets is not None:
                stretch.octets = None if octets is None else stretch.octets + octets
            return None
        stretch = UnreadStretch(frame.side, frame.why, frame, at, at, octets)
        self._open[frame.side] = stretch
        return stretch

    def end_before(self, frame: Frame) -> Iterator[UnreadStretch]:
        """Yield the stretches that *frame* puts an end to.

        A lasting one goes on while the other side speaks.
        """
        for side, stretch in list(self._open.items()):
            if side is frame.side:
                ends = not isinstance(frame, Opaque) or frame.why is not stretch.why
            else:
                ends = not stretch.lasting
            if ends:
                yield self._open.pop(side)

    def end(self) -> Iterator[UnreadStretch]:
        """Yield all that are left."""
        yield from self._open.values()
        self._open.clear()
