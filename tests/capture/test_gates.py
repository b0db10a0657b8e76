"""What a gate did is in the capture, and reads again as it happened."""

import io
import json
from functools import partial

from capture.test_round_trip import complain, read
from logs.dialogue import Stage
from pop3spy.capture.header import Header
from pop3spy.capture.recorder import Recorder
from pop3spy.gate.acts import Acts, Beginning, Gate, Moment, Respond, Send
from pop3spy.net.guard import Guard
from pop3spy.net.outbox import Outbox
from pop3spy.protocol.frames import Side
from pop3spy.session.bus import Bus, Subscriber
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.deeds import Deed, Done, in_words
from pop3spy.session.events import Answered, Event, Heard, Intervened, Unanswered
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Exchange, Peer
from pop3spy.session.reading import Reading


class Nowhere:
    """Where a guard's octets go here."""

    def pass_on(self, side: Side, data: bytes) -> None: ...
    def pass_finish(self, side: Side) -> None: ...
    def end_by_gate(self, end: object, side: Side) -> None: ...
    def slow(self, side: Side, *, slow: bool) -> None: ...
    def opened(self, side: Side, data: bytes) -> None: ...


CHANGES: dict[bytes, Acts] = {
    b"LIST\r\n": [Send(b"LIST 1\r\n")],
    b"DELE 1\r\n": [Respond(b"-ERR hands off\r\n")],
    b"RSET\r\n": [],
    b"PASS wrong-one\r\n": [Send(b"PASS right-one\r\n")],
    b"+OK 2 240\r\n": [Send(b"-ERR [SYS/TEMP] no\r\n")],
}


DONE: dict[bytes, Done] = {
    b"LIST\r\n": Done(Deed.CHANGED_COMMAND),
    b"DELE 1\r\n": Done(Deed.ANSWERED, waited=2.1),
    b"RSET\r\n": Done(Deed.DROPPED, waited=2.049999),
    b"PASS wrong-one\r\n": in_words("changed it"),
    b"+OK 2 240\r\n": Done(Deed.CHANGED_SIZES, octets=-1000),
}


class Rules:
    """Changes lines by a table."""

    sides = frozenset(Side)

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        if (found := CHANGES.get(moment.frame.raw)) is None:
            return acts
        moment.note("rule", DONE[moment.frame.raw])
        return found

    def may_act_on(self, beginning: Beginning) -> bool:
        return beginning.side in self.sides


TALK = [
    (Side.SERVER, b"+OK ready\r\n"),
    (Side.CLIENT, b"USER bob\r\n"),
    (Side.SERVER, b"+OK\r\n"),
    (Side.CLIENT, b"PASS wrong-one\r\n"),
    (Side.SERVER, b"+OK\r\n"),
    (Side.CLIENT, b"STAT\r\n"),
    (Side.SERVER, b"+OK 2 240\r\n"),
    (Side.CLIENT, b"LIST\r\n"),
    (Side.SERVER, b"+OK 1 120\r\n"),
    (Side.CLIENT, b"DELE 1\r\nRSET\r\nQUIT\r\n"),
    (Side.SERVER, b"+OK bye\r\n"),
]


def gated(*others: Subscriber) -> tuple[list[Event], str]:
    events: list[Event] = []
    out = io.BytesIO()
    out.write(Header(Clock().started).lines().encode())
    bus = Bus(complain)
    bus.subscribe(lambda _: events.append)
    bus.subscribe(partial(Recorder, bodies="keep", write=out.write))
    for other in others:
        bus.subscribe(other)
    clock = Clock()
    reading = Reading(1, Peer("c", 1), Peer("s", 2), clock.now(), bus.publish)
    gate, way = Gate([Rules()]), Nowhere()
    outbox = Outbox(way.pass_on)
    guards = {side: Guard(side, reading, gate, way, outbox, clock, lambda: None) for side in Side}
    for side in Side:
        reading.gate(side, gated=True)
    for side, data in TALK:
        if read := guards[side].take(Chunk(side, data, clock.now())):
            guards[side].judge(*read)
        read_on(reading, guards)
    reading.end(clock.now(), Ending(How.QUIT))
    return events, out.getvalue().decode()


def read_on(reading: Reading, guards: dict[Side, Guard]) -> None:
    """Read and judge until nothing more is whole, as an observer does."""
    more = True
    while more:
        while (read := reading.read()) is not None:
            guards[read[0].side].judge(*read)
        more = any(guard.go_on() for guard in guards.values())


def shortly(events: list[Event]) -> list[object]:
    told: list[object] = []
    for event in events:
        match event:
            case Answered(exchange=x) | Unanswered(exchange=x):
                told.append((type(event), *_exchange(x)))
            case Intervened():
                told.append((event.by, event.did, event.sent, event.answer))
            case Heard(frame=frame):
                told.append(frame.raw)
    return told


def _exchange(x: Exchange) -> tuple[object, ...]:
    return x.number, x.line.raw, x.original and x.original.raw, x.ok


def test_a_gated_session_reads_as_it_was() -> None:
    events, text = gated()
    assert shortly(read(text)) == shortly(events)


def test_the_original_and_what_was_sent_are_both_there_and_no_secret_is() -> None:
    _, text = gated()
    assert "wrong-one" not in text
    assert "right-one" not in text
    records = [json.loads(line[2:]) for line in text.splitlines() if line.startswith("- ")]
    changes = [data for _, _, code, data, *_ in records if code == "gate"]
    assert [(data.get("sent"), data.get("answer")) for data in changes] == [
        ("PASS ████████\r\n", None),
        ("-ERR [SYS/TEMP] no\r\n", None),
        ("LIST 1\r\n", None),
        ("", "-ERR hands off\r\n"),
        ("", None),
    ]
    said = [data for _, _, code, data, *_ in records if code == "C"]
    assert said[2:] == ["STAT\r\n", "LIST\r\n", "DELE 1\r\n", "RSET\r\n", "QUIT\r\n"]


def test_the_transcript_and_the_json_log_tell_what_a_gate_did() -> None:
    events, _ = gated()
    stage = Stage()
    for event in events:
        stage.bus.publish(event)
    rows = stage.text.getvalue()
    assert "◆  rule: changed it" in rows.replace("◆ ", "◆  ").replace("   ", "  ")
    assert "C» LIST 1" in rows
    assert "S» -ERR hands off" in rows
    told = stage.events("gate_intervened")
    assert [(each["side"], each["sent"], each["answer"]) for each in told][2:4] == [
        ("client", "LIST 1", None),
        ("client", "", "-ERR hands off"),
    ]
