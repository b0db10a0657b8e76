"""What happens in the sessions of a worker, told to the process that has the console.

Rules: 1. nothing is told but what is on the bus, where secrets are hidden; 2. what a tracker makes
of that is not told, since ``retelling`` has one; 3. traffic does not wait: of a session in which
more happens than is taken, no more is told but its end.
"""

from collections.abc import Callable
from typing import Final

from pop3spy.protocol.frames import CommandLine, Frame, StatusLine
from pop3spy.session.bus import Reader
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Finished,
    Glimpsed,
    Heard,
    Intervened,
    Named,
    Opened,
    Raised,
    Secured,
    SideClosed,
    Unanswered,
)
from pop3spy.session.model import Peer, Session
from pop3spy.workers.plain_frames import Plain, plain_frame

Tell = Callable[..., None]
"""Tells the values that it is called with."""

MOST: Final = 8 << 20
"""Characters that may wait to be taken."""


class Forwarding:
    """A subscriber that tells what happens by *tell*; *waiting* is how much was not taken yet."""

    def __init__(self, tell: Tell, waiting: Callable[[], int]) -> None:
        self._tell = tell
        self._waiting = waiting

    def __call__(self, _: Session) -> Reader:
        """Return what tells of a session."""
        return _ForwardedSession(self._tell, self._waiting)


class _ForwardedSession:
    """A reader of one session.

    The reply to a login is told only with the next event: who has logged in is known then.  So is
    what is found in it, and what is found because no reply comes: at the end, it is the tracker of
    ``retelling`` that knows that none comes.
    """

    def __init__(self, tell: Tell, waiting: Callable[[], int]) -> None:
        self._tell = tell
        self._waiting = waiting
        self._reply: Heard | None = None
        self._settled = False  # the last thing that happened: it is certain that no reply comes
        self._found: list[Raised] = []  # and is told with the next event
        self._missed = False

    def __call__(self, event: Event) -> None:
        number, at = event.session.id, event.at
        if isinstance(event, Raised) and (self._settled or self._reply is not None):
            self._found.append(event)
            return
        if self._reply is not None:
            reply, self._reply = self._reply, None
            self._heard(reply)
        if isinstance(event, Ended):
            self._ended(event, number, at)
        elif not self._missed and self._waiting() > MOST and not isinstance(event, Opened):
            self._missed = True
            self._tell("missed", number, at)
        elif not self._missed:
            self._settled = _settles(event)
            if not self._settled:
                self._tell_found()
            self._tell_of(event, number, at)

    def _ended(self, event: Ended, number: int, at: float) -> None:
        ending, findings = event.ending, event.session.findings
        self._tell("finished", number, at, ending.how.value, ending.why, ending.at)
        self._tell_found()
        tallies = [one.tally() for one in findings if one.count > 1 or one.explained]
        self._tell("ended", number, at, tallies)

    def _tell_found(self) -> None:
        found, self._found = self._found, []
        for event in found:
            self._tell_of(event, event.session.id, event.at)

    def _tell_of(self, event: Event, number: int, at: float) -> None:  # noqa: C901 - one branch an event
        match event:
            case Heard(frame=StatusLine(), exchange=exchange) if exchange is not None:
                self._reply = event
            case Heard():
                self._heard(event)
            case Opened(session=session):
                self._tell("opened", number, at, _plain(session.client), _plain(session.server))
            case Intervened():
                self._intervened(event, number, at)
            case Named(user=user):
                self._tell("named", number, at, user)
            case Secured(tls=tls):
                self._tell("secured", number, at, tls.facts())
            case Glimpsed(glimpse=glimpse):
                self._tell("glimpsed", number, at, glimpse.facts())
            case Blinded(why=why):
                self._tell("blinded", number, at, why)
            case Raised(finding=finding):
                self._tell("raised", number, at, finding.at, finding.facts())
            case SideClosed(side=side, reset=reset, close_notify=notified):
                self._tell("side closed", number, at, side.value, reset, notified)

    def _heard(self, event: Heard) -> None:
        exchange = event.exchange
        user = exchange.user if exchange else None
        plain = plain_frame(event.frame)
        self._tell("heard", event.session.id, event.at, event.first, plain, user)

    def _intervened(self, event: Intervened, number: int, at: float) -> None:
        did, sent, answer = event.did.facts(), _or_none(event.sent), _or_none(event.answer)
        if event.frame is None and isinstance(event.sent, CommandLine):
            self._tell("injected", number, at, event.by, did, sent)
        elif event.frame is not None:
            side = event.frame.side.value
            self._tell("intervened", number, at, side, event.by, did, sent, answer)


def _settles(event: Event) -> bool:
    """Return whether *event* tells that no reply comes, or no more of one, or nothing at all."""
    match event:
        case Answered(exchange=exchange):
            return not exchange.complete
    return isinstance(event, Unanswered | Finished)


def _or_none(frame: Frame | None) -> Plain | None:
    return None if frame is None else plain_frame(frame)


def _plain(peer: Peer) -> Plain:
    return peer.host, peer.port
