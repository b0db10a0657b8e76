"""Where a port of this program's own is, as people write it."""

from typing import Final, NamedTuple

LOOPBACK: Final = "127.0.0.1"


class Address(NamedTuple):
    """A host of this machine and a port; port 0 is a free one."""

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
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    odd = (":" in bare) != (bare is not host) or any(
        char.isspace() or char in "/@" for char in bare
    )
    if odd or not (port.isascii() and port.isdigit()) or not int(port[:6]) < 1 << 16:
        raise ValueError(
            f"{text!r} is no address with a port; write {example}, or 0.0.0.0:{example} for other"
            " machines as well, or 0 for a free port"
        )
    return Address(bare or LOOPBACK, int(port))
