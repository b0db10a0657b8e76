"""From frames to what happened: exchanges, states, totals, events.

The frames that come here may be shown: they have been through the redactor.
"""

from collections.abc import Callable

from pop3spy.protocol.capabilities import parse_capabilities
from pop3spy.protocol.commands import Shape
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Junk,
    Opaque,
    SaslLine,
    Side,
    StatusLine,
    Why,
)
from pop3spy.protocol.states import Effect, State, after_challenge, after_greeting, after_reply
from pop3spy.protocol.text import show
from pop3spy.session.events import Answered, Heard, Moved, Placed, Secured, Told, Unanswered
from pop3spy.session.model import Body, Exchange, Session
from pop3spy.session.tls import Tls

_UNREADABLE = frozenset({Why.TLS, Why.SASL_LAYER})


class Tracker:
    """Keeps one session's model and publishes what changes in it."""

    def __init__(self, session: Session, publish: Callable[[Told], None]) -> None:
        self._session = session
        self._publish = publish
        self._open: dict[int, Exchange] = {}  # not answered to the end, in the order asked
        self._loose: Exchange | None = None  # answered, unless a body follows after all

    def apply(self, frame: Frame, first: float, last: float, user: str | None) -> None:
        """Take in *frame*, whose octets came from *first* to *last*; *user* was named so far."""
        session = self._session
        counted = frame.counted if isinstance(frame, Opaque) else len(frame.raw)
        session.totals.octets[frame.side] += counted or 0
        if self._loose and not _is_body_of(frame, self._loose):
            self._settle_loose(last)
        self._publish(Heard(session, last, frame, first, session.state))
        match frame:
            case BodyPart() | BodyEnd():
                self._body(frame, last)
            case CommandLine():
                self._command(frame, last)
            case StatusLine() if frame.number:
                self._status(frame, first, last, user)
            case StatusLine():
                session.greeting = frame
                self._move(after_greeting(ok=frame.ok), last)
            case SaslLine() | Challenge():
                self._sasl(frame, first, last)
            case Junk() | Opaque():
                self._unread(frame, last)

    def place(self, state: State, at: float, user: str | None) -> None:
        """Go on in *state*, as a recording of less than the whole session says, with its *user*."""
        self._session.user = user
        before, self._session.state = self._session.state, state
        self._publish(Placed(self._session, at, before, state))

    def amend(self, number: int, sent: Frame, answer: Frame | None, at: float) -> None:
        """Let exchange *number* be what the server heard; with an *answer* it has its reply."""
        if (exchange := self._open.get(number)) is None:
            return
        exchange.original = exchange.original or exchange.line
        if isinstance(sent, CommandLine) and sent.raw:
            exchange.line = sent
            return
        if isinstance(answer, StatusLine):
            exchange.status, exchange.answered_at = answer, at
            self._answered(exchange, at)
        else:
            del self._open[number]
            self._session.totals.unanswered += 1
            self._publish(Unanswered(self._session, at, exchange))

    def inject(self, frame: CommandLine, at: float) -> None:
        """Take in a command that the client did not say."""
        self._command(frame, at)
        self._open[frame.number].injected = True

    def secured(self, tls: Tls, at: float) -> None:
        """Take in that TLS began on a leg: what the server said of itself before is forgotten.

        It may have been tampered with (RFC 2595, section 4).
        """
        session = self._session
        session.legs[tls.side] = tls
        session.capabilities.clear()
        self._publish(Secured(session, at, tls))
        if session.state is State.TLS:
            self._move(State.AUTHORIZATION, at)

    def end(self, at: float) -> None:
        """Settle what is still open: nothing more will come."""
        self._settle_loose(at)
        for exchange in list(self._open.values()):
            if exchange.status is not None:
                self._answered(exchange, at)
        self._give_up(at)
        self._move(State.CLOSED, at)

    def _unread(self, frame: Junk | Opaque, at: float) -> None:
        """Take in what is part of no exchange."""
        session = self._session
        if isinstance(frame, Junk):
            session.parting = show(frame.raw.rstrip(b"\r\n"), frame.masks)
        if frame.why is Why.OUT_OF_STEP:
            self._give_up(at)
        elif frame.why in _UNREADABLE and session.state is not State.TLS:
            self._move(State.OPAQUE, at)

    # -- what was asked -------------------------------------------------------------------------

    def _command(self, frame: CommandLine, at: float) -> None:
        session = self._session
        exchange = Exchange(frame, at, session.state, session.state)
        session.totals.commands += 1
        session.parting = None
        self._open[frame.number] = exchange
        session.exchanges.append(exchange)

    def _sasl(self, frame: SaslLine | Challenge, first: float, last: float) -> None:
        if (exchange := self._open.get(frame.number)) is None:
            return
        if isinstance(frame, SaslLine):
            exchange.steps += 1
            return
        if exchange.answered_at is None:
            exchange.answered_at = first
            exchange.state_before = self._session.state
        self._move(after_challenge(self._session.state), last)

    # -- what was answered ----------------------------------------------------------------------

    def _status(self, frame: StatusLine, first: float, last: float, user: str | None) -> None:
        if (exchange := self._open.get(frame.number)) is None:
            return
        session = self._session
        exchange.status = frame
        if exchange.answered_at is None:
            exchange.answered_at = first
            exchange.state_before = session.state
        effect = exchange.command.effect
        after = after_reply(session.state, effect, ok=frame.ok, final=frame.final)
        exchange.state_after = after
        if effect is Effect.LOGIN:
            exchange.user = user
            if frame.ok:
                session.user, session.login = user, _login_of(exchange)
        if frame.final and not frame.has_body:
            if frame.has_body is None:
                self._loose, exchange.ended_at = exchange, last
            else:
                self._answered(exchange, last)
        self._move(after, last)
        if frame.ok and effect in (Effect.QUIT, Effect.TLS):
            self._give_up(last)

    def _body(self, frame: BodyPart | BodyEnd, at: float) -> None:
        exchange = self._open.get(frame.number)
        if exchange is None or frame.side is Side.CLIENT:
            return
        if exchange.body is None:
            exchange.body = _body_for(exchange)
        if isinstance(frame, BodyPart):
            exchange.body.add(frame.raw)
            return
        exchange.body.complete = True
        if exchange is self._loose:
            self._loose = None
        self._answered(exchange, at)

    # -- exchanges that end ---------------------------------------------------------------------

    def _answered(self, exchange: Exchange, at: float) -> None:
        del self._open[exchange.number]
        session, totals = self._session, self._session.totals
        exchange.ended_at = at
        totals.refused += not exchange.ok
        if exchange.ok and exchange.complete and not exchange.kept:
            match exchange.command.verb:
                case "CAPA" if exchange.body:
                    lines = exchange.body.head.splitlines()
                    session.capabilities[session.state.phase] = parse_capabilities(lines)
                case "RETR":
                    totals.retrieved += 1
                case "DELE":
                    totals.deleted += 1
                case "RSET":
                    totals.deleted = 0
        self._publish(Answered(session, at, exchange))
        if exchange.body:
            exchange.body.head = b""

    def _settle_loose(self, at: float) -> None:
        """Take an answer as whole that might have had a body."""
        if (exchange := self._loose) is None:
            return
        self._loose = None
        self._answered(exchange, exchange.ended_at or at)

    def _give_up(self, at: float) -> None:
        """Tell that the open exchanges get no reply."""
        for exchange in self._open.values():
            self._session.totals.unanswered += 1
            self._publish(Unanswered(self._session, at, exchange))
        self._open.clear()

    def _move(self, after: State, at: float) -> None:
        before, self._session.state = self._session.state, after
        if after is not before:
            self._publish(Moved(self._session, at, before, after))


def _is_body_of(frame: Frame, exchange: Exchange) -> bool:
    return isinstance(frame, BodyPart | BodyEnd) and frame.number == exchange.number


def _body_for(exchange: Exchange) -> Body:
    """Return an empty body; the lines of a message are not counted, those of a listing are."""
    return Body(lines=None if exchange.command.shape is Shape.MESSAGE else 0)


def _login_of(exchange: Exchange) -> str:
    """Return how a login was made: ``PASS``, ``APOP``, ``AUTH PLAIN``."""
    command = exchange.command
    if not command.args or command.verb != "AUTH":
        return command.verb
    return f"AUTH {show(command.args[0]).upper()}"
