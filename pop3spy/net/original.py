"""Where a client was going before the firewall sent it here (Linux: REDIRECT and TPROXY)."""

import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import ip_address
from typing import Final
from weakref import WeakValueDictionary

from pop3spy.errors import ConnectError
from pop3spy.net.dial import dial
from pop3spy.net.half import Half
from pop3spy.protocol.proxyheader import Ends
from pop3spy.protocol.url import Url

# From the kernel's headers: linux/netfilter_ipv4.h, netfilter_ipv6/ip6_tables.h, in.h, in6.h.
_SO_ORIGINAL_DST: Final = 80  # of SOL_IP; that of IPPROTO_IPV6 has the same number
_IP_TRANSPARENT: Final = 19
_IPV6_TRANSPARENT: Final = 75
_SOCKADDR_IN: Final = struct.Struct("!2xH4s8x")
_SOCKADDR_IN6: Final = struct.Struct("!2xH4x16s4x")


class Original:
    """The upstream of a transparent proxy: for each client the address that it wanted.

    Who connected to this program by its own address wants this program, so there is no server for
    it; neither is there for a connection that this program made and that came back.
    """

    def __init__(self) -> None:
        self._own: list[Url] = []
        self._made: WeakValueDictionary[Ends, Half] = WeakValueDictionary()

    def __str__(self) -> str:
        """Return what stands in the place of a server's name."""
        return "where each client was going"

    def listens_at(self, urls: Iterable[Url]) -> None:
        """Learn which addresses are this program's own."""
        self._own = list(urls)

    def ends(self, half: Half) -> Ends:
        """Return who is at the other end of *half*, and where it was going."""
        here = half.name("sockname")
        six = ":" in here[0]
        level, form = (socket.IPPROTO_IPV6, _SOCKADDR_IN6) if six else (socket.SOL_IP, _SOCKADDR_IN)
        with suppress(OSError):  # nobody translated it: TPROXY leaves it the address that it wanted
            port, host = form.unpack(half.option(level, _SO_ORIGINAL_DST, form.size))
            here = (str(ip_address(host)), port)
        return Ends(half.name("peername"), here)

    async def connect(
        self,
        ends: Ends,
        factory: Callable[[], Half],
        timeout: float,  # noqa: ASYNC109 - of the dialling
    ) -> None:
        """Connect a half from *factory* to where the client of *ends* was going.

        Raise ConnectError if that cannot be reached, or is this program itself.
        """
        made: list[Half] = []

        def remembered() -> Half:
            made.append(factory())
            return made[0]

        self._check(ends)
        await dial(Url("pop3", *ends.server), remembered, timeout)
        (half,) = made
        self._made[Ends(half.name("sockname"), half.name("peername"))] = half
        self._check(ends)  # what came back did so before it was known who had made it

    def _check(self, ends: Ends) -> None:
        """Raise ConnectError if the connection between *ends* leads to this program itself."""
        if ends in self._made:
            raise ConnectError(
                "this is the proxy's own connection, which the firewall sent back to it; its rule"
                " must leave out the user that the proxy runs as (docs/deploy.md)"
            )
        if any(_same(ends.server, own) for own in self._own):
            raise ConnectError(
                "no firewall sent this client, it connected to the proxy's own address; name a"
                " server with --upstream, or redirect clients (docs/deploy.md)"
            )


def take_foreign(sock: socket.socket) -> bool:
    """Let *sock* take what is addressed to others, as TPROXY sends it; return whether it may."""
    six = sock.family == socket.AF_INET6
    options = [(socket.IPPROTO_IPV6, _IPV6_TRANSPARENT)] if six else []
    try:
        for level, option in (*options, (socket.SOL_IP, _IP_TRANSPARENT)):
            sock.setsockopt(level, option, 1)
    except OSError:
        return False
    return True


def _same(address: tuple[str, int], own: Url) -> bool:
    """Return whether *address* is one at which this program listens."""
    if address[1] != own.port:
        return False
    if not ip_address(own.host.partition("%")[0]).is_unspecified:
        return address[0].partition("%")[0] == own.host.partition("%")[0]
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address[0], 0))
        except OSError:  # it is no address of this machine
            return False
    return True
