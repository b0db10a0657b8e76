"""Keeps what is observed of a session up to date, event by event, before any rule is asked."""

from pop3spy.findings.observed import AtClose, Observed, is_login
from pop3spy.protocol.frames import CommandLine, Frame, Junk, Opaque, Side, StatusLine
from pop3spy.protocol.states import State
from pop3spy.protocol.why import Trait, Why
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
    match event:
        case Heard(frame=frame):
            observed.last[frame.side] = observed.spoken_at = event.at
            if type(frame) in _KEPT:
                _heard(observed, frame, event.at)
        case Answered(exchange=exchange):
            _answered(observed, exchange, event.at)
        case SideClosed() if observed.at_close is None:
            observed.at_close = AtClose(tuple(observed.session.outstanding.values()))
        case Moved():
            _moved(observed, event)
        case Secured():
            observed.opaque = False
            if observed.greeted_at is not None:
                observed.secured_at = event.at
            else:
                observed.ready_at = event.at
            observed.capa_asked = observed.capa_refused = 0
        case Blinded():
            observed.lost = True


_KEPT = frozenset({CommandLine, StatusLine, Junk, Opaque})


def _heard(observed: Observed, frame: Frame, at: float) -> None:
    match frame:
        case CommandLine():
            if frame.command.spec is not None:
                verb = frame.command.verb
                observed.used[verb] = observed.used.get(verb, 0) + 1
            _behind_close(observed, frame, at)
        case StatusLine():
            observed.stray = 0
            if not frame.number and observed.greeted_at is None:
                observed.greeted_at = at
        case Junk():
            observed.stray += 1
        case Opaque(why=why):
            if why is Why.OUT_OF_STEP:
                observed.lost = True
            elif Trait.ENCRYPTED in why.traits:
                observed.opaque = True


def _moved(observed: Observed, event: Moved) -> None:
    if isinstance(event, Placed):
        observed.joined = True
    if event.after is State.TRANSACTION and observed.logged_in_at is None:
        observed.logged_in_at = event.at
    observed.opaque = event.after in (State.OPAQUE, State.TLS)


def _behind_close(observed: Observed, frame: CommandLine, at: float) -> None:
    first = observed.first_close
    if observed.at_close is not None and first is not None and first.side is Side.SERVER:
        observed.at_close.after.append((frame, at))


def _answered(observed: Observed, exchange: Exchange, at: float) -> None:
    if is_login(exchange):
        observed.logins.append(exchange)
        if exchange.ok and observed.logged_in_at is None:
            observed.logged_in_at = at
    elif exchange.command.verb == "CAPA":
        observed.capa_asked += 1
        observed.capa_refused += exchange.ok is False
    observed.before = exchange
