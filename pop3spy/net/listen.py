"""Listening on the addresses that were asked for, and saying plainly why one cannot be had."""

import asyncio
import errno
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from pop3spy.errors import ListenError
from pop3spy.net.dial import reason_of
from pop3spy.protocol.url import Url

BACKLOG = 1024


async def listen(
    urls: Sequence[Url], factory: Callable[[], asyncio.Protocol]
) -> tuple[list[asyncio.Server], list[Url]]:
    """Listen on every one of *urls*; return the servers and the addresses in use.

    Port 0 takes a free port.  Raise ListenError if one address cannot be had; then none is kept.
    """
    loop = asyncio.get_running_loop()
    servers: list[asyncio.Server] = []
    in_use: list[Url] = []
    for url in urls:
        try:
            server = await loop.create_server(
                factory, url.host, url.port, backlog=BACKLOG, reuse_address=True
            )
        except OSError as error:
            for other in servers:
                other.close()
            raise ListenError(_why(url, error)) from None
        servers.append(server)
        for sock in server.sockets:
            host, port = sock.getsockname()[:2]
            in_use.append(Url(url.scheme, host, port))
    return servers, in_use


def _why(url: Url, error: OSError) -> str:
    where = f"cannot listen on {url}"
    if error.errno == errno.EACCES:
        return (
            f"{where}: ports below 1024 need a permission. Listen elsewhere (--listen :1110), or"
            f" let this Python have them (setcap cap_net_bind_service=+ep {sys.executable}), or"
            f" let everybody (sysctl net.ipv4.ip_unprivileged_port_start={url.port})"
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
