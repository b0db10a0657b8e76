"""One session as TCP segments: as it might have been, with comments from pop3spy.

Rules: 1. a line is a segment of its own, so that Wireshark sees each command and each status line;
what came of a body at one time is cut into the longest segments; 2. what was not read is filler,
and missing from the sequence numbers where that is too much; 3. a packet has the time of its last
octet, one of filler that of its first; 4. packets have what client and server said, and what a gate
said in the place of one of them; comments tell the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pop3spy.export import segments
from pop3spy.export.addresses import Endpoint
from pop3spy.export.packet_comments import answered_comment, intervened_comment, raised_comment
from pop3spy.export.segments import Flags
from pop3spy.export.unread_segments import FillerLeft, UnreadRun, UnreadSegments
from pop3spy.protocol.frames import BodyPart, CommandLine, Frame, Opaque, Side
from pop3spy.protocol.text import count, escape
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Heard,
    Intervened,
    Raised,
    SideClosed,
)
from pop3spy.session.how import How
from pop3spy.session.model import Session

_FARTHEST: Final = 1 << 29
"""Octets of a gap between two segments, well within the window of either reader (RFC 7323)."""


class PacketSink(Protocol):
    """Where the packets of all sessions go."""

    def add(self, sender: object, at: float, data: bytes, comments: Sequence[str]) -> None:
        """Take the next packet, which *sender* made."""

    def comment(self, sender: object, text: str) -> bool:
        """Put *text* on the last packet if *sender* made it; return whether it did."""


@dataclass(slots=True)
class _Part:
    """What came of a body at one time and fills no segment yet."""

    side: Side
    at: float
    octets: bytes


class TcpSession:
    """Makes the packets of *session* between its *endpoints*."""

    def __init__(
        self,
        session: Session,
        endpoints: Mapping[Side, Endpoint],
        packets: PacketSink,
        filler: FillerLeft,
    ) -> None:
        self._endpoints = endpoints
        self._packets = packets
        first = session.id * 1_000_003  # so that a port that is used again is a new connection
        self._seq = dict.fromkeys(Side, first)  # the next sequence number of each side
        client, server = escape(str(session.client)), escape(str(session.server))
        self._comments = [f"session {session.id}: {client} → {server}"]  # for the next packet
        self._jump = dict.fromkeys(Side, 0)  # octets left out since the last segment of each
        self._unread = UnreadSegments(filler)
        self._body: _Part | None = None
        self._finished: list[Side] = []  # who sent a FIN, in that order
        self._reset: Side | None = None  # who sent a RST
        self._send(session.opened_at, Side.CLIENT, Flags.SYN)
        self._send(session.opened_at, Side.SERVER, Flags.SYN | Flags.ACK)
        self._send(session.opened_at, Side.CLIENT, Flags.ACK)

    def read(self, event: Event) -> None:
        """Make the packets of *event*."""
        if isinstance(event, Heard) and isinstance(event.frame, BodyPart):
            self._gather(event.at, event.frame)
            return
        if isinstance(event, Heard) and isinstance(event.frame, Opaque):
            self._skip(event, event.frame)
            return
        self.settle()
        match event:
            case Heard(frame=frame):
                self._heard(event, frame)
            case Intervened():
                self._intervene(event)
            case Answered(exchange=exchange) if not exchange.kept:  # else the answer comes next
                self._note(answered_comment(exchange))
            case Raised(finding=finding):
                self._note(raised_comment(finding))
            case Blinded(why=why):
                self._comments.append(f"nothing more was read: {escape(why)}")
            case SideClosed(at=at, side=side, reset=reset):
                self._close(at, side, reset=reset)
            case Ended():
                self._disconnect(event)

    def settle(self) -> None:
        """Send what has come of a body, and what stands for octets that were not read."""
        if (body := self._body) is not None:
            self._body = None
            self._say(body.at, body.side, body.octets)
        if (run := self._unread.take()) is not None:
            for piece in _pieces(run.filler):
                self._comments.append(run.comment)
                self._send(run.at, run.side, Flags.PSH | Flags.ACK, piece)
            self._leave_out(run)

    # -- what was said --------------------------------------------------------------------------

    def _say(self, at: float, side: Side, octets: bytes) -> None:
        for piece in _pieces(octets):
            self._send(at, side, Flags.PSH | Flags.ACK, piece)

    def _heard(self, event: Heard, frame: Frame) -> None:
        self._comments += self._unread.end_before(frame)
        self._say(event.at, frame.side, frame.raw)
        if isinstance(frame, CommandLine):
            pipelined = ", pipelined" if frame.pipelined else ""
            self._note(f"exchange {frame.number} in {event.session.state.value}{pipelined}")

    def _gather(self, at: float, part: BodyPart) -> None:
        """Send the segments that are full, and keep the rest for what came at the same time."""
        body = self._body
        if body is None or (body.side, body.at) != (part.side, at):
            self.settle()
            body = self._body = _Part(part.side, at, b"")
        self._comments += self._unread.end_before(part)
        octets = body.octets + part.raw
        full = len(octets) - len(octets) % segments.LONGEST
        body.octets = octets[full:]
        self._say(at, part.side, octets[:full])

    def _skip(self, event: Heard, frame: Opaque) -> None:
        """Gather what came at one time and was not read, but for what may be shown of it."""
        if self._body is not None or not self._unread.continues(frame, event.first):
            self.settle()
        self._comments += self._unread.end_before(frame)
        if not frame.raw:
            self._unread.add(frame, event.first, event.at)
            return
        self.settle()
        self._comments.append(f"{frame.why.value}: not read")
        self._say(event.first, frame.side, frame.raw)

    def _leave_out(self, run: UnreadRun) -> None:
        """Leave a gap, with empty segments in it: a jump of 2 GiB would be one back."""
        side, left = run.side, run.missing
        while (step := _FARTHEST - self._jump[side]) < left:
            left -= step
            self._seq[side] += step
            self._send(run.at, side, Flags.ACK)
            self._send(run.at, side.other, Flags.ACK)
        self._seq[side] += left
        self._jump[side] += left

    def _intervene(self, event: Intervened) -> None:
        """Say what a gate said where a side said nothing, and tell the rest in a comment.

        What went on in place of a line or of a message has no packet: a recording has of a message
        only how much that was.
        """
        said = event.sent if event.frame is None else event.answer
        if said is not None:
            self._say(event.at, said.side, said.raw)
        self._note(intervened_comment(event))

    def _note(self, text: str) -> None:
        """Put *text* on the session's last packet, or on its next if others came between."""
        if not self._packets.comment(self, text):
            self._comments.append(text)

    # -- packets --------------------------------------------------------------------------------

    def _disconnect(self, event: Ended) -> None:
        session, at, ending = event.session, event.at, event.ending
        why = f" ({escape(ending.why)})" if ending.why else ""
        unanswered = session.totals.unanswered
        without = f"; {count(unanswered, 'command')} without a reply" if unanswered else ""
        how = ending.how.plain
        self._comments += self._unread.end_before(None)
        self._comments.append(f"session {session.id} ended: {how}{why}{without}")
        first = ending.how.by or Side.SERVER  # what a client hears of a proxy comes from there
        if self._reset:  # there is nothing behind it but another one
            self._end_reset(at, self._reset)
        elif ending.how is How.CUT:  # nobody knows how it went on
            self._send(at, Side.CLIENT, Flags.ACK)
        elif ending.how.reset:
            self._close(at, first, reset=True)
        else:
            for side in (first, first.other):
                self._close(at, side, reset=False)
            self._send(at, self._finished[0], Flags.ACK)

    def _end_reset(self, at: float, side: Side) -> None:
        """Tell how it ended on the RST that was sent, or on another one."""
        comments, self._comments = self._comments, []
        if not all(self._packets.comment(self, text) for text in comments):
            self._comments = comments
            self._send(at, side, Flags.RST | Flags.ACK)

    def _close(self, at: float, side: Side, *, reset: bool) -> None:
        """Send a FIN or a RST, each once."""
        if reset:
            self._reset = side
            self._send(at, side, Flags.RST | Flags.ACK)
        elif self._reset is None and side not in self._finished:
            self._finished.append(side)
            self._send(at, side, Flags.FIN | Flags.ACK)

    def _send(self, at: float, side: Side, flags: Flags, data: bytes = b"") -> None:
        seq, ends = self._seq, self._endpoints
        packet = segments.packet(
            ends[side], ends[side.other], flags, data, seq=seq[side], ack=seq[side.other]
        )
        seq[side] += len(data) + bool(flags & (Flags.SYN | Flags.FIN))
        self._jump[side] = 0
        self._packets.add(self, at, packet, self._comments)
        self._comments = []


def _pieces(raw: bytes) -> Iterator[bytes]:
    for at in range(0, len(raw), segments.LONGEST):
        yield raw[at : at + segments.LONGEST]
