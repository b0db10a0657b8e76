"""Clients that another proxy brings: it says first whom it brings (the PROXY protocol)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from pop3spy.net.pending_connection import PendingConnection
from pop3spy.protocol.proxyheader import Ends, HeaderError, read_header, write_header
from pop3spy.protocol.url import Url


@dataclass(frozen=True, slots=True)
class Introductions:
    """Who is *trusted* to bring others, and how servers are told of clients: ``v1``, ``v2``.

    Whoever is trusted has to say whom it brings; all others are clients themselves.
    """

    trusted: Sequence[IPv4Network | IPv6Network] = ()
    announced: str | None = None

    def due_from(self, host: str) -> bool:
        """Return whether a connection from *host* has to begin with a header."""
        if not (self.trusted and host):  # without a host it is gone already
            return False
        address = ip_address(host.partition("%")[0])
        return any(address in network for network in self.trusted)

    def header(self, ends: Ends) -> bytes:
        """Return what a server is to hear before anything else."""
        return write_header(self.announced, ends) if self.announced else b""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a client came: where to, and the *ends* of its connection, which a header may *name*."""

    listener: Url
    ends: Ends
    named: Ends | None = None

    @property
    def told(self) -> Ends:
        """Whom the session is between, as far as the client's side knows."""
        return self.named or self.ends


async def introduced(pending: PendingConnection, seconds: float) -> tuple[Ends | None, bytes]:
    """Return whom the peer of *pending* brings, if not itself, and what came behind that.

    Raise HeaderError, in one line for a person, if that cannot be known within *seconds*.
    """
    said = b""
    try:
        async with asyncio.timeout(seconds):
            while (read := read_header(said)) is None:
                more = await pending.more()
                if not more:
                    raise HeaderError("it ended before its PROXY header did")
                said += more
    except TimeoutError:
        raise HeaderError(f"its PROXY header did not come in {seconds:g} s") from None
    size, ends = read
    return ends, said[size:]
