"""On which side of TLS an exchange stood: a CAPA before STLS and one behind it are not the same.

Rules: 1. where both sessions said STLS, each side is compared with its like; 2. where only one
did, what it said before TLS has nothing beside it, and is no difference; 3. what nobody could read
inside TLS is never taken for what was not asked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pop3spy.protocol.states import Effect
from pop3spy.replay.outcome import Outcome, TlsSide
from pop3spy.session.model import Session


def newest_exchange(session: Session) -> int:
    """Return the number of the exchange that was asked last, 0 if none was."""
    return session.exchanges[-1].number if session.exchanges else 0


def with_side(outcome: Outcome, begun: int | None) -> Outcome:
    """Return *outcome* with its side; TLS began behind exchange *begun*, None: it never did.

    The greeting has none: it is compared wherever it came.
    """
    if begun is None or not outcome.number:
        return outcome
    return replace(outcome, side=TlsSide.BEFORE if outcome.number <= begun else TlsSide.INSIDE)


def goes_on_inside(outcomes: Iterable[Outcome]) -> bool:
    """Return whether anything was read inside TLS."""
    return any(each.side is TlsSide.INSIDE for each in outcomes)


def _unread_inside(outcomes: Sequence[Outcome]) -> bool:
    """Return whether STLS was granted, and nothing was read behind it."""
    granted = any(_begins_tls(each) and each.ok for each in outcomes)
    return granted and not goes_on_inside(outcomes)


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
    unread = _unread_inside(expected), _unread_inside(got)
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
