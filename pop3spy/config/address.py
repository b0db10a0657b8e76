"""Where this program answers beside its work, and whom it asks, as people write it."""

from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

INSPECTOR: Final = 8110
"""The port of the inspector, where nobody names another."""
SCRAPED: Final = 9110
"""The port of the metrics, where nobody names another."""
DNS: Final = 53
"""The port of a server of the DNS, where nobody names another."""
_LOOPBACK: Final = "127.0.0.1"
_THIS_MACHINE: Final = ("", _LOOPBACK, "localhost", "[::1]")


class Address(NamedTuple):
    """A host and a port; port 0 of this machine is a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return ``host:port``, with an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_address(text: str, example: int) -> Address:
    """Return the address that *text* is: ``9110``, ``:9110``, ``0.0.0.0:9110``, ``[::]:9110``.

    Without a host it is this machine's alone.  Raise ValueError, with an *example*, for what is
    none.
    """
    host, _, port = text.strip().rpartition(":")
    bare = _without_brackets(host)
    odd = (":" in bare) != (bare is not host) or any(
        char.isspace() or char in "/@" for char in bare
    )
    if odd or not _is_port(port):
        raise ValueError(
            f"{text!r} is no address with a port; write {example}, or 0.0.0.0:{example} for other"
            " machines as well, or 0 for a free port"
        )
    return Address(bare or _LOOPBACK, int(port))


def read_own_port(text: str) -> int:
    """Return a port of this machine, before which its address may stand, and no other.

    Raise ValueError for what is none.
    """
    text = text.strip()
    host, colon, port = text.rpartition(":")
    if colon and host not in _THIS_MACHINE:
        raise ValueError(
            f"{text!r} is not this machine alone, which is all that may look; from another one:"
            f" ssh -L {INSPECTOR}:localhost:{INSPECTOR}"
        )
    if not _is_port(port):
        raise ValueError(f"{text!r} is no TCP port; write {INSPECTOR}, or 0 for a free one")
    return int(port)


def read_name_server(text: str) -> Address:
    """Return the address of a server of the DNS, which may be without a port.

    Raise ValueError for what is none.
    """
    text = text.strip()
    try:
        return Address(str(ip_address(_without_brackets(text))), DNS)
    except ValueError:
        pass
    try:
        found = read_address(text, DNS)
        return Address(str(ip_address(found.host)), found.port)
    except ValueError:
        raise ValueError(
            f"{text!r} is no address of a DNS server; write 192.0.2.53, or 127.0.0.1:5353"
        ) from None


def read_collector(text: str) -> str:
    """Return the URL of a collector; what may be secret stands elsewhere.

    Raise ValueError for what is none, or has a secret; it repeats nothing.
    """
    text = text.strip().rstrip("/")
    example = "write http://127.0.0.1:4318"
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or any(char.isspace() or not char.isprintable() for char in text):
        raise ValueError(f"that is no URL of a collector; {example}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            f"a URL is seen by others, so it has no password and no key; {example}, and put a key"
            " into the variable OTEL_EXPORTER_OTLP_HEADERS"
        )
    if parts.path.endswith(("/v1/traces", "/v1/logs")):
        raise ValueError(f"the URL ends before /v1; {example}")
    return text


def _without_brackets(host: str) -> str:
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text.lstrip("0")[:6] or 0) < 1 << 16
