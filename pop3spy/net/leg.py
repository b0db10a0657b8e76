"""TLS on the legs of a proxy's sessions: as the client of servers, and as the server of clients.

Rules: 1. a server's certificate is judged before anything is said to it; 2. every handshake ends,
and if it fails somebody is told in one sentence why.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from pop3spy.errors import TlsError
from pop3spy.net.failed import why_failed
from pop3spy.net.identity import Identity
from pop3spy.net.layer import Layer
from pop3spy.net.pending_connection import PendingConnection
from pop3spy.net.refused import why_not_begun, why_refused
from pop3spy.net.trust import Trust
from pop3spy.protocol.hello import ClientHello, is_tls
from pop3spy.protocol.records import read_hello
from pop3spy.protocol.url import Url

GRANT: Final = b"+OK begin TLS\r\n"
"""What a client is told whose STLS is granted in the place of a server that has no TLS."""
_STLS: Final = {
    "inspect": "STLS is taken apart and read",
    "pass": "STLS passes unread",
    "refuse": "STLS is refused",
    "strip": "STLS is hidden and refused",
}


@dataclass(frozen=True, slots=True)
class Legs:
    """How TLS is used: whom we *trust*, and as whom we appear to clients.

    Without an *identity* there is no TLS with clients, and with *inspect* there is where STLS is
    granted.  *timeout* is in seconds, for each handshake; *stls* says what becomes of a client's
    STLS: ``inspect``, ``pass``, ``refuse`` or ``strip``.  Where STLS is granted in a server's place
    ``grant`` is said, and listed unless that server ``lists_stls`` itself.
    """

    trust: Trust = field(default_factory=Trust)
    identity: Identity | None = None
    inspect: bool = False
    timeout: float = 10.0
    stls: str = "pass"
    grant: bytes = GRANT
    lists_stls: bool = False

    def told(self, listener: str, upstream: str) -> str:
        """Return what becomes of TLS between *listener* and *upstream*, which are schemes."""
        stls = {"pop3s": "TLS at once", "pop3+stls": "STLS is required"}.get(listener)
        begins = upstream != "pop3" or (listener == "pop3" and self.stls == "inspect")
        if not begins:
            return stls or _STLS[self.stls]
        checked = "not checked" if self.trust.insecure else "checked"
        return f"{stls or _STLS[self.stls]}, the server's certificate is {checked}"

    def towards(self, url: Url, name: str) -> Layer:
        """Return TLS with the server at *url*, which should be called *name*."""

        def why(error: Exception, _: object = None) -> str:
            return why_failed(error, url, self.timeout, self.trust)

        try:
            return Layer(self.trust.context(), why, name.partition("%")[0])
        except (TypeError, ValueError) as error:  # the former for a name with a NUL
            raise TlsError(why(error)) from None

    def from_clients(self, certificate: bytes, name: str) -> Layer:
        """Return TLS with a client of the server with *certificate*, or else called *name*."""
        assert self.identity is not None
        context = self.identity.context(certificate, name)
        return Layer(context, lambda error, tls: why_refused(error, self.timeout, tls))

    async def shaken(self, layer: Layer, hands: asyncio.Future[str]) -> None:
        """Wait for the end of the handshake of *layer*; raise TlsError if it fails."""
        try:
            async with asyncio.timeout(self.timeout):
                failed = await hands
        except TimeoutError as error:
            raise TlsError(layer.explain(error)) from None
        if failed:
            raise TlsError(failed)

    async def hello(self, pending: PendingConnection) -> tuple[bytes, ClientHello]:
        """Wait for what a client says first in TLS; return its octets, and what they mean.

        Raise TlsError if it says something else, or nothing.
        """
        said = b""
        try:
            async with asyncio.timeout(self.timeout):
                while data := await pending.more():
                    said += data
                    if not is_tls(said):
                        break
                    if hello := read_hello(said):
                        return said, hello
        except TimeoutError:
            raise TlsError(why_not_begun(said, self.timeout, gone=False)) from None
        raise TlsError(why_not_begun(said, self.timeout, gone=pending.over))
