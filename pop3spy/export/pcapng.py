"""A conversation as packets, for Wireshark: TCP as it might have been, comments from pop3spy.

Rules: 1. a line is a segment of its own, so that Wireshark sees each command and each status line;
what came of a body at one time is cut into the longest segments; 2. what was not recorded is
missing from the sequence numbers; 3. a packet has the time of its last octet; 4. packets have what
client and server said, and what a gate said in the place of one of them; comments tell the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final

from pop3spy.export import blocks, segments
from pop3spy.export.addresses import Addresses, Endpoint
from pop3spy.export.exporter import ExportSource, count
from pop3spy.export.segments import Flags
from pop3spy.export.unread import Unread
from pop3spy.protocol.frames import BodyPart, CommandLine, Opaque, Side
from pop3spy.protocol.text import escape
from pop3spy.session.events import Answered, Blinded, Ended, Event, Heard, Intervened, Told
from pop3spy.session.intervention_text import intervention_text, substitutes
from pop3spy.session.model import Ending, Exchange, How, Session

_COMMENT: Final = (
    "Made by pop3spy from a recording. What was said and when is recorded; TCP around it is not. "
    "******** stands for a secret."
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WHO: Final = {Side.CLIENT: "server", Side.SERVER: "client"}
"""Who hears what stands in place of a line of this side."""
_RESETS: Final = {
    How.CLIENT_RESET: Side.CLIENT,
    How.SERVER_RESET: Side.SERVER,
    How.UNREACHABLE: Side.SERVER,
    How.REFUSED: Side.SERVER,
}


@dataclass(slots=True)
class _TcpState:
    """One session: its addresses, the next sequence number of each side, what is to be told."""

    endpoints: dict[Side, Endpoint]
    seq: dict[Side, int]
    comments: list[str] = field(default_factory=list)  # for its next packet
    unread: Unread = field(default_factory=Unread)
    body: "_Part | None" = None


@dataclass(slots=True)
class _Part:
    """What came of a body at one time and fills no segment yet."""

    side: Side
    at: float
    octets: bytes


@dataclass(slots=True)
class _Held:
    """The packet that was made last; comments may still come."""

    connection: _TcpState
    at: float
    data: bytes
    comments: list[str]


class PacketCapture:
    """Writes packets to *stream*."""

    def __init__(self, stream: BinaryIO, source: ExportSource) -> None:
        self._stream = stream
        self._source = source
        self._addresses = Addresses()
        self._connections: dict[int, _TcpState] = {}
        self._held: _Held | None = None
        self._packets = 0
        stream.write(blocks.section(_COMMENT))

    def __call__(self, event: Told) -> None:  # noqa: C901 - one branch an event
        """Write the packets of *event*."""
        if not isinstance(event, Event):
            return
        session = event.session
        connection = self._connections.get(session.id)
        if connection is None:
            connection = self._connections[session.id] = self._connect(session)
        match event:
            case Heard(frame=BodyPart() as part, at=at):
                self._gather(connection, at, part)
                return
        self._send_body(connection)
        match event:
            case Heard(frame=Opaque() as unread):
                self._skip(connection, unread)
            case Heard(frame=frame, at=at):
                self._say(connection, at, frame.side, frame.raw)
                if isinstance(frame, CommandLine):
                    self._note(connection, _asked(session, frame))
            case Intervened():
                self._intervene(connection, event)
            case Answered(exchange=exchange) if not exchange.kept:  # else the answer comes next
                self._note(connection, _answered(exchange))
            case Blinded(why=why):
                connection.comments.append(f"nothing more was read: {escape(why)}")
            case Ended(at=at, ending=ending):
                self._disconnect(session, connection, at, ending)
                del self._connections[session.id]

    def close(self) -> None:
        """Write what waits for more of it."""
        for connection in self._connections.values():
            self._send_body(connection)
        self._flush()

    @property
    def summary(self) -> str:
        """How many packets were written."""
        return count(self._packets, "packet")

    # -- what was said --------------------------------------------------------------------------

    def _say(self, connection: _TcpState, at: float, side: Side, octets: bytes) -> None:
        connection.comments += connection.unread.take()
        for piece in _pieces(octets):
            self._send(connection, at, side, Flags.PSH | Flags.ACK, piece)

    def _gather(self, connection: _TcpState, at: float, part: BodyPart) -> None:
        """Send the segments that are full, and keep the rest for what came at the same time."""
        body = connection.body
        if body is None or (body.side, body.at) != (part.side, at):
            self._send_body(connection)
            body = connection.body = _Part(part.side, at, b"")
        octets = body.octets + part.raw
        full = len(octets) - len(octets) % segments.LONGEST
        body.octets = octets[full:]
        self._say(connection, at, part.side, octets[:full])

    def _send_body(self, connection: _TcpState) -> None:
        if (body := connection.body) is not None:
            connection.body = None
            self._say(connection, body.at, body.side, body.octets)

    def _skip(self, connection: _TcpState, frame: Opaque) -> None:
        """Leave a gap for octets that were only counted."""
        if told := connection.unread.add(frame):
            connection.comments.append(told)
        connection.seq[frame.side] += frame.counted or len(frame.raw)

    def _intervene(self, connection: _TcpState, event: Intervened) -> None:
        """Say what a gate said where a side said nothing, and tell the rest in a comment.

        What went on in place of a line or of a message has no packet: a recording has of a message
        only how much that was.
        """
        said = event.sent if event.frame is None else event.answer
        if said is not None:
            self._say(connection, event.at, said.side, said.raw)
        self._note(connection, _intervened(event))

    def _note(self, connection: _TcpState, text: str) -> None:
        """Put *text* on the session's last packet, or on its next if others came between."""
        held = self._held
        mine = held is not None and held.connection is connection
        (held.comments if held and mine else connection.comments).append(text)

    # -- connections ----------------------------------------------------------------------------

    def _connect(self, session: Session) -> _TcpState:
        first = session.id * 1_000_003  # so that a port that is used again is a new connection
        connection = _TcpState(self._addresses.of(session), dict.fromkeys(Side, first))
        client, server = escape(str(session.client)), escape(str(session.server))
        connection.comments.append(f"session {session.id}: {client} → {server}")
        at = session.opened_at
        self._send(connection, at, Side.CLIENT, Flags.SYN)
        self._send(connection, at, Side.SERVER, Flags.SYN | Flags.ACK)
        self._send(connection, at, Side.CLIENT, Flags.ACK)
        return connection

    def _disconnect(
        self, session: Session, connection: _TcpState, at: float, ending: Ending
    ) -> None:
        why = f" ({escape(ending.why)})" if ending.why else ""
        unanswered = session.totals.unanswered
        without = f"; {count(unanswered, 'command')} without a reply" if unanswered else ""
        how = ending.how.value.replace("_", " ")
        connection.comments += connection.unread.take()
        connection.comments.append(f"session {session.id} ended: {how}{why}{without}")
        if ending.how is How.CUT:  # nobody knows how it went on
            self._send(connection, at, Side.CLIENT, Flags.ACK)
        elif side := _RESETS.get(ending.how):
            self._send(connection, at, side, Flags.RST | Flags.ACK)
        else:
            first = Side.CLIENT if ending.how is How.CLIENT_CLOSED else Side.SERVER
            self._send(connection, at, first, Flags.FIN | Flags.ACK)
            self._send(connection, at, first.other, Flags.FIN | Flags.ACK)
            self._send(connection, at, first, Flags.ACK)

    # -- packets --------------------------------------------------------------------------------

    def _send(
        self, connection: _TcpState, at: float, side: Side, flags: Flags, data: bytes = b""
    ) -> None:
        self._flush()
        seq, ends = connection.seq, connection.endpoints
        packet = segments.packet(
            ends[side], ends[side.other], flags, data, seq=seq[side], ack=seq[side.other]
        )
        seq[side] += len(data) + bool(flags & (Flags.SYN | Flags.FIN))
        self._held = _Held(connection, at, packet, connection.comments)
        connection.comments = []

    def _flush(self) -> None:
        if (held := self._held) is not None:
            self._held = None
            micros = (self._source.date(held.at) - _EPOCH) // timedelta(microseconds=1)
            self._stream.write(blocks.packet(micros, held.data, held.comments))
            self._packets += 1


