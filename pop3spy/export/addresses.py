"""Addresses for packets: those that the peers had, and others for peers that are known by name.

A name, or a peer whose address is hidden, has an address from the ranges that are set aside for
documentation (RFC 5737, RFC 3849), the same for the same name throughout the export.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from pop3spy.protocol.frames import Side
from pop3spy.session.model import Peer, Session

POP3: Final = 110
"""The server's port, whichever it was: Wireshark reads POP3 there."""

_NETWORKS: Final = tuple(map(IPv4Address, ("192.0.2.0", "198.51.100.0", "203.0.113.0")))
_HOSTS: Final = 254
_NETWORK: Final = int(IPv6Address("2001:db8::"))
_MAPPED: Final = bytes(10) + b"\xff\xff"  # before an IPv4 address (RFC 4291, section 2.5.5.2)
_DYNAMIC: Final = 49152
"""The first of the ports that clients use (RFC 6335, section 6)."""
_PORTS: Final = 65536


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of 4 or 16 octets, and a port."""

    address: bytes
    port: int


class Addresses:
    """Gives endpoints, and remembers whose they are."""

    def __init__(self) -> None:
        self._known: dict[tuple[Side, str], int] = {}

    def of(self, session: Session) -> dict[Side, Endpoint]:
        """Return the endpoints of both sides, of the same version of IP."""
        peers = {Side.CLIENT: session.client, Side.SERVER: session.server}
        literals = {side: _literal(peer.host) for side, peer in peers.items()}
        six = any(isinstance(literal, IPv6Address) for literal in literals.values())
        ports = {Side.CLIENT: _port_of(session.client, session.id), Side.SERVER: POP3}
        return {
            side: Endpoint(self._address(side, peer.host, literals[side], six=six), ports[side])
            for side, peer in peers.items()
        }

    def _address(
        self, side: Side, host: str, literal: IPv4Address | IPv6Address | None, *, six: bool
    ) -> bytes:
        if literal is not None:
            return _MAPPED + literal.packed if six and literal.version == 4 else literal.packed  # noqa: PLR2004 - IPv4
        number = self._known.setdefault((side, host), len(self._known))
        if six:
            return IPv6Address(_NETWORK + 1 + number).packed
        network, place = divmod(number % (len(_NETWORKS) * _HOSTS), _HOSTS)
        return (_NETWORKS[network] + 1 + place).packed


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _port_of(client: Peer, session: int) -> int:
    if 0 < client.port < _PORTS:
        return client.port
    return _DYNAMIC + session % (_PORTS - _DYNAMIC)
