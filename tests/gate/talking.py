"""A gate without sockets: what each side says goes through it, and what goes on is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pop3spy.gate.acts import Act, End, Gate, Keeper, Moment, Respond, Send, Wait
from pop3spy.gate.faults import FaultKeeper
from pop3spy.gate.faulttext import read_fault
from pop3spy.protocol.frames import Frame, Side
from pop3spy.session.chunk import Chunk
from pop3spy.session.deeds import in_words
from pop3spy.session.events import Heard
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.session.substitute_frames import in_place_of

Said = tuple[Side, bytes]
C, S = Side.CLIENT, Side.SERVER

MESSAGE = b"Subject: dots\r\n\r\n..one\r\n...\r\nlast\r\n"
TALK: list[Said] = [
    (S, b"+OK ready\r\n"),
    (C, b"CAPA\r\n"),
    (S, b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\n.\r\n"),
    (C, b"USER bob\r\n"),
    (S, b"+OK\r\n"),
    (C, b"PASS hunter2\r\n"),
    (S, b"+OK\r\n"),
    (C, b"STAT\r\n"),
    (S, b"+OK 2 320\r\n"),
    (C, b"LIST\r\nUIDL\r\n"),
    (S, b"+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n+OK\r\n1 one\r\n2 two\r\n.\r\n"),
    (C, b"UIDL 1\r\n"),
    (S, b"+OK 1 one\r\n"),
    (C, b"RETR 1\r\n"),
    (S, b"+OK 120 octets\r\n" + MESSAGE + b".\r\n"),
    (C, b"QUIT\r\n"),
    (S, b"+OK bye\r\n"),
]


def keeper(text: str, seed: int = 1) -> FaultKeeper:
    """Return what commits the fault *text*."""
    fault = read_fault(text)
    return FaultKeeper(fault, seed if fault.seed is None else fault.seed)


@dataclass
class Talk:
    """One session through a gate; ``acts`` are those that were decided on, waits included."""

    keepers: Sequence[Keeper]
    number: int = 1
    heard: dict[Side, bytes] = field(default_factory=lambda: {C: b"", S: b""})
    acts: list[Act] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    ended: End | None = None

    def __post_init__(self) -> None:
        self.gate = Gate(self.keepers)
        self.reading = Reading(self.number, Peer("c", 1), Peer("s", 2), 0.0, lambda _: None)
        self.memory: dict[object, object] = {}
        for side in Side:
            self.reading.gate(side, gated=True)

    def say(self, said: Iterable[Said]) -> "Talk":
        """Let both sides speak."""
        for side, data in said:
            self.reading.append(Chunk(side, data, 0.0))
            while self.ended is None and (read := self.reading.read()):
                self._judge(*read)
        return self

    def _judge(self, frame: Frame, heard: Heard) -> None:
        session, exchange = self.reading.session, heard.exchange
        moment = Moment(session, frame, heard.frame, 0.0, exchange, memory=self.memory)
        acts = self.gate.judge(moment)
        self.notes += [(by, str(did)) for by, did in moment.notes]
        if acts is None:
            self.heard[frame.side.other] += frame.raw
            self.reading.settle(frame)
            return
        self.acts += acts
        sent, answer = b"", b""
        for act in acts:
            match act:
                case Send(data):
                    sent += data
                case Respond(line):
                    answer += line
                case End():
                    self.ended = act
                    break
                case Wait():
                    pass
        self.heard[frame.side.other] += sent
        self.heard[frame.side] += answer
        changed = in_place_of(frame, sent) if sent != frame.raw else None
        self.reading.settle(frame) if changed is None else self.reading.intervene(
            heard, 0.0, "test", in_words("did"), sent=changed
        )


def octet_by_octet(said: Iterable[Said]) -> list[Said]:
    return [(side, data[at : at + 1]) for side, data in said for at in range(len(data))]
