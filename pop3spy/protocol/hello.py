"""What can be read of a TLS handshake without taking part in it (RFC 8446, section 4).

A ClientHello says in clear which server it wants and what it can do.
"""

from dataclasses import dataclass
from typing import Final

_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1
_SERVER_NAME: Final = 0
LONGEST: Final = 32768
"""Octets beyond which nothing is taken for a ClientHello; real ones have some hundreds."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client asks for; ``name`` is the server's, empty if it does not tell."""

    name: str = ""


def is_tls(start: bytes) -> bool:
    """Return whether *start*, of one octet or more, can begin a TLS handshake."""
    return start[0] == _HANDSHAKE and start[1:2] in (b"", b"\x03")


def read_hello(data: bytes) -> ClientHello | None:
    """Return the ClientHello that *data* begins with, None if more is needed to tell.

    One that cannot be read says nothing: the handshake itself will tell what is wrong with it.
    """
    message, whole = _message(data)
    if len(message) >= 4:
        size = int.from_bytes(message[1:4])
        if message[0] != _CLIENT_HELLO or size > LONGEST:
            return ClientHello()
        if len(message) >= size + 4:
            return _read(message[4 : size + 4])
    return None if whole and len(data) <= LONGEST else ClientHello()


def _message(data: bytes) -> tuple[bytes, bool]:
    """Return the octets inside of handshake records, and whether more could follow."""
    parts: list[bytes] = []
    place = 0
    while place + 5 <= len(data):
        if not is_tls(data[place : place + 2]):
            return b"".join(parts), False
        end = place + 5 + int.from_bytes(data[place + 3 : place + 5])
        parts.append(data[place + 5 : end])
        place = end
    rest = data[place:]
    return b"".join(parts), not rest or is_tls(rest)


class _Octets:
    """Octets that are taken from the front; what is not there is empty."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return bool(self._data)

    def take(self, size: int) -> bytes:
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def vector(self, width: int) -> bytes:
        """Take a size of *width* octets, and as many octets as it says."""
        return self.take(int.from_bytes(self.take(width)))


def _read(body: bytes) -> ClientHello:
    octets = _Octets(body)
    octets.take(2 + 32)  # version and random
    octets.vector(1)  # session
    octets.vector(2)  # ciphers
    octets.vector(1)  # compressions
    extensions = _Octets(octets.vector(2))
    name = ""
    while extensions:
        kind, value = int.from_bytes(extensions.take(2)), extensions.vector(2)
        if kind == _SERVER_NAME:
            name = _server_name(value)
    return ClientHello(name)


def _server_name(value: bytes) -> str:
    """Return the host name of a server_name extension (RFC 6066, section 3)."""
    names = _Octets(_Octets(value).vector(2))
    names.take(1)  # the only kind there is
    return names.vector(2).decode("ascii", "replace")
