"""Listening on the addresses that were asked for, and saying plainly why one cannot be had."""

import asyncio
import errno
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from pop3spy.errors import ListenError
from pop3spy.net.dial import addresses_of, reason_of
from pop3spy.net.systemd import notify
from pop3spy.protocol.url import Url

BACKLOG = 1024
_FEW_FILES = 8
"""So many more may be open when that is told: one client needs up to five."""

Places = Sequence[Url] | Mapping[Url, socket.socket]
"""Where clients come: addresses to listen on, or sockets that listen on them already."""


async def listen(urls: Places) -> dict[Url, socket.socket]:
    """Listen on every one of *urls*; return the addresses in use, with their sockets.

    Port 0 takes a free port.  Who comes before ``serving`` waits.  Raise ListenError if one address
    cannot be had; then none is kept.
    """
    if isinstance(urls, Mapping):
        return dict(urls)
    in_use: dict[Url, socket.socket] = {}
    for url in urls:
        try:
            for family, address in await addresses_of(url):
                sock = socket.create_server(address, family=family, backlog=BACKLOG)
                host, port = sock.getsockname()[:2]
                in_use[Url(url.scheme, host, port)] = sock
        except OSError as error:
            for sock in in_use.values():
                sock.close()
            raise ListenError(_why(url, error)) from None
    return in_use


def twins(in_use: Mapping[Url, socket.socket], count: int) -> list[dict[Url, socket.socket]]:
    """Return sockets that listen at the addresses *in_use* for each of *count* processes.

    On Linux each process has its own, between which the system deals out the clients: those that
    wait at one go with the process that had it, and no other has to be woken for them.  Elsewhere,
    and where it refuses that, all have the same.  The first has those that are *in_use*.
    """
    if sys.platform != "linux":
        return [dict(in_use)] * count
    shares: list[dict[Url, socket.socket]] = [dict(in_use), *({} for _ in range(count - 1))]
    try:
        for url, sock in in_use.items():
            _let_share(sock, share=True)
            for share in shares[1:]:
                share[url] = _twin(sock)
    except OSError:  # not every Linux is one
        for sock in (sock for share in shares[1:] for sock in share.values()):
            sock.close()
        for sock in in_use.values():
            _let_share(sock, share=False)
        return [dict(in_use)] * count
    return shares


def _let_share(sock: socket.socket, *, share: bool) -> None:
    """Let others of this user listen where *sock* does, or nobody.

    That is said only once it listens: somebody with the same wish could have been there before, and
    would take some of the clients.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, share)


def _twin(sock: socket.socket) -> socket.socket:
    where = sock.getsockname()
    return socket.create_server(where, family=sock.family, backlog=BACKLOG, reuse_port=True)


@asynccontextmanager
async def serving(
    in_use: Mapping[Url, socket.socket], factory: Callable[[Url], asyncio.BaseProtocol]
) -> AsyncIterator[None]:
    """Give everybody who comes to an address a protocol from *factory*, while the block lasts.

    The loop is told when hardly another file may be open: uvloop then turns clients away, and tells
    nobody.
    """
    loop = asyncio.get_running_loop()

    def protocol(url: Url) -> asyncio.BaseProtocol:
        if not _more_files():
            error = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            loop.call_exception_handler({"message": "no more clients", "exception": error})
        return factory(url)

    servers = [
        await loop.create_server(partial(protocol, url), sock=sock, backlog=BACKLOG)
        for url, sock in in_use.items()
    ]
    notify("READY=1")
    try:
        yield
    finally:
        notify("STOPPING=1")
        for server in servers:
            server.close()


def _why(url: Url, error: OSError) -> str:
    where = f"cannot listen on {url}"
    if error.errno == errno.EACCES:
        program = os.path.realpath(sys.executable)  # setcap takes no link
        return (
            f"{where}: ports below 1024 need a permission. Listen elsewhere (--listen :1110), or"
            f" let this Python have them (setcap cap_net_bind_service=+ep {program}), or"
            " let systemd listen and hand the socket over (docs/deploy.md)"
        )
    if error.errno == errno.EADDRINUSE:
        return f"{where}: another program does; stop it, or choose another port with --listen"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{where}: this machine has no such address"
    return f"{where}: {reason_of(error)}"


def _more_files() -> bool:
    """Return whether the process may open more than a few files; the next has the lowest number."""
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return True
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        lowest = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    os.close(lowest)
    return soft == resource.RLIM_INFINITY or soft - lowest > _FEW_FILES


def raise_file_limit() -> None:
    """Let the process have as many connections as the system allows it."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - there is none on Windows

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
