"""Connecting to a server that has a name: every address of it is tried in turn."""

import asyncio
import errno
import socket
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from pop3spy.errors import ConnectError, Unreached, said_by_system
from pop3spy.net.own import is_own
from pop3spy.protocol.url import Url


async def dial(
    url: Url,
    factory: Callable[[], asyncio.Protocol],
    timeout: float,  # noqa: ASYNC109 - for each address
    own: Sequence[Url] = (),
) -> None:
    """Connect *factory*'s protocol to *url*, giving each address *timeout* seconds.

    *own* is where this program listens: it does not connect to itself, which would never end.
    Raise ConnectError, which names every address that was tried and what it said.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            found = await addresses_of(url)
    except TimeoutError:
        raise ConnectError(f"{url.host}: its address could not be found in {timeout:g} s") from None
    except OSError as error:
        raise ConnectError(f"{url.host}: {reason_of(error)}") from None
    failures = []
    unreached: set[Unreached | None] = set()
    for _, (host, port, *_) in found:
        if is_own((host, port), own):
            failures.append(f"{host} is where pop3spy listens itself; name another server or port")
            unreached.add(None)
            continue
        try:
            async with asyncio.timeout(timeout):
                await loop.create_connection(factory, host, port)
        except TimeoutError:
            failures.append(f"{host} did not answer in {timeout:g} s")
            unreached.add(Unreached.UNANSWERED)
        except OSError as error:
            failures.append(f"{host} {reason_of(error)}")
            unreached.add(unreached_of(error))
        else:
            return
    raise ConnectError(f"{url}: {'; '.join(failures)}", _of_all(unreached))


def unreached_of(error: OSError) -> Unreached | None:
    """Return what *error* says of a connection that did not come about, if it says it."""
    if isinstance(error, ConnectionRefusedError):
        return Unreached.REFUSED
    return Unreached.UNANSWERED if error.errno in _NO_ANSWER else None


def _of_all(unreached: Collection[Unreached | None]) -> Unreached | None:
    """Return what is to be said of several addresses: a refusal says most."""
    if None in unreached or not unreached:
        return None
    return Unreached.REFUSED if Unreached.REFUSED in unreached else Unreached.UNANSWERED


async def addresses_of(url: Url) -> list[tuple[socket.AddressFamily, tuple[Any, ...]]]:
    """Return the addresses of a host and port, as sockets take them; raise OSError without any."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    except UnicodeError:  # no host can have this name
        raise socket.gaierror(socket.EAI_NONAME, "") from None
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def reason_of(error: OSError) -> str:
    """Return what the system said, without numbers and addresses: ``connection refused``."""
    if isinstance(error, socket.gaierror):
        return "no such host" if error.errno in _NO_NAME else str(error.strerror).lower()
    return said_by_system(error)


_NO_ANSWER: Final = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}
_NO_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
