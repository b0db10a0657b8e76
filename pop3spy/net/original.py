"""Where a client was going before the firewall sent it here (Linux: REDIRECT and TPROXY)."""

import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import ip_address
from typing import Final
from weakref import WeakValueDictionary

from pop3spy.errors import ConnectError, Unreached
from pop3spy.net.dial import connect_by, reason_of, unreached_of
from pop3spy.net.half import Half
from pop3spy.net.own import Address, is_here, is_own
from pop3spy.protocol.proxyheader import Ends
from pop3spy.protocol.url import Url
from pop3spy.session.model import Peer

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
        self._calls: set[tuple[int, Address]] = set()  # from which port to whom, not answered yet
        self._made: WeakValueDictionary[tuple[int, Address], Half] = WeakValueDictionary()

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
        timeout: float,  # noqa: ASYNC109 - the words for it are here
    ) -> None:
        """Connect a half from *factory* to where the client of *ends* was going.

        Raise ConnectError if that cannot be reached, or is this program itself.
        """
        self._check(ends)
        where = Peer(*ends.server)
        try:
            await self._call(ends.server, factory, timeout)
        except TimeoutError:
            silent = f"{where} did not answer in {timeout:g} s"
            raise ConnectError(silent, Unreached.UNANSWERED) from None
        except OSError as error:
            why = f"{where} {reason_of(error)}"
            raise ConnectError(why, unreached_of(error)) from None

    async def _call(
        self,
        server: Address,
        factory: Callable[[], Half],
        timeout: float,  # noqa: ASYNC109 - as above
    ) -> None:
        six = ":" in server[0]
        sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
        try:
            # The port has to be known before anybody can come from it.
            sock.bind(("::" if six else "0.0.0.0", 0))  # noqa: S104 - it listens to nobody
            call = sock.getsockname()[1], server
            self._calls.add(call)
            try:
                self._made[call] = await connect_by(sock, server, factory, timeout)
            finally:
                self._calls.discard(call)
        except BaseException:
            sock.close()
            raise

    def _check(self, ends: Ends) -> None:
        """Raise ConnectError if the connection between *ends* leads to this program itself."""
        call = ends.client[1], ends.server
        if (call in self._made or call in self._calls) and is_here(ends.client[0]):
            raise ConnectError(
                "this is the proxy's own connection, which the firewall sent back to it; its rule"
                " must leave out the user that the proxy runs as (docs/deploy.md)"
            )
        if is_own(ends.server, self._own):
            raise ConnectError(
                "no firewall sent this client, it connected to the proxy's own address; name a"
                " server with --upstream, or redirect clients (docs/deploy.md)"
            )


def take_foreign(sock: socket.socket) -> None:
    """Let *sock* take what is addressed to others, as TPROXY sends it; raise OSError if it may not.

    It takes CAP_NET_ADMIN or CAP_NET_RAW.  What a firewall redirects is taken by any socket.
    """
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_TRANSPARENT, 1)
    sock.setsockopt(socket.SOL_IP, _IP_TRANSPARENT, 1)


def takes_foreign(sock: socket.socket) -> bool:
    """Return whether *sock* takes what TPROXY sends."""
    return bool(sock.getsockopt(socket.SOL_IP, _IP_TRANSPARENT))
