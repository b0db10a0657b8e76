"""A connection as the packets of its two sides, and what is read of packets, in short."""

import io
from collections.abc import Iterable

from capture.packets.wire import (
    ACK,
    CLIENT,
    CLIENT_6,
    FIN,
    RAW,
    RST,
    SERVER,
    SERVER_6,
    SYN,
    ip,
    pcap,
    tcp,
    timed,
)
from pop3spy.capture.packets import Packets, read_packets
from pop3spy.protocol.frames import Side
from pop3spy.session.how import How
from pop3spy.session.tape import Began, Changed, Closed, Item, Knew, Missed, Over, Remarked, Spoke

Short = tuple[str, object]
"""What is left of an item: who spoke or what happened, and what."""

BEGAN: Short = ("began", "192.0.2.1:50000 198.51.100.7:110")
CLOSED: Short = ("over", How.CLIENT_CLOSED)
CUT: Short = ("over", How.CUT)


class Talk:
    """Two sides of TCP that say what they are told to; ``packets`` are theirs, raw IP."""

    def __init__(
        self, port: int = 50000, to: int = 110, *, six: bool = False, seqs: tuple[int, int] = (7, 9)
    ) -> None:
        self.packets: list[bytes] = []
        self._ports = port, to
        self._hosts = (CLIENT_6, SERVER_6) if six else (CLIENT, SERVER)
        self._seqs = list(seqs)

    def open(self) -> "Talk":
        return self._send(0, SYN)._send(1, SYN | ACK)._send(0, ACK)

    def client(self, data: bytes) -> "Talk":
        return self._send(0, ACK, data)

    def server(self, data: bytes) -> "Talk":
        return self._send(1, ACK, data)

    def ack(self, side: int) -> "Talk":
        return self._send(side, ACK)

    def fin(self, side: int) -> "Talk":
        return self._send(side, FIN | ACK)

    def rst(self, side: int) -> "Talk":
        return self._send(side, RST)

    def close(self) -> "Talk":
        return self.fin(0).fin(1).ack(0)

    def lost(self, side: int, data: bytes) -> "Talk":
        """Say something that is not captured."""
        self._send(side, ACK, data)
        self.packets.pop()
        return self

    def again(self, index: int) -> "Talk":
        """Let the packet at *index* come once more."""
        self.packets.append(self.packets[index])
        return self

    def late(self, index: int) -> "Talk":
        """Let the packet at *index* come now only."""
        self.packets.append(self.packets.pop(index))
        return self

    def segment(self, side: int, ahead: int, data: bytes, flags: int = ACK) -> "Talk":
        """Send octets so far *ahead* of what is due, and count none of them."""
        seq, ack = self._seqs[side] + ahead, self._seqs[1 - side]
        self.packets.append(self._packet(side, seq, ack, flags, data))
        return self

    def _send(self, side: int, flags: int, data: bytes = b"") -> "Talk":
        ack = self._seqs[1 - side] if flags & ACK else 0
        self.packets.append(self._packet(side, self._seqs[side], ack, flags, data))
        self._seqs[side] += len(data) + bool(flags & (SYN | FIN))
        return self

    def _packet(self, side: int, seq: int, ack: int, flags: int, data: bytes) -> bytes:
        here, there = self._ports if side == 0 else self._ports[::-1]
        source, target = self._hosts if side == 0 else self._hosts[::-1]
        return ip(tcp(here, there, seq, ack, flags, data), source, target)


def session(port: int = 50000, to: int = 110, *, six: bool = False) -> Talk:
    """Return a short session from its first packet to its last."""
    talk = Talk(port, to, six=six).open()
    talk.server(b"+OK ready\r\n").client(b"QUIT\r\n").server(b"+OK bye\r\n")
    return talk.close()


SESSION: list[Short] = [
    BEGAN,
    ("S", b"+OK ready\r\n"),
    ("C", b"QUIT\r\n"),
    ("S", b"+OK bye\r\n"),
    CLOSED,
]
"""What is told of it."""


def opened(file: bytes, port: int | None = None) -> Packets:
    return read_packets(io.BytesIO(file), "test.pcap", ports=(port,) if port else ())


def heard(packets: Iterable[bytes], port: int | None = None) -> list[Short]:
    """Return what is told of raw IP packets."""
    return shortly(opened(pcap(timed(packets), RAW), port))


def shortly(items: Iterable[Item]) -> list[Short]:
    return [_short(item) for item in items if not isinstance(item, Closed)]


def closings(packets: Iterable[bytes]) -> list[str]:
    """Return what is told of FINs and RSTs in raw IP packets a second apart: ``C 4 fin``."""
    return [
        f"{item.side.value} {item.at:g} {'rst' if item.reset else 'fin'}"
        for item in opened(pcap(timed(packets, step=10**9), RAW))
        if isinstance(item, Closed)
    ]


def octets(told: Iterable[Short], side: Side) -> bytes:
    """Return all that *side* said."""
    return b"".join(what for who, what in told if who == side.value and isinstance(what, bytes))


def _short(item: Began | Spoke | Knew | Changed | Missed | Over | Remarked) -> Short:
    match item:
        case Began(client=client, server=server):
            return "began", f"{client} {server}"
        case Spoke(chunk=chunk):
            return chunk.side.value, chunk.data
        case Missed(octets=octets):
            return "missed", octets
        case Over(ending=ending):
            return "over", ending.how
        case Knew(facts=facts):
            return "knew", dict(facts)
        case Remarked(text=text):  # nor of a person
            return "remarked", text
        case Changed(did=did):  # no packet tells of a gate
            return "changed", str(did)
