"""Packet captures, as tcpdump, Wireshark and routers write them: a tape of their POP3 sessions.

``docs/packet-captures.md`` says what is read and what is not.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import BinaryIO, Final

from pop3spy.capture.pcap import blocks, classic
from pop3spy.capture.pcap.classic import Packet
from pop3spy.capture.pcap.icmp import report_in
from pop3spy.capture.pcap.internet import Internet
from pop3spy.capture.pcap.sessions import SessionFinder
from pop3spy.capture.pcap.source import OctetSource
from pop3spy.errors import CaptureError
from pop3spy.session.tape import Item

_PACKED: Final = {
    b"\x1f\x8b": "gzip",
    b"BZ": "bzip2",
    b"\xfd7": "xz",
    b"\x28\xb5": "zstd",
    b"\x04\x22": "lz4",
    b"PK": "zip",
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_packets(magic: bytes) -> bool:
    """Return whether a file that begins with these four octets is a packet capture."""
    return magic[:4] == blocks.MAGIC or magic[:4] in classic.MAGICS


class Packets:
    """The tape of a packet capture; times are seconds since its first packet.

    ``started`` is when that came, or None in a file without packets; ``notes`` say in words what
    was odd, and are complete when the tape has ended.  What is damaged raises CaptureError, after
    all that stands before it.
    """

    def __init__(self, stream: BinaryIO, name: str, ports: Collection[int] = ()) -> None:
        self.notes: list[str] = []
        source = OctetSource(stream, name)
        source.reach(0, 4)
        magic = source.buffer[:4]
        if not is_packets(magic):
            raise _refusal(name, magic)
        reader = blocks if magic == blocks.MAGIC else classic
        packets = reader.packets(source, self.notes)
        first = next(packets, None)
        self.started = None if first is None else _date(first[0])
        self._ports = ports
        self._items = self._read(first, packets)

    def __iter__(self) -> Iterator[Item]:
        """Return the items, which can be had once."""
        return self._items

    def __next__(self) -> Item:
        """Return the next item."""
        return next(self._items)

    def _read(self, first: Packet | None, rest: Iterator[Packet]) -> Iterator[Item]:
        if first is None:
            self.notes.append("there are no packets in this capture")
            return
        told: list[Item] = []
        sessions, internet = SessionFinder(self._ports, told.append), Internet()
        start, at, count = first[0], 0.0, 0
        why, damage = "the capture ends here", None
        try:
            for time, link, buffer, begin, end in chain((first,), rest):
                count += 1
                place = link(buffer, begin, end)
                if place < 0:
                    continue
                # A clock that is set back, or a second interface, must not turn time around.
                at = max(at, (time - start) / 1e9)
                segment = internet.segment(buffer, place, end, at)
                if segment is not None:
                    sessions.take(segment, at)
                elif (report := report_in(buffer, place, end)) is not None:
                    sessions.report(*report, at)
                if told:
                    yield from told
                    told.clear()
        except CaptureError as error:
            why, damage = "the capture is damaged here", error
        sessions.end(at, why)
        yield from told
        if damage:
            raise damage
        if not sessions.count:
            ports = " or ".join(map(str, self._ports))
            where = f" of port {ports}" if ports else ""
            self.notes.append(f"there is no POP3 session{where} among these {count:,} packets")


def read_packets(stream: BinaryIO, name: str, *, ports: Collection[int] = ()) -> Packets:
    """Return the tape of a pcap or pcapng file, which *name* stands for in errors.

    With *ports*, the connections to them are its sessions; without, those to 110 and 995 and all
    that begin or go on like POP3.  Raise CaptureError for a file that is no packet capture.
    """
    return Packets(stream, name, ports)


def refuse_packed(name: str, magic: bytes) -> None:
    """Raise CaptureError if a file that begins with these octets is compressed."""
    if packer := _PACKED.get(magic[:2]):
        raise CaptureError(f"{name}: this file is compressed with {packer}; unpack it first")


def _refusal(name: str, magic: bytes) -> CaptureError:
    refuse_packed(name, magic)
    if not magic:
        return CaptureError(f"{name}: this file is empty")
    return CaptureError(f"{name}: this is neither a pcap nor a pcapng file")


def _date(nanoseconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return None
