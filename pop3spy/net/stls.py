"""STLS as a proxy does it: taken apart with the server's, or offered in front of a server without.

Rules: 1. the client is granted STLS only when TLS with its server is there; 2. what either side
said in clear behind the STLS line, or behind its grant, is told and goes nowhere (RFC 2595, section
4); 3. a client that gets no TLS is told so, and the session ends.
"""

import math
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, Protocol

from pop3spy.errors import TlsError
from pop3spy.gate.acts import Acts, Beginning, End, Hold, Moment, Respond, Send, Wait, octets_in
from pop3spy.gate.faults import FaultKeeper
from pop3spy.gate.faulttext import read_fault
from pop3spy.net.leg import Legs
from pop3spy.net.opening import STLS
from pop3spy.protocol.commands import COMMANDS, Command, parse_command
from pop3spy.protocol.frames import CommandLine, Opaque, Side, StatusLine
from pop3spy.protocol.replies import status_of
from pop3spy.protocol.states import BEFORE_LOGIN, Effect, State
from pop3spy.protocol.why import Trait, Why
from pop3spy.session.deeds import Deed
from pop3spy.session.model import Session

GoOn = Callable[[Acts], None]

BY = "stls"
CAPABILITIES = b"+OK\r\nUSER\r\n%b.\r\n"
"""What is listed for a server that does not know CAPA, of which clients would learn nothing."""
STLS_FIRST = b"-ERR STLS first\r\n"
NO_TLS = b"-ERR [SYS/TEMP] the proxy has no TLS with the server; its log says why\r\n"
_STLS = tuple(name for name, row in COMMANDS.items() if row.effect is Effect.TLS)
_LISTING = "changed-capa remove=STLS add=STLS"


class Negotiation(Protocol):
    """What is done to the two connections of a session in which STLS was granted."""

    def begin(self) -> Coroutine[Any, Any, None]:
        """Hear nothing in clear any more, and begin the handshake with the server.

        Return what waits for its end.  Both raise TlsError if it fails.
        """

    def go_on(self) -> None:
        """Begin the handshake with the client, at its next octet."""

    def offered(self) -> None:
        """Hear nothing in clear any more from the client, and begin the handshake with it."""

    def fail(self, error: TlsError) -> None:
        """Remember why the session is going to end."""

    def give_up(self) -> None:
        """Close both connections."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let *work* be done for as long as the session lasts."""


class Inspection:
    """Judges both sides of *session* until TLS has begun, or until there will be none."""

    by = BY

    def __init__(self, session: Session, negotiation: Negotiation) -> None:
        self._session = session
        self._negotiation = negotiation
        self._over = False

    @property
    def sides(self) -> frozenset[Side]:
        """Both until TLS has begun, or somebody has logged in."""
        state = self._session.state
        over = self._over or state not in BEFORE_LOGIN or state is State.OPAQUE
        return frozenset() if over or self._session.login else frozenset(Side)

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        """Put both handshakes around the grant of STLS, if its client is to hear that.

        Faults may have changed when and in what words.  Behind a login it passes, as what comes
        then: the other side may not be gated any more.
        """
        frame, exchange = moment.frame, moment.exchange
        if (
            isinstance(frame, StatusLine)
            and frame.ok
            and exchange is not None
            and exchange.command.effect is Effect.TLS
            and not exchange.injected
            and not self._session.login
            and _grants(acts)
        ):
            self._over = True
            return Hold(partial(self._with_server, moment)), *acts, Hold(self._with_client)
        return acts

    def may_act_on(self, beginning: Beginning) -> bool:
        """Return whether this may become STLS, or is of the reply to it."""
        if beginning.side is Side.CLIENT:
            return beginning.may_become(*_STLS)
        exchange = beginning.exchange
        return exchange is not None and exchange.command.effect is Effect.TLS

    def withholds(self, beginning: Beginning) -> bool:
        """Return whether this was said behind STLS, to which the server has not said a word."""
        if beginning.side is Side.SERVER:
            return False
        ahead = b"\n" in beginning.data and beginning.may_become(*_STLS)
        asked = self._session.outstanding.values()
        return ahead or any(exchange.command.effect is Effect.TLS for exchange in asked)

    def _with_server(self, moment: Moment, go_on: GoOn) -> None:
        try:
            handshake = self._negotiation.begin()
        except TlsError as error:
            self._fail(error, moment, go_on)
        else:
            self._negotiation.spawn(self._until_secured(handshake, moment, go_on))

    async def _until_secured(
        self, handshake: Coroutine[Any, Any, None], moment: Moment, go_on: GoOn
    ) -> None:
        try:
            await handshake
        except TlsError as error:
            self._fail(error, moment, go_on)
        else:
            go_on(())
        if self._session.blind:  # so nobody performs that, and the client would wait for ever
            self._negotiation.give_up()

    def _fail(self, error: TlsError, moment: Moment, go_on: GoOn) -> None:
        self._negotiation.fail(error)
        moment.note(BY, Deed.STLS_FAILED)
        go_on((Send(NO_TLS), End.CLOSE))

    def _with_client(self, go_on: GoOn) -> None:
        self._negotiation.go_on()
        go_on(())


