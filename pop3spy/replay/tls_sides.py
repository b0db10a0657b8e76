"""On which side of TLS an exchange stood: a CAPA before STLS and one behind it are not the same.

Rules: 1. where both sessions said STLS, each side is compared with its like; 2. where only one
did, what it said before TLS has nothing beside it, and is no difference; 3. what nobody could read
inside TLS is never taken for what was not asked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pop3spy.protocol.frames import Opaque
from pop3spy.protocol.states import Effect
from pop3spy.protocol.why import Why
from pop3spy.replay.outcome import Outcome, TlsSide
from pop3spy.session.events import Event, Heard, Secured
from pop3spy.session.model import Session


def is_unread_tls(event: Event) -> bool:
    """Return whether something was said inside TLS that nobody read."""
    return (
        isinstance(event, Heard) and isinstance(event.frame, Opaque) and event.frame.why is Why.TLS
    )


class TlsWatch:
    """A reader of events that notices where TLS began in one session."""

    def __init__(self) -> None:
        self._begun: int | None = None  # the exchange behind which it began
        self._server: int | None = None  # the same for the server: a proxy may be in between
        self._unread: int | None = None  # the one behind which nobody read it

    def __call__(self, event: Event) -> None:
        """Take in what happened."""
        if isinstance(event, Secured):
            self._begun = _newest_exchange(event.session)
            self._server = self._begun if event.tls.side == "server" else self._server
        elif self._unread is None and is_unread_tls(event):
            self._unread = _newest_exchange(event.session)

    def sided(self, outcome: Outcome) -> Outcome:
        """Return *outcome* with its side; the greeting has none, for it is compared anyhow."""
        if outcome.number and outcome.number == self._unread:
            return replace(outcome, side=TlsSide.UNREAD)
        if self._begun is None or not outcome.number:
            return outcome
        before = outcome.number <= self._begun
        encrypted = self._server is not None and outcome.number > self._server
        side = TlsSide.BEFORE if before else TlsSide.INSIDE
        return replace(outcome, side=side, encrypted=encrypted)


def _newest_exchange(session: Session) -> int:
    """Return the number of the exchange that was asked last, 0 if none was."""
    return session.exchanges[-1].number if session.exchanges else 0


def goes_on_inside(outcomes: Iterable[Outcome]) -> bool:
    """Return whether anything was read inside TLS."""
    return any(each.side is TlsSide.INSIDE for each in outcomes)


def is_unread_inside(outcomes: Iterable[Outcome]) -> bool:
    """Return whether a session goes on inside TLS, where nobody read it."""
    return any(each.side is TlsSide.UNREAD for each in outcomes)


@dataclass(frozen=True, slots=True)
class CommonGround:
    """What of two sessions can stand side by side, without a side that only one of them has.

    ``outside`` are the exchanges up to which each was outside TLS, 0 where sides are no matter.
    One of the two may have been *unread* inside TLS where the other was read.
    """

    expected: Sequence[Outcome]
    got: Sequence[Outcome]
    outside: tuple[int, int]
    expected_unread: bool
    got_unread: bool


def common_ground(expected: Sequence[Outcome], got: Sequence[Outcome]) -> CommonGround:
    """Return what of two conversations can be compared, and on which sides."""
    outside = _last_outside(expected), _last_outside(got)
    unread = is_unread_inside(expected), is_unread_inside(got)
    if all(unread):
        unread = False, False
    if all(outside):
        return CommonGround(expected, got, outside, *unread)
    return CommonGround(_without_outside(expected), _without_outside(got), (0, 0), *unread)


def _begins_tls(outcome: Outcome) -> bool:
    return outcome.command.effect is Effect.TLS


def _last_outside(outcomes: Sequence[Outcome]) -> int:
    """Return the last exchange outside TLS in a session that asked for it, 0 if none did."""
    outside = (each.number for each in outcomes if _begins_tls(each) or each.side is TlsSide.BEFORE)
    return max(outside, default=0)


def _without_outside(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return *outcomes* without what stood before TLS, if TLS came; the greeting stays."""
    if goes_on_inside(outcomes):
        return [each for each in outcomes if each.side is TlsSide.INSIDE or not each.number]
    return [each for each in outcomes if not (_begins_tls(each) and each.ok)]
