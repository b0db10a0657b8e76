"""What can be read of a TLS handshake without taking part in it (RFC 8446, section 4).

A ClientHello says in clear which server it wants and what it can do; a ServerHello chooses.
"""

from dataclasses import dataclass
from typing import Final

from pop3spy.protocol.octets import Octets
from pop3spy.protocol.tlsnames import VERSIONS, cipher_of

HANDSHAKE: Final = 22
CLIENT_HELLO: Final = 1
SERVER_HELLO: Final = 2

_SERVER_NAME: Final = 0
_ALPN: Final = 16
_SUPPORTED_VERSIONS: Final = 43
_LONGEST_NAME: Final = 255
_NAMES: Final = 8
"""Protocols that are told of; who offers more is not serious."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client asks for; ``name`` is the server's, empty if it does not tell.

    ``versions`` are those of TLS that it can do, the newest first, and ``protocols`` those that it
    wants to speak inside (ALPN).
    """

    name: str = ""
    versions: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What a server chose; ``protocol`` is empty if it did not, or does not say so in clear."""

    version: str
    cipher: str
    protocol: str = ""


def is_tls(start: bytes) -> bool:
    """Return whether *start*, of one octet or more, can begin a TLS handshake."""
    return start[0] == HANDSHAKE and start[1:2] in (b"", b"\x03")


def read_client_hello(body: bytes) -> ClientHello:
    """Return what the message *body*, without its head, says."""
    octets = Octets(body)
    versions = [octets.number(2)]
    octets.take(32)  # random
    octets.vector(1)  # session
    octets.vector(2)  # ciphers
    octets.vector(1)  # compressions
    name = ""
    protocols: tuple[str, ...] = ()
    for kind, value in _extensions(octets):
        if kind == _SERVER_NAME:
            name = _server_name(value)
        elif kind == _ALPN:
            protocols = _protocols(value)
        elif kind == _SUPPORTED_VERSIONS:
            offered = Octets(value).vector(1)
            versions = [int.from_bytes(offered[at : at + 2]) for at in range(0, len(offered), 2)]
    known = sorted({each for each in versions if each in VERSIONS}, reverse=True)
    return ClientHello(name, tuple(VERSIONS[each] for each in known), protocols)


def read_server_hello(body: bytes) -> ServerHello:
    """Return what the message *body*, without its head, says."""
    octets = Octets(body)
    version = octets.number(2)
    octets.take(32)  # random
    octets.vector(1)  # session
    cipher = octets.number(2)
    octets.take(1)  # compression
    protocols: tuple[str, ...] = ()
    for kind, value in _extensions(octets):
        if kind == _ALPN:
            protocols = _protocols(value)
        elif kind == _SUPPORTED_VERSIONS:
            version = int.from_bytes(value[:2])
    told = VERSIONS.get(version) or f"0x{version:04X}"
    return ServerHello(told, cipher_of(cipher), "".join(protocols[:1]))


def _extensions(octets: Octets) -> list[tuple[int, bytes]]:
    extensions = Octets(octets.vector(2))
    found = []
    while extensions:
        found.append((extensions.number(2), extensions.vector(2)))
    return found


def _server_name(value: bytes) -> str:
    """Return the host name of a server_name extension (RFC 6066, section 3)."""
    names = Octets(Octets(value).vector(2))
    names.take(1)  # the only kind there is
    return names.vector(2)[:_LONGEST_NAME].decode("ascii", "replace")


def _protocols(value: bytes) -> tuple[str, ...]:
    """Return the names in an application_layer_protocol_negotiation extension (RFC 7301)."""
    names = Octets(Octets(value).vector(2))
    found: list[str] = []
    while names and len(found) < _NAMES:
        found.append(names.vector(1).decode("ascii", "replace"))
    return tuple(found)