def _grants(acts: Acts) -> bool:
    """Return whether *acts*, sooner or later, tell the client that STLS was granted."""
    comes = all(
        isinstance(act, Send) or (isinstance(act, Wait) and act.seconds < math.inf) for act in acts
    )
    return comes and status_of(octets_in(acts)) is True


_SURPLUS: Final = b"-ERR too many arguments: STLS\r\n"


def _needs_no_tls(command: Command) -> bool:
    """Return whether a command may be said in clear: it names nobody, and no message."""
    spec = command.spec
    if spec is None or spec.secret:
        return False
    return not command.args or State.AUTHORIZATION in spec.states


class Offer:
    """Grants STLS to the client of *session* in place of a server that hears nothing of it.

    With *required* nothing goes to the server in clear that names a user or a message, or that
    nobody knows, whatever the server says, its greeting too.
    """

    by = BY

    def __init__(
        self, session: Session, negotiation: Negotiation, legs: Legs, *, required: bool
    ) -> None:
        self._session = session
        self._negotiation = negotiation
        self._legs = legs
        self._required = required
        self._listing = FaultKeeper(read_fault(_LISTING), 0)
        self._over = False
        self._unlisted = False  # the server does not know CAPA
        self._refused = 0  # the exchange that was refused last

    @property
    def sides(self) -> frozenset[Side]:
        """Both until TLS has begun or, where it is not required, somebody has logged in.

        Inside TLS clients ask for the capabilities again, and give up if there are none now.
        """
        if self._required and not self._over:
            return frozenset(Side)
        if self._session.state not in BEFORE_LOGIN:
            return frozenset()
        if self._over:
            return frozenset({Side.SERVER} if self._unlisted else ())
        return frozenset(Side)

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        """Grant STLS, list it among the capabilities, and refuse what needs it.

        What the server would not have heard, because of a fault or a person, stays as they want it.
        """
        frame, said = moment.frame, octets_in(acts)
        if frame.side is Side.SERVER:
            return self._list(moment, acts)
        if not (isinstance(frame, CommandLine) and said):
            return self._unread(moment, acts) if self._required else acts
        heard = parse_command(said)
        before = [act for act in acts if isinstance(act, Wait)]
        if heard.effect is Effect.TLS and heard.args:
            return *before, Respond(_SURPLUS)
        if heard.effect is Effect.TLS:
            self._over = True
            return *before, Respond(self._legs.grant), Hold(partial(self._with_client, moment))
        if self._required and not (_needs_no_tls(heard) and _needs_no_tls(frame.command)):
            self._refused = frame.number
            moment.note(BY, Deed.STLS_FIRST)
            return *before, Respond(STLS_FIRST)
        return acts

    def _unread(self, moment: Moment, acts: Acts) -> Acts:
        """Keep what is no command from a server that would hear it in clear."""
        frame = moment.frame
        if self._over or not isinstance(frame, Opaque) or Trait.COUNTED in frame.why.traits:
            return acts
        if frame.why is Why.TOO_LONG:
            return () if frame.number == self._refused else acts
        moment.note(BY, Deed.STLS_CLOSED)
        return (End.CLOSE,)

    def may_act_on(self, beginning: Beginning) -> bool:
        """Return whether this may become STLS, or needs it, or is of a reply to CAPA."""
        if beginning.side is Side.CLIENT:
            return self._required or beginning.may_become(*_STLS)
        exchange = beginning.exchange
        return exchange is not None and exchange.command.verb == "CAPA"

    def withholds(self, beginning: Beginning) -> bool:
        """Return whether this may be something that is not to be said in clear."""
        return self._required and not self._over and beginning.side is Side.CLIENT

    def _list(self, moment: Moment, acts: Acts) -> Acts:
        frame, exchange = moment.frame, moment.exchange
        if (
            isinstance(frame, StatusLine)
            and not frame.ok
            and exchange is not None
            and exchange.command.verb == "CAPA"
            and not exchange.command.args  # else that is what the server refuses
        ):
            self._unlisted = True
            moment.note(BY, Deed.STLS_LISTED)
            return (Send(CAPABILITIES % (b"" if self._over else STLS)),)
        listed = self._over or self._legs.lists_stls
        return acts if listed else self._listing.judge(moment, acts)

    def _with_client(self, moment: Moment, go_on: GoOn) -> None:
        moment.note(BY, Deed.STLS_GRANTED)
        self._negotiation.offered()
        go_on(())
