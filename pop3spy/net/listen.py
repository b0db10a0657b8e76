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


@asynccontextmanager
async def serving(
    in_use: Mapping[Url, socket.socket], factory: Callable[[Url], asyncio.BaseProtocol]
) -> AsyncIterator[None]:
    """Give everybody who comes to an address a protocol from *factory*, while the block lasts."""
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(partial(factory, url), sock=sock, backlog=BACKLOG)
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


def raise_file_limit() -> None:
    """Let the process have as many connections as the system allows it."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - there is none on Windows

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
