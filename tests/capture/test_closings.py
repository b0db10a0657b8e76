"""Closings are recorded at their own times and read again; recordings without them read as ever."""

import io
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest

from capture.test_round_trip import complain, read
from capture.test_short_form import by_hand
from dialogue import said
from pop3spy.capture.files import Captures, Keeping
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder
from pop3spy.protocol.frames import Side
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.events import Ended, Event, Heard, SideClosed
from pop3spy.session.how import Closing, Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.session.tape import Closed

GREETED = '- [0.1, 1, "S", "+OK ready\\r\\n"]\n'
HUNG_UP = """pop3spy: 1
records:
- [0, 1, "open", {"client": "192.0.2.7:5", "server": "mail:110"}]
- [0.1, 1, "S", "+OK ready\\r\\n"]
- [300.5, 1, "fin", {"side": "S"}]
- [310.5, 1, "C", "NOOP\\r\\n"]
- [900.0, 1, "rst", {"side": "C"}]
- [900.0, 1, "close", {"how": "server_closed", "why": ""}]
"""


def closings(events: list[Event]) -> list[str]:
    return [
        f"{event.side.value} {event.at:g} {'rst' if event.reset else 'fin'}"
        for event in events
        if isinstance(event, SideClosed)
    ]


def lines(events: list[Event]) -> dict[str, list[bytes]]:
    """Return the lines of each side, as they were shown."""
    heard = [event.frame for event in events if isinstance(event, Heard)]
    return {side.value: [frame.raw for frame in heard if frame.side is side] for side in Side}


def ended(events: list[Event]) -> Ended:
    (event,) = [event for event in events if isinstance(event, Ended)]
    return event


def test_a_recorded_close_is_told_at_its_time_and_in_its_place() -> None:
    events = read(HUNG_UP)
    assert closings(events) == ["S 300.5 fin", "C 900 rst"]
    told = [type(event) for event in events if isinstance(event, Heard | SideClosed)]
    assert told == [Heard, SideClosed, Heard, SideClosed]
    over = ended(events)
    assert (over.ending, over.ending.at, over.at) == (Ending(How.SERVER_CLOSED), 300.5, 900.0)


def test_who_closed_first_decides_how_it_ended() -> None:
    """As in recordings that a person changed, or another program made."""
    events = read(HUNG_UP.replace("server_closed", "client_closed"))
    assert ended(events).ending.how is How.SERVER_CLOSED


def test_a_recording_without_closings_reads_as_ever() -> None:
    lines = [line for line in HUNG_UP.splitlines(keepends=True) if "fin" not in line]
    events = read("".join(line for line in lines if "rst" not in line))
    assert closings(events) == []
    over = ended(events)
    assert (over.ending, over.ending.at) == (Ending(How.SERVER_CLOSED), None)


def test_what_is_told_is_recorded_and_read_again(tmp_path: Path) -> None:
    path, clock, events = tmp_path / "closed.yaml", Clock(), list[Event]()
    captures = Captures(str(path), Keeping("test"), clock)
    bus = Bus(complain)
    bus.subscribe(lambda _: events.append)
    bus.subscribe(captures)
    reading = Reading(1, Peer("a", 1), Peer("b", 110), 0.0, bus.publish)
    for number, (side, data) in enumerate(said("S: +OK\nC: QUIT\nS: +OK bye")):
        assert data is not None
        reading.append(Chunk(side, data, float(number)))
        reading.read_all()
    reading.side_closed(Closing(Side.SERVER, 3.0, reset=False))
    reading.side_closed(Closing(Side.SERVER, 3.5, reset=False))  # once is enough
    reading.side_closed(Closing(Side.CLIENT, 9.0, reset=False))
    reading.side_closed(Closing(Side.CLIENT, 9.5, reset=True))
    reading.end(10.0, Ending(How.SERVER_CLOSED))
    captures.close()
    again = read(path.read_text(encoding="utf-8"))
    assert closings(events) == closings(again) == ["S 3 fin", "C 9 fin", "C 9.5 rst"]
    for each in (ended(events), ended(again)):
        assert (each.ending.how, each.ending.at) == (How.QUIT, 3.0)


