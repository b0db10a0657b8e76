"""Connecting to a server that has a name: every address of it is tried in turn."""

import asyncio
import errno
import socket
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeVar

from pop3spy.errors import ConnectError, Unreached, said_by_system
from pop3spy.net.own import is_own
from pop3spy.protocol.url import Url

P = TypeVar("P", bound=asyncio.Protocol)


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
    try:
        async with asyncio.timeout(timeout):
            found = await addresses_of(url)
    except TimeoutError:
        raise ConnectError(f"{url.host}: its address could not be found in {timeout:g} s") from None
    except OSError as error:
        raise ConnectError(f"{url.host}: {reason_of(error)}") from None
    failures = []
    unreached: set[Unreached | None] = set()
    for family, address in found:
        host, port, *_ = address
        if is_own((host, port), own):
            failures.append(f"{host} is where pop3spy listens itself; name another server or port")
            unreached.add(None)
            continue
        try:
            sock = socket.socket(family)
            await connect_by(sock, address, factory, timeout)
        except TimeoutError:
            failures.append(f"{host} did not answer in {timeout:g} s")
            unreached.add(Unreached.UNANSWERED)
        except OSError as error:
            failures.append(f"{host} {reason_of(error)}")
            unreached.add(unreached_of(error))
        else:
            return
    raise ConnectError(f"{url}: {'; '.join(failures)}", _of_all(unreached))


async def connect_by(
    sock: socket.socket,
    address: tuple[Any, ...],
    factory: Callable[[], P],
    timeout: float,  # noqa: ASYNC109 - for the connection alone, see below
) -> P:
    """Connect *sock* to *address*, and return *factory*'s protocol, whose it is then.

    The time may be over only as long as there is no protocol.  In uvloop one whose making is cut
    off may hear that it is connected and never that this is over, and its session would not end.
    Raise TimeoutError or OSError, and close *sock*, if that fails.
    """
    loop = asyncio.get_running_loop()
    try:
        sock.settimeout(0)
        async with asyncio.timeout(timeout):
            await loop.sock_connect(sock, address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return (await loop.create_connection(factory, sock=sock))[1]
    except BaseException:
        sock.close()
        raise


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
