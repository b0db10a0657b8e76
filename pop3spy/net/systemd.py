"""What systemd hands to a service that it starts, and what it wants to hear of it.

Sockets as in sd_listen_fds(3), words as in sd_notify(3); without systemd nothing happens here.
"""

import os
import re
import socket
from contextlib import suppress
from typing import Final

from pop3spy.errors import ListenError
from pop3spy.protocol.url import PORTS, Url

_FIRST: Final = 3
_VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID")


def inherited() -> dict[Url, socket.socket]:
    """Take over the sockets that this process was started with; return them by their addresses.

    A socket that is named like a scheme (``FileDescriptorName=pop3s``) is of that scheme, and any
    other is ``pop3``.  Raise ListenError if one is no TCP socket that listens.
    """
    pid, count, names, _ = (os.environ.pop(name, "") for name in _VARIABLES)
    if pid != str(os.getpid()) or not re.fullmatch("[0-9]{1,5}", count):
        return {}  # they were for the process that started this one
    called = dict(enumerate(names.split(":"), _FIRST))
    found: dict[Url, socket.socket] = {}
    for descriptor in range(_FIRST, _FIRST + int(count)):
        sock = _taken(descriptor)
        scheme = called.get(descriptor, "")
        url = Url(scheme if scheme in PORTS else "pop3", *sock.getsockname()[:2])
        if url in found:
            raise ListenError(f"systemd gave two sockets for {url}; one is enough")
        found[url] = sock
    return found


def _taken(descriptor: int) -> socket.socket:
    try:
        sock = socket.socket(fileno=descriptor)
        internet = sock.family in (socket.AF_INET, socket.AF_INET6)
        listens = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError:
        internet = listens = False
    if not (internet and listens):
        raise ListenError(
            f"descriptor {descriptor}, given by systemd, is no TCP socket that listens; its .socket"
            " unit needs ListenStream= with a port, and no Accept=yes"
        )
    os.set_inheritable(descriptor, False)  # noqa: FBT003 - there is no other way to say it
    return sock


def notify(state: str) -> None:
    """Tell systemd, if it wants to know, what has become of the service: ``READY=1``."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    if path.startswith("@"):  # an abstract name, which no file has
        path = f"\0{path[1:]}"
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(state.encode(), path)