AHEAD = """
    S: +OK
    C: AUTH PLAIN
    C: AGJvYgBzZXNhbWU=
    C: STAT
    S: + go on
    S: +OK
    S: +OK 1 2
"""


@pytest.mark.parametrize("shut", range(4, 7))
def test_what_a_client_said_ahead_is_read_although_it_closed_before_that(shut: int) -> None:
    """A script does so that pipes its commands into a connection; they wait for the server."""
    capture = io.BytesIO()
    capture.write(b"pop3spy: 2\nrecords:\n")
    events: list[Event] = []
    bus = Bus(complain)
    bus.subscribe(lambda _: events.append)
    bus.subscribe(partial(Recorder, bodies="keep", write=capture.write))
    reading = Reading(1, Peer("a", 1), Peer("b", 110), 0.0, bus.publish)
    for number, (side, data) in enumerate(said(dedent(AHEAD))):
        if number == shut:
            reading.side_closed(Closing(Side.CLIENT, number - 0.5, reset=False))
        reading.append(Chunk(side, data or b"", float(number)))
        reading.read_all()
    reading.end(9.0, Ending(How.CLIENT_CLOSED))
    again = read(capture.getvalue().decode())
    assert lines(again) == lines(events)
    assert lines(events)["C"][-1] == b"STAT\r\n"
    assert closings(again) == closings(events) == [f"C {shut - 0.5} fin"]


def test_the_short_form_carries_closings_along() -> None:
    short = by_hand(HUNG_UP)
    assert "- S: +OK ready\n" in short
    assert closings(read(short)) == closings(read(HUNG_UP))
    assert ended(read(short)).ending.at == 300.5


@pytest.mark.parametrize("code", ["fin", "rst"])
def test_what_came_before_a_close_stands_before_it(code: str) -> None:
    """A server's first pieces wait for what its client may have said before them."""
    record = f'- [0.2, 1, "{code}", {{"side": "C"}}]\n- [0.3, 1, "S", "+OK\\r\\n"]\n'
    items = list(CaptureReader(io.StringIO(f"pop3spy: 1\nrecords:\n{GREETED}{record}"), "x"))
    place = next(i for i, item in enumerate(items) if isinstance(item, Closed))
    assert [type(item).__name__ for item in items[place - 1 : place + 2]] == [
        "Spoke",
        "Closed",
        "Spoke",
    ]


def test_programs_of_before_leave_the_records_out() -> None:
    """They ignore kinds of records that they do not know, as this one does."""
    unknown = HUNG_UP.replace('"fin"', '"fin2"').replace('"rst"', '"rst2"')
    assert closings(read(unknown)) == []
    assert ended(read(unknown)).ending == Ending(How.SERVER_CLOSED)


def test_who_has_closed_is_told_in_the_next_file_too(tmp_path: Path) -> None:
    clock = Clock()
    captures = Captures(str(tmp_path / "a.yaml"), Keeping("test", rotate=1), clock)
    bus = Bus(complain)
    bus.subscribe(captures)
    reading = Reading(1, Peer("c", 1), Peer("s", 110), 0.0, bus.publish)
    talk = "S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK\nC: STAT\nC: QUIT"
    for number, (side, data) in enumerate(said(talk + "\nS: +OK 1 9\nS: +OK bye")):
        if number == 7:
            reading.side_closed(Closing(Side.CLIENT, 6.5, reset=False))
        reading.append(Chunk(side, data or b"", float(number)))
        reading.read_all()
    reading.end(99.0, Ending(How.CLIENT_CLOSED))
    captures.close()
    files = sorted(tmp_path.iterdir(), key=lambda file: (len(file.name), file.name))
    told = [read(file.read_text(encoding="utf-8")) for file in files]
    first, second = [closings(events) for events in told if closings(events)]
    assert first == ["C 6.5 fin"]
    assert second == ["C 8 fin"]  # nothing in a file is older than its session
    assert ended(told[-1]).ending.how is How.QUIT
