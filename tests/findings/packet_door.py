"""What is found in a conversation that comes as a packet capture: TCP as two hosts speak it.

Where TLS begins in the middle, real TLS begins, and what is said in it is there as records.
"""

import io
import ssl
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address
from typing import Final

from findings.doors import STARTED, Found, judged
from findings.live_tls import Certificates
from pop3spy.capture.packets import read_packets
from pop3spy.errors import Unreached
from pop3spy.export import blocks, segments
from pop3spy.export.addresses import Endpoint
from pop3spy.export.segments import Flags
from pop3spy.findings.dialogue import (
    STEP,
    BeginsTls,
    Closes,
    DialogueConnection,
    RuleDialogue,
    Says,
    Waits,
    read_dialogue,
)
from pop3spy.protocol.frames import Side
from pop3spy.session.model import Peer

CLIENT, SERVER = Side.CLIENT, Side.SERVER
APART: Final = 1 << 24
"""How far from each other the sequence numbers of two connections begin."""


def in_packets(dialogue: str, certificates: Certificates) -> Found:
    """Return what is found in a packet capture of *dialogue*, in clear until TLS begins in it."""
    read = read_dialogue(dialogue)
    data = blocks.section("") + b"".join(packets_of(read, certificates))
    ports = [read.server.port]
    return judged(read_packets(io.BytesIO(data), "packets", ports=ports))


def packets_of(dialogue: RuleDialogue, certificates: Certificates) -> Iterator[bytes]:
    """Yield the packets of *dialogue*.

    A connection that is over has its port taken by the next; nobody has to close it for that.
    """
    at = 0.0
    port = dialogue.client.port
    for number, connection in enumerate(dialogue.connections):
        at += connection.later
        port += connection.meanwhile
        client = Peer(dialogue.client.host, port)
        ends = {CLIENT: _endpoint(client), SERVER: _endpoint(dialogue.server)}
        for sent_at, packet in _Tcp(ends, number, certificates).packets(connection, at):
            yield blocks.packet(round((STARTED.timestamp() + sent_at) * 1e6), packet, ())
            at = sent_at
        at += STEP


class TlsEnd:
    """One end of TLS, of a server without *name*."""

    def __init__(self, context: ssl.SSLContext, name: str | None = None) -> None:
        self._comes, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._comes, self._goes, name is None, name)

    def go_on(self, records: bytes) -> bytes:
        """Go on with the handshake; return what is to be said to the *records* of the peer."""
        self._comes.write(records)
        with suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
        return self._goes.read()

    def records_of(self, data: bytes) -> bytes:
        self._tls.write(data)
        return self._goes.read()


class _Tcp:
    def __init__(self, ends: dict[Side, Endpoint], number: int, certificates: Certificates) -> None:
        self._ends = ends
        self._certificates = certificates
        self._tls: dict[Side, TlsEnd] = {}  # once it has begun
        self._next = dict.fromkeys(Side, number * APART)  # the next octet of each side

    def packets(self, connection: DialogueConnection, at: float) -> Iterator[tuple[float, bytes]]:
        """Yield the packets of *connection*, which begins *at* a time."""
        if connection.unreached is not None:
            yield from self._unreached(connection.unreached, at)
            return
        yield at, self._send(CLIENT, Flags.SYN)
        yield at, self._send(SERVER, Flags.SYN | Flags.ACK)
        yield at, self._send(CLIENT, Flags.ACK)
        for step in connection.steps:
            at += STEP
            match step:
                case BeginsTls(version):
                    for side, data in self._begin_tls(version):
                        yield at, self._send(side, Flags.PSH | Flags.ACK, data)
                case Says(side, data):
                    data = self._tls[side].records_of(data) if self._tls else data
                    for start in range(0, len(data), segments.LONGEST):
                        piece = data[start : start + segments.LONGEST]
                        yield at, self._send(side, Flags.PSH | Flags.ACK, piece)
                case Waits(seconds):
                    at += seconds
                    yield at, self._send(CLIENT, Flags.ACK)  # as keep-alives do
                case Closes(side, reset, _):
                    yield at, self._send(side, (Flags.RST if reset else Flags.FIN) | Flags.ACK)
        if (left := connection.left) is not None:
            yield at + STEP, self._send(left, Flags.FIN | Flags.ACK)

    def _begin_tls(self, version: str) -> Iterator[tuple[Side, bytes]]:
        """Yield what both say until there is TLS."""
        made = self._certificates
        client, server = TlsEnd(made.client(version), "localhost"), TlsEnd(made.server(version))
        said = client.go_on(b"")
        side = CLIENT
        while said:
            yield side, said
            side = side.other
            said = (client if side is CLIENT else server).go_on(said)
        self._tls = {CLIENT: client, SERVER: server}

    def _unreached(self, unreached: Unreached, at: float) -> Iterator[tuple[float, bytes]]:
        asks = self._packet(CLIENT, Flags.SYN, b"", self._next[CLIENT])
        yield at, asks
        if unreached is Unreached.REFUSED:
            self._next[CLIENT] += 1
            yield at + STEP, self._send(SERVER, Flags.RST | Flags.ACK)
        else:
            for seconds in (1, 3, 7, 15, 31):
                yield at + seconds, asks

    def _send(self, side: Side, flags: Flags, data: bytes = b"") -> bytes:
        seq = self._next[side]
        self._next[side] += len(data) + bool(flags & (Flags.SYN | Flags.FIN))
        return self._packet(side, flags, data, seq)

    def _packet(self, side: Side, flags: Flags, data: bytes, seq: int) -> bytes:
        source, target = self._ends[side], self._ends[side.other]
        return segments.packet(source, target, flags, data, seq=seq, ack=self._next[side.other])


def _endpoint(peer: Peer) -> Endpoint:
    return Endpoint(IPv4Address(peer.host).packed, peer.port)
