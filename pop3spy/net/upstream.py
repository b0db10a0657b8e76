"""Whom a proxy relays its clients to: servers, a host of its own process, or where they went."""

from collections.abc import Callable, Iterable, Mapping

from pop3spy.net.accepted_client import AcceptedClient
from pop3spy.net.dial import dial
from pop3spy.net.half import Half
from pop3spy.net.host import Host
from pop3spy.net.introduction import Arrival
from pop3spy.net.original import Original
from pop3spy.protocol.proxyheader import Ends
from pop3spy.protocol.url import Url

Servers = Url | Mapping[Url, Url]
"""The server of all clients, or that of the clients of each address where the proxy listens."""


class Upstream:
    """Finds the server of each client at *where*, and connects to it.

    A host of this process has no address that a client could learn.
    """

    def __init__(self, where: Servers | Host | Original) -> None:
        self._where = where
        self._own: list[Url] = []  # where the proxy listens

    @property
    def host(self) -> Host | None:
        """The host of this process, if that is where clients are relayed to."""
        return self._where if isinstance(self._where, Host) else None

    @property
    def nameless(self) -> bool:
        """Whether servers are known by their addresses alone."""
        return isinstance(self._where, Original)

    def listens_at(self, urls: Iterable[Url]) -> None:
        """Learn which addresses are this program's own."""
        self._own = list(urls)
        if isinstance(self._where, Original):
            self._where.listens_at(self._own)

    def ends(self, half: Half) -> Ends:
        """Return who is at the other end of *half*, and where it was going."""
        if isinstance(self._where, Original):
            return self._where.ends(half)
        return Ends(half.name("peername"), half.name("sockname"))

    def at(self, listener: Url) -> Url | Original | None:
        """Return whom clients of *listener* are relayed to, None if that is a host."""
        if isinstance(self._where, Mapping):
            return self._where[listener]
        return None if isinstance(self._where, Host) else self._where

    def url_for(self, arrival: Arrival) -> Url | None:
        """Return the server that a client is for, None if that is a host."""
        where = self.at(arrival.listener)
        if isinstance(where, Original):
            return Url(arrival.listener.scheme, *arrival.ends.server)
        return where

    async def connect(
        self,
        arrival: Arrival,
        factory: Callable[[], Half],
        timeout: float,  # noqa: ASYNC109 - for each address
        answered_by: Callable[[AcceptedClient], None],
    ) -> None:
        """Connect a half from *factory* to the server that the client is for.

        *answered_by* is told who of this program answers, if that is a host.  Raise ConnectError if
        the server cannot be reached.
        """
        where = self.at(arrival.listener)
        if self.host:
            await self.host.connect(factory, answered_by)
        elif isinstance(where, Original):
            await where.connect(arrival.ends, factory, timeout)
        elif where:
            await dial(where, factory, timeout, self._own)