def _pieces(raw: bytes) -> Iterator[bytes]:
    for at in range(0, len(raw), segments.LONGEST):
        yield raw[at : at + segments.LONGEST]


def _asked(session: Session, line: CommandLine) -> str:
    pipelined = ", pipelined" if line.pipelined else ""
    return f"exchange {line.number} in {session.state.value}{pipelined}"


def _answered(exchange: Exchange) -> str:
    """Return what the reply amounts to; the command itself is in its own packet."""
    notes = [f"exchange {exchange.number}: reply after {_seconds(exchange.latency)}"]
    if exchange.body is not None:
        notes.append(f"ended after {_seconds(exchange.duration)}")
    if exchange.state_after is not exchange.state_before:
        notes.append(f"{exchange.state_before.value} → {exchange.state_after.value}")
    if not exchange.complete:
        notes.append("broke off")
    if exchange.injected:
        notes.append("not heard by the client")
    if exchange.misplaced:
        notes.append(f"not allowed in {exchange.state_before.value}")
    return ", ".join(notes)


def _intervened(event: Intervened) -> str:
    """Return what a gate did, and what the peers heard because of it."""
    frame = event.frame or event.sent
    number = f"exchange {frame.number}: " if frame and frame.number else ""
    heard = [f"; the {_WHO[each.side]} heard: {text}" for each, text in substitutes(event)]
    return f"{number}{intervention_text(event)}{''.join(heard)}"


def _seconds(time: float | None) -> str:
    return "an unknown time" if time is None else f"{time:.6f} s"
