"""Sessions as packets, for Wireshark: what was said is recorded, TCP around it is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final

from pop3spy.export import blocks
from pop3spy.export.addresses import Addresses
from pop3spy.export.exporter import ExportSource, noted_text
from pop3spy.export.tcp_session import TcpSession
from pop3spy.export.unread_segments import FillerLeft
from pop3spy.protocol.text import count
from pop3spy.session.bus import Reader
from pop3spy.session.events import Ended, Event, Noted
from pop3spy.session.model import Session

_COMMENT: Final = (
    "Made by pop3spy from a recording. What was said and when is recorded; TCP around it is not. "
    "******** stands for a secret."
)
_MOST_NOTES: Final = 100
"""Comments of a packet beyond which no note is put on it."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class PacketCapture:
    """Writes packets to *stream*."""

    def __init__(self, stream: BinaryIO, source: ExportSource) -> None:
        self._packets = _Packets(stream, source)
        self._addresses = Addresses()
        self._filler = FillerLeft()
        self._open: dict[TcpSession, None] = {}  # in the order in which they began

    def __call__(self, session: Session) -> Reader:
        """Return what writes the packets of *session*."""
        tcp = TcpSession(session, self._addresses.of(session), self._packets, self._filler)
        self._open[tcp] = None

        def read(event: Event) -> None:
            tcp.read(event)
            if isinstance(event, Ended):
                del self._open[tcp]

        return read

    def note(self, event: Noted) -> None:
        """Put what a person noted on the packet before it, or else on the next."""
        self._packets.note(f"note: {noted_text(event)}")

    def close(self) -> None:
        """Write what waits for more of it."""
        for tcp in self._open:
            tcp.settle()
        self._packets.flush()

    @property
    def summary(self) -> str:
        """How many packets were written."""
        return count(self._packets.written, "packet")


@dataclass(slots=True)
class _LastPacket:
    """The packet that was made last; comments may still come."""

    sender: object
    at: float
    data: bytes
    comments: list[str]


class _Packets:
    """Writes packets in the order in which they are made, each when the next is."""

    def __init__(self, stream: BinaryIO, source: ExportSource) -> None:
        self.written = 0
        self._stream = stream
        self._source = source
        self._last: _LastPacket | None = None
        self._notes: list[str] = []  # for the next packet
        stream.write(blocks.section(_COMMENT))

    def add(self, sender: object, at: float, data: bytes, comments: Sequence[str]) -> None:
        """Take the next packet, which *sender* made."""
        self.flush()
        self._last = _LastPacket(sender, at, data, [*self._notes, *comments])
        self._notes.clear()

    def comment(self, sender: object, text: str) -> bool:
        """Put *text* on the last packet if *sender* made it; return whether it did."""
        if self._last is None or self._last.sender is not sender:
            return False
        self._last.comments.append(text)
        return True

    def note(self, text: str) -> None:
        """Put *text* on the last packet, or on the next if there is none."""
        comments = self._last.comments if self._last else self._notes
        if len(comments) < _MOST_NOTES:
            comments.append(text)

    def flush(self) -> None:
        """Write the last packet."""
        if (last := self._last) is not None:
            self._last = None
            micros = (self._source.date(last.at) - _EPOCH) // timedelta(microseconds=1)
            self._stream.write(blocks.packet(micros, last.data, last.comments))
            self.written += 1
