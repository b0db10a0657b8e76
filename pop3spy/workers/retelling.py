"""The sessions of all workers, as if they were this process's own: their events on its bus.

What workers tell is what a tracker takes in, and there is one here for each session; so exchanges,
states and totals are what they are in the worker.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pop3spy.protocol.frames import CommandLine, Side, StatusLine
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.deeds import done_from
from pop3spy.session.events import (
    Blinded,
    Ended,
    Finished,
    Glimpsed,
    Heard,
    Intervened,
    Named,
    Opened,
    Raised,
    SideClosed,
)
from pop3spy.session.finding import finding_from
from pop3spy.session.glimpse import glimpse_from
from pop3spy.session.how import Closing, Ending, How
from pop3spy.session.model import Peer, Session
from pop3spy.session.tls import tls_from
from pop3spy.session.tracker import Tracker
from pop3spy.workers.plain_frames import Plain, frame_from

MISSED: Final = "more happened in it than the console could take; the log and the recording have it"


class Retelling:
    """Publishes on *bus* what workers tell of their sessions.

    If they are *anonymous*, nothing of their messages may be told.
    """

    def __init__(self, bus: Bus, clock: Clock, *, anonymous: bool = False) -> None:
        self._bus = bus
        self._anonymous = anonymous
        self._clock = clock
        self._open: dict[int, dict[int, _RetoldSession]] = {}  # by worker, and by number

    def tell(self, worker: int, message: Sequence[Any]) -> None:
        """Take a *message* of *worker*: what happened, in which session, when, and the rest."""
        name, number, at, *rest = message
        sessions = self._open.setdefault(worker, {})
        if name == "opened":
            client, server = (Peer(*peer) for peer in rest)
            session = Session(number, client, server, at)
            sessions[number] = _RetoldSession(session, self._bus, anonymous=self._anonymous)
        elif told := sessions.get(number):
            told.take(name, at, rest)
            if name == "ended":
                del sessions[number]

    def lost(self, worker: int, why: str) -> None:
        """Know that *worker* is gone, and why its sessions have ended."""
        for session in self._open.pop(worker, {}).values():
            session.cut_off(self._clock.now(), why)


class _RetoldSession:
    """One session: the same model as in its worker, and the same events."""

    def __init__(self, session: Session, bus: Bus, *, anonymous: bool) -> None:
        self._session = session
        self._publish = bus.publish
        self._tracker = Tracker(session, bus.publish, anonymous=anonymous)
        self._last: dict[Side, Heard] = {}
        self._publish(Opened(session, session.opened_at))

    def take(self, name: str, at: float, rest: Sequence[Any]) -> None:
        """Let happen what is called *name*."""
        _HAPPENED[name](self, at, *rest)

    def cut_off(self, at: float, why: str) -> None:
        """Know that nothing more will be told, and why."""
        if self._session.ending is None:
            self.finished(at, How.CUT.value, why, None)
        self.ended(at, [])

    def heard(self, at: float, first: float, plain: Plain, user: str | None) -> None:
        """Take in a frame; *user* has logged in if it says so."""
        frame = frame_from(plain)
        self._last[frame.side] = self._tracker.apply(frame, first, at, user)

    def intervened(  # noqa: PLR0913, PLR0917 - what there is to tell
        self,
        at: float,
        side: str,
        by: str,
        did: dict[str, object],
        sent: Plain | None,
        answer: Plain | None,
    ) -> None:
        """Take in what the gate did about what *side* said last; see ``Reading.intervene``."""
        if (heard := self._last.get(Side(side))) is None:
            return
        frame, exchange = heard.frame, heard.exchange
        instead = frame_from(sent) if sent else None
        reply = frame_from(answer) if answer else None
        begun = exchange is None or exchange.answered_at is not None
        if instead is not None and isinstance(frame, CommandLine) and not begun:
            assert exchange is not None
            self._tracker.amend(exchange, instead, _status(reply), at)
        self._publish(
            Intervened(self._session, at, frame, by, done_from(did), instead, reply, exchange)
        )

    def injected(self, at: float, by: str, did: dict[str, object], sent: Plain) -> None:
        """Take in a command that the client did not say."""
        frame = frame_from(sent)
        assert isinstance(frame, CommandLine)
        exchange = self._tracker.inject(frame, at)
        self._publish(
            Intervened(self._session, at, None, by, done_from(did), frame, exchange=exchange)
        )

    def named(self, at: float, user: str) -> None:
        """Take in who the user is."""
        self._publish(Named(self._session, at, user))

    def secured(self, at: float, facts: dict[str, object]) -> None:
        """Take in that TLS began."""
        self._tracker.secured(tls_from(facts), at)

    def glimpsed(self, at: float, facts: dict[str, object]) -> None:
        """Take in what could be seen of TLS that passes unread."""
        self._publish(Glimpsed(self._session, at, glimpse_from(facts)))

    def blinded(self, at: float, why: str) -> None:
        """Take in that nothing more is read."""
        self._session.blind = True
        self._publish(Blinded(self._session, at, why))

    def missed(self, at: float) -> None:
        """Know that nothing more is told of it here."""
        self.blinded(at, MISSED)

    def side_closed(
        self,
        at: float,
        side: str,
        reset: bool,  # noqa: FBT001 - as told
        close_notify: bool | None,  # noqa: FBT001 - as told
    ) -> None:
        """Take in that a side sent a FIN or a RST."""
        self._session.closings.append(Closing(Side(side), at, reset, close_notify))
        self._publish(SideClosed(self._session, at, Side(side), reset, close_notify))

    def raised(self, at: float, since: float, facts: Mapping[str, Any]) -> None:
        """Take in that something was found."""
        finding = finding_from(facts, since)
        self._publish(Raised(self._session, at, finding, self._session.keep(finding)))

    def finished(self, at: float, how: str, why: str, closed: float | None) -> None:
        """Take in how it ended; what was found because of that follows."""
        session = self._session
        if not session.blind:
            self._tracker.end(at)
        session.ending = Ending(How.named(how), why, closed)
        self._publish(Finished(session, at, session.ending))

    def ended(self, at: float, tallies: Sequence[Sequence[Any]]) -> None:
        """Take in that it is over, and how often things were found."""
        session = self._session
        found = {finding.id: finding for finding in session.findings}
        for tally in tallies:
            if finding := found.get(tally[0]):  # else it was raised while too much waited
                finding.take_tally(tally)
        assert session.ending is not None
        self._publish(Ended(session, at, session.ending))


_HAPPENED: Final[dict[str, Callable[..., None]]] = {
    "heard": _RetoldSession.heard,
    "intervened": _RetoldSession.intervened,
    "injected": _RetoldSession.injected,
    "raised": _RetoldSession.raised,
    "named": _RetoldSession.named,
    "secured": _RetoldSession.secured,
    "glimpsed": _RetoldSession.glimpsed,
    "blinded": _RetoldSession.blinded,
    "missed": _RetoldSession.missed,
    "side closed": _RetoldSession.side_closed,
    "finished": _RetoldSession.finished,
    "ended": _RetoldSession.ended,
}


def _status(frame: object) -> StatusLine | None:
    return frame if isinstance(frame, StatusLine) else None
