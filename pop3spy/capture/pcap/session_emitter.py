"""From what a connection carries to the items of a tape."""

from collections.abc import Callable
from typing import Final, Protocol

from pop3spy.capture.pcap.recognise import MidstreamRecogniser, StartRecogniser
from pop3spy.errors import Unreached
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Chunk
from pop3spy.session.how import Ending, How
from pop3spy.session.tape import Closed, Item, Missed, Over, Spoke

_NAMES: Final = {Side.CLIENT: "client", Side.SERVER: "server"}


class Begin(Protocol):
    """Begins to tell of a session."""

    def __call__(self, client: int, *, whole: bool) -> "SessionEmitter":
        """Take the side of the client, and whether the beginning was captured."""


class SessionEmitter:
    """Listens to a connection that is a session, and tells it to the tape."""

    __slots__ = ("_sides", "_tell", "session")

    over = False

    def __init__(self, session: int, client: int, tell: Callable[[Item], None]) -> None:
        self.session = session
        self._tell = tell
        self._sides = (Side.SERVER, Side.CLIENT) if client else (Side.CLIENT, Side.SERVER)

    def said(self, side: int, data: bytes, at: float) -> None:
        """Tell what was said."""
        self._tell(Spoke(self.session, Chunk(self._sides[side], data, at)))

    def missed(self, side: int, octets: int | None, at: float) -> None:
        """Tell what was missed."""
        who = _NAMES[self._sides[side]]
        count = "the first octets" if octets is None else f"{octets:,} octets"
        self._tell(Missed(self.session, at, f"{count} of the {who} are not in the capture", octets))

    def closed(self, side: int, at: float, *, reset: bool) -> None:
        """Tell that a side closed."""
        self._tell(Closed(self.session, at, self._sides[side], reset))

    def ended(self, side: int, at: float, *, reset: bool) -> None:
        """Tell how it ended."""
        self._tell(Over(self.session, at, Ending(How.by_peer(self._sides[side], reset=reset))))

    def unreachable(self, at: float, why: str, unreached: Unreached | None) -> None:
        """Tell that the client got no connection."""
        ending = Ending(How.UNREACHABLE, why, unreached=unreached)
        self._tell(Over(self.session, at, ending))

    def cut(self, at: float, why: str) -> None:
        """Tell that nothing more is known of it."""
        self._tell(Over(self.session, at, Ending(How.CUT, why)))


class UndecidedConnection:
    """Listens to a connection until it is known whether that is a session, and passes it on then.

    Who *begin* returns listens from there on.  It is ``over`` with a connection that is none.
    """

    __slots__ = ("_begin", "_closings", "_heard", "_judge", "emitter", "over")

    def __init__(self, judge: StartRecogniser | MidstreamRecogniser, begin: Begin) -> None:
        self.emitter: SessionEmitter | None = None
        self.over = False
        self._judge = judge
        self._begin = begin
        self._heard: list[tuple[int, bytes, float]] = []
        self._closings: list[tuple[int, float]] = []  # FINs

    def said(self, side: int, data: bytes, at: float) -> None:
        """Judge by it, and keep it for the tape if that may be complete."""
        if self.emitter:
            self.emitter.said(side, data, at)
            return
        judge = self._judge
        self._heard.append((side, data, at))
        verdict = judge.is_pop3(side, data)
        if verdict:
            self.emitter = self._begin(judge.client, whole=isinstance(judge, StartRecogniser))
            for heard in self._heard:
                self.emitter.said(*heard)
            for who, closed_at in self._closings:
                self.emitter.closed(who, closed_at, reset=False)
        self.over = verdict is False
        if verdict is not None or isinstance(judge, MidstreamRecogniser):
            self._heard.clear()

    def missed(self, side: int, octets: int | None, at: float) -> None:
        """Judge anew: what was missed may have been the greeting."""
        if self.emitter:
            self.emitter.missed(side, octets, at)
        else:
            self._judge = MidstreamRecogniser()
            self._heard.clear()

    def closed(self, side: int, at: float, *, reset: bool) -> None:
        """Tell that a side closed, or keep it: behind a FIN the other side may still speak."""
        if self.emitter:
            self.emitter.closed(side, at, reset=reset)
        elif not reset:
            self._closings.append((side, at))

    def unreachable(self, at: float, why: str, unreached: Unreached | None) -> None:
        """Tell nothing: it was no session."""

    def ended(self, side: int, at: float, *, reset: bool) -> None:
        """Tell how it ended, if anything was told of it."""
        if self.emitter:
            self.emitter.ended(side, at, reset=reset)

    def cut(self, at: float, why: str) -> None:
        """Tell that nothing more is known of it, if anything was told of it."""
        if self.emitter:
            self.emitter.cut(at, why)
