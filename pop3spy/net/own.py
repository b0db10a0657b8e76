"""Which addresses are this program's own."""

import socket
from collections.abc import Iterable
from ipaddress import ip_address

from pop3spy.protocol.url import Url

Address = tuple[str, int]
"""The text of an IP address, and a port."""


def is_own(address: Address, urls: Iterable[Url]) -> bool:
    """Return whether who connects to *address* comes to one of *urls*, where we listen."""
    return any(_leads_to(address, url) for url in urls)


def is_here(host: str) -> bool:
    """Return whether *host* is an address of this machine."""
    with socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM
    ) as sock:
        try:
            sock.bind((host, 0))
        except OSError:
            return False
    return True


def _leads_to(address: Address, own: Url) -> bool:
    if address[1] != own.port:
        return False
    host = own.host.partition("%")[0]
    return is_here(address[0]) if _is_any(host) else address[0].partition("%")[0] == host


def _is_any(host: str) -> bool:
    return ip_address(host).is_unspecified
