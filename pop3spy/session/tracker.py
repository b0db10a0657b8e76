"""From frames to what happened: exchanges, states, totals, events.

The frames that come here may be shown: they have been through the redactor.  Commands are paired
with their replies here and nowhere else; every event carries its exchange.
"""

from collections.abc import Callable
from typing import Final

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
)
from pop3spy.protocol.states import Effect, State, after_challenge, after_reply, is_proof
from pop3spy.protocol.text import show
from pop3spy.protocol.why import Trait, Why
from pop3spy.session.body import Body
from pop3spy.session.events import Answered, Heard, Moved, Placed, Secured, Told, Unanswered
from pop3spy.session.maildrop import CHANGING, TELLING
from pop3spy.session.model import Exchange, Session
from pop3spy.session.seen_listings import LISTING
from pop3spy.session.tls import Tls

# Globals are found faster than members of an Enum, and each reply is compared with these.
_LOGIN, _TLS, _QUIT = Effect.LOGIN, Effect.TLS, Effect.QUIT
_COUNTED: Final = frozenset({"CAPA", "RETR", "DELE", "RSET"})
"""Verbs whose good replies tell more of the session than that there was one."""


class Tracker:
    """Keeps one session's model and publishes what changes in it."""

    def __init__(
        self,
        session: Session,
        publish: Callable[[Told], None],
        *,
        anonymous: bool = False,
    ) -> None:
        self._session = session
        self._publish = publish
        self._anonymous = anonymous  # nobody may learn names
        self._loose: Exchange | None = None  # answered, unless a body follows after all
        self._speaks_ahead = False  # the client has done so before
        self._odd: list[tuple[Junk, float]] = []  # since the last reply, one for each that waits

    def apply(self, frame: Frame, first: float, last: float, user: str | None) -> Heard:
        """Take in *frame*, whose octets came from *first* to *last*; *user* was named so far."""
        session = self._session
        counted = frame.counted if isinstance(frame, Opaque) else len(frame.raw)
        session.totals.octets[frame.side] += counted or 0
        if self._loose and not _is_body_of(frame, self._loose):
            self._settle_loose(last)
        if isinstance(frame, CommandLine):
            heard = Heard(session, last, frame, first, session.state, self._command(frame, last))
            self._publish(heard)
            return heard
        exchange = session.outstanding.get(frame.number)
        heard = Heard(session, last, frame, first, session.state, exchange)
        self._publish(heard)
        match frame:
            case StatusLine() if exchange:
                self._status(frame, exchange, first, last, user)
            case StatusLine() if not frame.number:
                session.greeting, session.parting = frame, None
                self._move(State.AUTHORIZATION, last)
            case BodyPart() | BodyEnd() if exchange and frame.side is Side.SERVER:
                self._body(frame, exchange, last)
            case Junk() | Opaque():
                self._no_reply(frame, exchange, last)
            case SaslLine() | Challenge() if exchange:
                self._sasl(frame, exchange, first, last)
        return heard

    def place(self, state: State, at: float, user: str | None) -> None:
        """Go on in *state*, as a recording of less than the whole session says, with its *user*."""
        self._session.user = user
        before, self._session.state = self._session.state, state
        self._publish(Placed(self._session, at, before, state))

    def amend(self, exchange: Exchange, sent: Frame, answer: Frame | None, at: float) -> None:
        """Let *exchange* be what the server heard; with an *answer* it has its reply."""
        if exchange.number not in self._session.outstanding:
            return
        exchange.original = exchange.original or exchange.line
        if isinstance(sent, CommandLine) and sent.raw:
            exchange.line = sent
            return
        if isinstance(answer, StatusLine):
            exchange.status, exchange.answered_at = answer, at
            self._answered(exchange, at)
        else:
            self._unanswered(exchange, at)

    def inject(self, frame: CommandLine, at: float) -> Exchange:
        """Take in a command that the client did not say."""
        exchange = self._command(frame, at)
        exchange.injected = True
        return exchange

    def secured(self, tls: Tls, at: float) -> None:
        """Take in that TLS began on a leg: what was said in clear before is forgotten.

        It may have been tampered with, what the server said of itself and whom the client named
        (RFC 2595, section 4).
        """
        session = self._session
        session.legs[tls.side] = tls
        session.capabilities.clear()
        self._publish(Secured(session, at, tls))
        if session.state is State.TLS or session.state is State.USER_GIVEN:
            self._move(State.AUTHORIZATION, at)

    def end(self, at: float) -> None:
        """Settle what is still open: nothing more will come."""
        self._settle_loose(at)
        self._give_up(at)

    # -- what was asked -------------------------------------------------------------------------

    def _command(self, frame: CommandLine, at: float) -> Exchange:
        session = self._session
        if frame.settles:
            self._give_up(at)
            if session.state is State.GREETING:  # the client took a banner for the greeting
                self._move(State.AUTHORIZATION, at, inferred=True)
        if frame.pipelined and not self._speaks_ahead:
            self._speaks_ahead = True
            for waiting in session.outstanding.values():
                if waiting.body:
                    waiting.body.client_spoke()
        exchange = Exchange(frame, at, session.state, session.state)
        session.totals.commands += 1
        session.parting = None
        session.outstanding[frame.number] = exchange
        session.exchanges.append(exchange)
        return exchange

    def _sasl(
        self, frame: SaslLine | Challenge, exchange: Exchange, first: float, last: float
    ) -> None:
        if isinstance(frame, SaslLine):
            exchange.steps += 1
            return
        if exchange.answered_at is None:
            exchange.answered_at = first
            exchange.state_before = self._session.state
        self._move(after_challenge(self._session.state), last)

    # -- what was answered ----------------------------------------------------------------------

    def _status(
        self, frame: StatusLine, exchange: Exchange, first: float, last: float, user: str | None
    ) -> None:
        session, effect = self._session, exchange.line.command.effect
        exchange.status = frame
        self._odd.clear()
        if is_proof(session.state, effect, ok=frame.ok):
            self._move(State.TRANSACTION, last, inferred=True)
        if exchange.answered_at is None:
            exchange.answered_at = first
            exchange.state_before = session.state
        after = after_reply(session.state, effect, ok=frame.ok, final=frame.final)
        exchange.state_after = after
        if effect is _LOGIN:
            exchange.user = user
            if frame.ok:
                session.user, session.login = user, _login_of(exchange)
        session.said_goodbye = effect is _QUIT and (frame.ok or after is State.UPDATE)
        if frame.final and not frame.has_body:
            if frame.has_body is None:
                self._loose, exchange.ended_at = exchange, last
            else:
                self._answered(exchange, last)
        if after is not session.state:
            self._move(after, last)
        if frame.ok and (effect is _QUIT or effect is _TLS):
            self._give_up(last)

    def _body(self, frame: BodyPart | BodyEnd, exchange: Exchange, at: float) -> None:
        if exchange.body is None:
            exchange.body = _body_for(exchange, anonymous=self._anonymous)
        if isinstance(frame, BodyPart):
            exchange.body.add(frame.raw, dotted=frame.dotted)
            if frame.masks:
                exchange.body.hidden = True
            return
        exchange.body.complete = True
        if exchange is self._loose:
            self._loose = None
        self._answered(exchange, at)

    def _no_reply(self, frame: Junk | Opaque, exchange: Exchange | None, at: float) -> None:
        """Take in what is no command and no reply."""
        session = self._session
        if isinstance(frame, Junk):
            if exchange is not None:
                self._odd_line(frame, exchange, at)
            else:
                session.parting = show(frame.raw.rstrip(b"\r\n"), frame.masks)
        elif frame.why is Why.OUT_OF_STEP:
            self._give_up(at)
        elif Trait.ENCRYPTED in frame.why.traits and session.state is not State.TLS:
            self._move(State.OPAQUE, at)

    def _odd_line(self, frame: Junk, exchange: Exchange, at: float) -> None:
        """Take in a line without a status that came while *exchange* waited for its reply."""
        exchange.odd, exchange.odd_at = frame, at
        if frame.settles:
            self._answered_oddly(exchange)
            return
        if len(self._odd) == len(self._session.outstanding):
            self._odd.pop()
        self._odd.append((frame, at))

    # -- exchanges that end ---------------------------------------------------------------------

    def _answered(self, exchange: Exchange, at: float) -> None:
        del self._session.outstanding[exchange.line.number]
        session, totals = self._session, self._session.totals
        exchange.ended_at = at
        verb, ok = exchange.line.command.verb, exchange.ok
        totals.refused += ok is False
        if verb in _COUNTED and ok and exchange.complete and not exchange.kept:
            match verb:
                case "CAPA" if exchange.body:
                    lines = exchange.body.head.splitlines()
                    session.capabilities[session.state.phase] = parse_capabilities(lines)
                case "RETR":
                    totals.retrieved += 1
                case "DELE":
                    totals.deleted += 1
                case "RSET":
                    totals.deleted = 0
        if verb in TELLING and not exchange.kept:
            self._learn(exchange, at)
        self._publish(Answered(session, at, exchange))
        if exchange.body:
            exchange.body.forget()

    def _learn(self, exchange: Exchange, at: float) -> None:
        """Take in what the server said of its maildrop."""
        maildrop = self._session.maildrop
        if not maildrop.since_login:
            maildrop.since_login = self._session.login is not None
        maildrop.learn(exchange.line, exchange.status, exchange.body, at)

    def _answered_oddly(self, exchange: Exchange) -> None:
        """Take a line without a status as all of the reply that there is."""
        exchange.answered_at = exchange.odd_at
        exchange.state_before = exchange.state_after = self._session.state
        if exchange.line.command.effect is Effect.QUIT:
            self._session.said_goodbye = True
        elif self._session.state is State.SASL:
            self._move(State.AUTHORIZATION, exchange.odd_at)
        self._answered(exchange, exchange.odd_at)

    def _unanswered(self, exchange: Exchange, at: float) -> None:
        del self._session.outstanding[exchange.number]
        self._session.totals.unanswered += 1
        if exchange.line.command.verb in CHANGING and not exchange.kept:
            self._learn(exchange, at)
        self._publish(Unanswered(self._session, at, exchange))

    def _settle_loose(self, at: float) -> None:
        """Take an answer as whole that might have had a body."""
        if (exchange := self._loose) is None:
            return
        self._loose = None
        self._answered(exchange, exchange.ended_at or at)

    def _give_up(self, at: float) -> None:
        """Wait no more for the replies that are due.

        Lines without a status are taken for those that are missing, in the order in which they
        came.
        """
        outstanding = list(self._session.outstanding.values())
        for exchange, (frame, came) in zip(outstanding, self._odd, strict=False):
            exchange.odd, exchange.odd_at = frame, came
        self._odd.clear()
        for exchange in outstanding:
            if exchange.status is not None:
                self._answered(exchange, at)
            elif exchange.odd is not None:
                self._answered_oddly(exchange)
            else:
                self._unanswered(exchange, at)

    def _move(self, after: State, at: float, *, inferred: bool = False) -> None:
        before, self._session.state = self._session.state, after
        if after is not before:
            self._publish(Moved(self._session, at, before, after, inferred))


def _is_body_of(frame: Frame, exchange: Exchange) -> bool:
    return isinstance(frame, BodyPart | BodyEnd) and frame.number == exchange.number


def _body_for(exchange: Exchange, *, anonymous: bool) -> Body:
    """Return an empty body; the lines of a message are not counted, those of a listing are."""
    command = exchange.command
    if command.shape is Shape.MESSAGE:
        return Body(anonymous=anonymous)
    listed: list[bytes] | None = [] if command.verb in LISTING else None
    return Body(lines=0, listed=listed)


def _login_of(exchange: Exchange) -> str:
    """Return how a login was made: ``PASS``, ``APOP``, ``AUTH PLAIN``."""
    command = exchange.command
    if not command.args or command.verb != "AUTH":
        return command.verb
    return f"AUTH {show(command.args[0]).upper()}"
