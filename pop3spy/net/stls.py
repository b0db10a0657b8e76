"""STLS as a proxy does it: taken apart with the server's, or offered in front of a server without.

Rules: 1. the client is granted STLS only when TLS with its server is there; 2. what either side
said in clear behind the STLS line, or behind its grant, is told and goes nowhere (RFC 2595, section
4); 3. a client that gets no TLS is told so, and the session ends.
"""

import math
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from pop3spy.errors import TlsError
from pop3spy.gate.acts import Acts, End, Hold, Moment, Respond, Send, Wait, octets_in
from pop3spy.gate.faults import FaultKeeper
from pop3spy.gate.faulttext import read_fault
from pop3spy.net.opening import STLS
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.frames import CommandLine, Side, StatusLine
from pop3spy.protocol.replies import status_of
from pop3spy.protocol.states import BEFORE_LOGIN, Effect, State
from pop3spy.session.model import Session

GoOn = Callable[[Acts], None]

GRANT = b"+OK begin TLS\r\n"
CAPABILITIES = b"+OK\r\nUSER\r\n%b.\r\n"
"""What is listed for a server that does not know CAPA, of which clients would learn nothing."""
STLS_FIRST = b"-ERR STLS first\r\n"
NO_TLS = b"-ERR [SYS/TEMP] the proxy has no TLS with the server; its log says why\r\n"
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
        moment.note("stls", "told the client that there is no TLS")
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


class Offer:
    """Grants STLS to the client of *session* in place of a server that hears nothing of it.

    With *required* nobody logs in without it.
    """

    def __init__(self, session: Session, negotiation: Negotiation, *, required: bool) -> None:
        self._session = session
        self._negotiation = negotiation
        self._required = required
        self._listing = FaultKeeper(read_fault(_LISTING), 0)
        self._over = False
        self._unlisted = False  # the server does not know CAPA

    @property
    def sides(self) -> frozenset[Side]:
        """Both until TLS has begun, or somebody has logged in.

        Inside TLS clients ask for the capabilities again, and give up if there are none now.
        """
        if self._session.state not in BEFORE_LOGIN:
            return frozenset()
        if self._over:
            return frozenset({Side.SERVER} if self._unlisted else ())
        return frozenset(Side)

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        """Grant STLS, list it among the capabilities, and refuse a login without it.

        What the server would not have heard, because of a fault or a person, stays as they want it.
        """
        frame, said = moment.frame, octets_in(acts)
        if frame.side is Side.SERVER:
            return self._list(moment, acts)
        if not (isinstance(frame, CommandLine) and said):
            return acts
        effect, meant = parse_command(said).effect, frame.command.effect
        before = [act for act in acts if isinstance(act, Wait)]
        if effect is Effect.TLS:
            self._over = True
            return *before, Respond(GRANT), Hold(partial(self._with_client, moment))
        if self._required and {effect, meant} & {Effect.LOGIN, Effect.NAME}:
            moment.note("stls", "asked for it first")
            return *before, Respond(STLS_FIRST)
        return acts

    def _list(self, moment: Moment, acts: Acts) -> Acts:
        frame, exchange = moment.frame, moment.exchange
        if (
            isinstance(frame, StatusLine)
            and not frame.ok
            and exchange is not None
            and exchange.command.verb == "CAPA"
        ):
            self._unlisted = True
            moment.note("stls", "answered for a server that does not know CAPA")
            return (Send(CAPABILITIES % (b"" if self._over else STLS)),)
        return acts if self._over else self._listing.judge(moment, acts)

    def _with_client(self, moment: Moment, go_on: GoOn) -> None:
        moment.note("stls", "granted it")
        self._negotiation.offered()
        go_on(())
