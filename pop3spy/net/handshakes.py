"""The TLS of one session: at once on either leg, and where the client is granted STLS.

Rules: 1. neither peer hears a word of the other before TLS is there on each leg that is to have it;
2. a client is shown a certificate with the names in the server's own, and with no others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

from pop3spy.errors import ConnectError, TlsError
from pop3spy.gate.acts import Keeper
from pop3spy.net.accepted_client import AcceptedClient
from pop3spy.net.half import Half
from pop3spy.net.layer import Layer
from pop3spy.net.leg import Legs
from pop3spy.net.link import Link, Said
from pop3spy.net.opening import ask_for_tls
from pop3spy.net.pending_connection import PendingConnection
from pop3spy.net.stls import NO_TLS, Inspection, Offer
from pop3spy.net.tls import agreed_with_client, agreed_with_server
from pop3spy.protocol.frames import Side
from pop3spy.protocol.url import Url
from pop3spy.session.chunk import Clock
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Session

ALERT = b"\x15\x03\x03\x00\x02\x02\x50"
"""What a client is told that gets no TLS: a fatal internal_error (RFC 8446, section 6)."""

Connect = Callable[[Callable[[], Half]], Awaitable[None]]
Spawn = Callable[[Link, Coroutine[Any, Any, None]], None]


class Handshakes:
    """Does the handshakes of the session of *link*, which is given to it later.

    The server is at *url*; without one it is part of this program, and has no TLS.  A client whose
    server shows no certificate is shown one for *name*, or for the name that it asks for.  A
    *nameless* server, known by its address alone, has to be called what its client calls it.
    """

    link: Link

    def __init__(  # noqa: PLR0913 - what TLS depends on
        self,
        legs: Legs,
        url: Url | None,
        name: str,
        clock: Clock,
        spawn: Spawn,
        *,
        nameless: bool = False,
    ) -> None:
        self._nameless = nameless
        self._legs = legs
        self._url = url
        self._name = url.host if url else name
        self._clock = clock
        self._spawn = spawn
        self._certificate = b""  # the server's
        self._ready: Layer | None = None  # for the client, when its server has TLS
        self._host: AcceptedClient | None = None
        self._at_once = False

    def answered_by(self, host: AcceptedClient) -> None:
        """Know who of this program is the server, before a word is said."""
        self._host = host
        if self._at_once:
            host.secured()

    # -- before the first word ------------------------------------------------------------------

    async def open(
        self, connect: Connect, pending: PendingConnection | None, apology: bytes
    ) -> None:
        """Let the client, which is in *pending* if it wants TLS at once, talk with its server.

        *connect* does the connecting.  A client that gets no server is told *apology*.
        """
        server, client = PendingConnection(self._clock), self.link.half(Side.CLIENT)
        client.hold("opening", hold=pending is None)
        hello = b""
        self._at_once = pending is not None
        try:
            if pending:
                hello, asked = await self._legs.hello(pending)
                self._name = asked.name or self._name
                if self._url and self._nameless and asked.name:
                    self._url = replace(self._url, host=asked.name)
            await connect(lambda: Half(Side.SERVER, server.join))
            greeting = await self._reach(server)
        except ConnectError as error:
            server.tell_closings(self.link)
            server.abort()
            how = How.TLS if isinstance(error, TlsError) else How.UNREACHABLE
            if isinstance(error, TlsError):
                apology = error.line or NO_TLS
            if pending:
                apology = await self._turn_away(pending, hello, apology)
            self.link.refuse(Ending(how, str(error), unreached=error.unreached), apology)
        except BaseException:
            server.abort()
            raise
        else:
            await self._meet(server, greeting, pending, hello)
        finally:
            client.hold("opening", hold=False)

    async def _meet(
        self,
        server: PendingConnection,
        greeting: bytes,
        pending: PendingConnection | None,
        hello: bytes,
    ) -> None:
        """Let the client, once it has the TLS that it wants, hear *greeting* and go on."""
        if pending:
            try:
                await self._admit(pending, hello)
            except TlsError as error:
                server.abort()
                pending.hand_to(self.link)
                self.link.refuse(Ending(How.TLS, str(error)))
                return
            except BaseException:
                server.abort()
                raise
        self.link.join(server.half)
        self.link.pass_on(Side.SERVER, greeting)
        server.hand_to(self.link)

    async def _reach(self, server: PendingConnection) -> bytes:
        """Begin TLS with the server if it is to have it; return its greeting if that was before."""
        if self._url is None or self._url.scheme == "pop3":
            return b""
        greeting = b""
        said: list[Said] = []
        if self._url.scheme == "pop3+stls":
            try:
                greeting = await ask_for_tls(
                    server,
                    self._url,
                    self._legs.timeout,
                    lambda side, data: said.append((side, data, self._clock.now())),
                )
            finally:
                self.link.tell(said, "upstream")
        layer = self._legs.towards(self._url, self._url.host)
        begun = partial(self._server_secured, layer)
        hands = server.half.secure(layer, begun, server.take())  # it may have spoken already
        await self._legs.shaken(layer, hands)
        return greeting

    def _server_secured(self, layer: Layer) -> None:
        self._certificate = layer.object.getpeercert(binary_form=True) or b""
        self.link.secured(agreed_with_server(layer.object, self._legs.trust))

    def _client_secured(self, layer: Layer) -> None:
        self.link.secured(agreed_with_client(layer.object))

    async def _admit(self, pending: PendingConnection, hello: bytes) -> None:
        """Begin TLS with a client that wants it at once."""
        layer = self._legs.from_clients(self._certificate, self._name)
        begun = partial(self._client_secured, layer)
        await self._legs.shaken(layer, pending.half.secure(layer, begun, hello))
        pending.hand_to(self.link)

    async def _turn_away(self, pending: PendingConnection, hello: bytes, apology: bytes) -> bytes:
        """Return what a client that wants TLS at once can be told in place of *apology*."""
        if hello and apology:
            try:
                await self._admit(pending, hello)
            except TlsError:
                return b""
            return apology
        pending.hand_to(self.link)
        return ALERT if hello else b""

    # -- STLS -----------------------------------------------------------------------------------

    def keeper(self, session: Session, listener: Url) -> Keeper | None:
        """Return who sees to STLS for those who come to *listener*, if anybody does."""
        if listener.scheme == "pop3+stls":
            return Offer(session, self, self._legs, required=True)
        if listener.scheme == "pop3" and self._legs.identity:
            if self._url is None:
                return Offer(session, self, self._legs, required=False)
            if self._legs.inspect and self._url.scheme == "pop3":
                return Inspection(session, self)
        return None

    def begin(self) -> Coroutine[Any, Any, None]:
        """Hear nothing in clear any more, and begin the handshake with the server."""
        assert self._url is not None
        layer = self._legs.towards(self._url, self._url.host)
        self.link.negotiate()
        begun = partial(self._server_secured, layer)
        return self._until_ready(layer, self.link.half(Side.SERVER).secure(layer, begun))

    async def _until_ready(self, layer: Layer, hands: asyncio.Future[str]) -> None:
        await self._legs.shaken(layer, hands)
        self._ready = self._legs.from_clients(self._certificate, self._name)

    def go_on(self) -> None:
        """Begin the handshake with the client, at its next octet."""
        assert self._ready is not None
        begun = partial(self._client_secured, self._ready)
        hands = self.link.half(Side.CLIENT).secure(self._ready, begun)
        self.link.negotiated()
        self.spawn(self._until_secured(self._ready, hands))

    async def _until_secured(self, layer: Layer, hands: asyncio.Future[str]) -> None:
        try:
            await self._legs.shaken(layer, hands)
        except TlsError as error:
            self.link.fail(error)
            self.link.close()

    def offered(self) -> None:
        """Hear nothing in clear any more from the client, and begin the handshake with it."""
        self._ready = self._legs.from_clients(self._certificate, self._name)
        self.link.cut_off_client()
        if self._host:
            self._host.secured()
        self.go_on()

    def fail(self, error: TlsError) -> None:
        """Remember why the session is going to end."""
        self.link.fail(error)

    def give_up(self) -> None:
        """Close both connections."""
        self.link.fail(TlsError("reading failed in the middle of STLS"))
        self.link.close()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let *work* be done for as long as the session lasts."""
        self._spawn(self.link, work)
