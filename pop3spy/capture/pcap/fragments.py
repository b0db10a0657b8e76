"""Datagrams that came in fragments (RFC 791, section 3.2; RFC 8200, section 4.5)."""

from typing import Final

from pop3spy.capture.pcap.reassembly import Budget, ReassemblyBuffer

_DATAGRAMS: Final = 256
_MOST: Final = 160 << 10
"""What one may take up: 64 KiB in fragments of 576 octets do."""
_LIFETIME: Final = 60.0
"""Seconds after which a fragment with the same name is one of another datagram (RFC 8200)."""


class _Datagram:
    __slots__ = ("begun", "pieces", "size")

    def __init__(self, begun: float) -> None:
        self.begun = begun
        self.pieces = ReassemblyBuffer(Budget())
        self.size: int | None = None  # known when the last fragment has come


class Fragments:
    """What came of datagrams that are not complete, by what their fragments have in common."""

    def __init__(self) -> None:
        self._datagrams: dict[bytes, _Datagram] = {}

    def add(self, name: bytes, offset: int, data: bytes, at: float, *, more: bool) -> bytes | None:
        """Take a fragment; return its datagram if that is complete now."""
        datagrams = self._datagrams
        datagram = datagrams.get(name)
        if datagram is None or at - datagram.begun > _LIFETIME:
            datagrams.pop(name, None)
            if len(datagrams) == _DATAGRAMS:
                del datagrams[next(iter(datagrams))]
            datagram = datagrams[name] = _Datagram(at)
        pieces = datagram.pieces
        pieces.add(offset, data)
        if not more and datagram.size is None:
            datagram.size = offset + len(data)
        if pieces.taken > _MOST:
            del datagrams[name]
        elif pieces and pieces.octets == pieces.end == datagram.size:
            del datagrams[name]
            return pieces.join()
        return None
