"""Keeps what is observed of a session up to date, event by event, before any rule is asked."""

from collections.abc import Callable
from typing import Any, Final

from pop3spy.findings.observed import AtClose, Interruption, Observed
from pop3spy.findings.sasl_seen import sasl_begun
from pop3spy.protocol.commands import Shape, Turn
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Opaque,
    SaslLine,
    Side,
    StatusLine,
)
from pop3spy.protocol.states import Effect, State
from pop3spy.protocol.why import Trait, Why
from pop3spy.session.body_facts import scan_told
from pop3spy.session.body_scan import BodyScan
from pop3spy.session.events import (
    Answered,
    Blinded,
    Event,
    Heard,
    Moved,
    Placed,
    Secured,
    SideClosed,
)
from pop3spy.session.model import Exchange


def watch(observed: Observed, event: Event) -> None:
    """Take *event* in."""
    keep = _KEPT.get(type(event))
    if keep is not None:
        keep(observed, event)


def heard(observed: Observed, event: Heard) -> None:
    """Take a frame in; there are more of these than of all other events."""
    frame, at = event.frame, event.at
    observed.spoken_before = observed.spoken_at
    observed.last[frame.side] = observed.spoken_at = at
    if isinstance(frame, StatusLine):
        if not frame.number and observed.greeted_at is None:
            observed.greeted_at = at
    elif isinstance(frame, CommandLine):
        _asked(observed, frame, at)
    elif isinstance(frame, BodyPart):
        if frame.side is Side.SERVER and event.exchange is not None:
            if observed.interrupted is not None:
                observed.interrupted.go_on(frame.raw, event.first)
            _scanned(observed, event.exchange).add(frame.raw, dotted=frame.dotted)
    else:
        _else_heard(observed, frame)


def _else_heard(observed: Observed, frame: Frame) -> None:
    match frame:
        case SaslLine() | Challenge():
            if observed.sasl is not None and observed.sasl.number == frame.number:
                observed.sasl.learn(frame)
        case Opaque():
            _unread(observed, frame)
        case BodyEnd() if frame.facts:
            _told_of_body(observed, frame)


def _asked(observed: Observed, frame: CommandLine, at: float) -> None:
    if frame.command.spec is not None:
        verb = frame.command.verb
        observed.used[verb] = observed.used.get(verb, 0) + 1
    if frame.command.turn is Turn.SASL:
        observed.sasl = sasl_begun(frame)
    if frame.pipelined and observed.interrupted is None:
        observed.interrupted = _interrupted(observed, frame.number, at)
    if observed.at_close is not None:
        _behind_close(observed, observed.at_close, frame, at)


def _interrupted(observed: Observed, by: int, at: float) -> Interruption | None:
    first = next(iter(observed.session.outstanding.values()), None)
    if first is None or first.body is None or first.body.complete:
        return None
    return Interruption(first.number, by, at, first.body.tail[-1:])


def _unread(observed: Observed, frame: Opaque) -> None:
    observed.goes_on = False
    if frame.why is Why.OUT_OF_STEP:
        observed.lost = True
    elif Trait.ENCRYPTED in frame.why.traits:
        observed.opaque = True
        begun = observed.encrypted.get((frame.side, frame.why))
        observed.goes_on = begun is not None
        octets = len(frame.raw) if frame.counted is None else frame.counted
        observed.encrypted[frame.side, frame.why] = (begun or 0) + octets


def _scanned(observed: Observed, exchange: Exchange) -> BodyScan:
    scan = observed.scans.get(exchange.number)
    if scan is None:
        message = exchange.command.shape is Shape.MESSAGE
        key = observed.history.key if message else b""
        scan = observed.scans[exchange.number] = BodyScan(key, message=message)
    return scan


def _told_of_body(observed: Observed, frame: BodyEnd) -> None:
    """Take what a recording tells of a body that it does not keep, if that is of this one."""
    seen, told = observed.scans.get(frame.number), scan_told(frame.facts)
    if seen is not None and told is not None and told.octets == seen.octets:
        observed.scans[frame.number] = told


def _behind_close(observed: Observed, at_close: AtClose, frame: CommandLine, at: float) -> None:
    first = observed.first_close
    if len(at_close.after) < _MOST_AFTER and first is not None and first.side is Side.SERVER:
        at_close.after.append((frame, at))


def answered(observed: Observed, event: Answered) -> None:
    """Take in a reply that has ended."""
    exchange, command = event.exchange, event.exchange.line.command
    if observed.scans and (scan := observed.scans.get(exchange.number)) is not None:
        scan.end()
    if command.effect is Effect.LOGIN:
        observed.logins.append(exchange)
        if exchange.ok and observed.logged_in_at is None:
            observed.logged_in_at = event.at
    elif command.verb == "CAPA":
        observed.capa_asked += 1
        observed.capa_refused += exchange.ok is False
    elif command.verb in _AGREEMENTS and exchange.ok:
        observed.accepted[command.verb] = exchange.number
    observed.last_answered = exchange


def _moved(observed: Observed, event: Moved) -> None:
    if event.after is State.TRANSACTION and observed.logged_in_at is None:
        observed.logged_in_at = event.at
    observed.opaque = event.after in (State.OPAQUE, State.TLS)


def _placed(observed: Observed, event: Placed) -> None:
    observed.joined = True
    _moved(observed, event)


def _secured(observed: Observed, event: Secured) -> None:
    observed.opaque = False
    if observed.greeted_at is not None:
        observed.secured_at = event.at
    else:
        observed.ready_at = event.at
    observed.capa_asked = observed.capa_refused = 0


def _side_closed(observed: Observed, _: SideClosed) -> None:
    if observed.at_close is None:
        observed.at_close = AtClose(
            tuple(observed.session.outstanding.values()), "QUIT" in observed.used
        )


def _blinded(observed: Observed, _: Blinded) -> None:
    observed.lost = True


_MOST_AFTER: Final = 100
"""Commands behind a server's close that are remembered."""
_AGREEMENTS: Final = frozenset({"UTF8", "LANG"})
"""What changes how everything is said, once the server agrees."""

_KEPT: Final[dict[type[Event], Callable[[Observed, Any], None]]] = {
    Heard: heard,
    Answered: answered,
    Moved: _moved,
    Placed: _placed,
    Secured: _secured,
    SideClosed: _side_closed,
    Blinded: _blinded,
}
