"""Addresses as people write them: ``pop3://mail.example.org:110``, ``[::1]:1110``, ``:1110``."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

PORTS: Final = {"pop3": 110, "pop3s": 995, "pop3+stls": 110}
"""The schemes, and the port of each (RFC 1939, section 3; RFC 8314, section 3.1)."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:\[\]/@\s]*))(?::([0-9]{1,5}))?/?")


@dataclass(frozen=True, slots=True)
class Url:
    """Where a POP3 server is or should be, and how TLS is used there."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """Return the URL in full, an IPv6 address in brackets."""
        return f"{self.scheme}://{self._host}:{self.port}"

    @property
    def address(self) -> str:
        """What follows another scheme for the same server: its port only if that is an odd one."""
        return self._host if self.port == PORTS[self.scheme] else f"{self._host}:{self.port}"

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def parse_url(text: str, *, default_host: str = "") -> Url:
    """Read a URL, or a bare ``host[:port]``, which is ``pop3://``.

    *default_host* stands for a host that is left out.  Raise ValueError with what is wrong; the
    message never repeats a user name or password that was put into the URL.
    """
    match = _SCHEME.fullmatch(text)
    scheme, rest = (match[1].lower(), match[2]) if match else ("pop3", text)
    if "@" in rest:
        raise ValueError("a URL holds no user or password here; write pop3://host:port")
    if scheme not in PORTS:
        raise ValueError(f"{scheme}:// is not known; write {'://, '.join(PORTS)}:// or host:port")
    if not (address := _ADDRESS.fullmatch(rest)):
        raise ValueError(
            f"{text!r} is no address; write host:port, with an IPv6 address in brackets"
        )
    host = address[1] or address[2] or default_host
    if not host:
        raise ValueError(f"{text!r} names no host; write host:port")
    port = int(address[3]) if address[3] else PORTS[scheme]
    if port > 65535:
        raise ValueError(f"port {port} is too large; the last one is 65535")
    return Url(scheme, host, port)


def is_loopback(address: str) -> bool:
    """Return whether an IP address is this machine's own."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
