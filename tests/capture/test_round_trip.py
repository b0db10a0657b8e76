"""What is written to a capture and read again tells the same story."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from cuts import recut, wild_talk
from dialogue import Said
from pop3spy.capture.header import Header
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder
from pop3spy.protocol.frames import BodyPart, Frame, Opaque, Side, StatusLine
from pop3spy.protocol.states import State
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.events import Answered, Ended, Heard, Moved, Secured, Told, Unanswered
from pop3spy.session.model import Ending, How, Peer
from pop3spy.session.playback import play_back
from pop3spy.session.reading import Reading
from pop3spy.session.tls import Tls, tls_from

CLIENT, SERVER = Peer("192.0.2.1", 50312), Peer("mail.example.org", 110)


def complain(_: object, error: Exception) -> None:
    raise error


def live(talk: list[Said], bodies: str = "keep") -> tuple[list[Told], str]:
    """Read *talk* as a link would; return its events and its capture."""
    events: list[Told] = []
    out = io.StringIO()
    out.write(Header(Clock().started, bodies=bodies).lines())
    bus = Bus(complain)
    bus.subscribe(events.append)
    bus.subscribe(Recorder(bodies, lambda _, text: void(out.write(text))))
    reading = Reading(1, CLIENT, SERVER, 0.5, bus.publish)
    at = 0.5
    for side, data in talk:
        at = round(at + 0.001, 9)
        if data is not None:
            for _ in reading.feed(Chunk(side, data, at)):
                pass
    reading.end(at + 1, Ending(How.QUIT))
    return events, out.getvalue()


def void(_: object) -> None:
    pass


def read(text: str) -> list[Told]:
    events: list[Told] = []
    play_back(CaptureReader(io.StringIO(text), "test"), events.append)
    return events


def story(events: list[Told]) -> dict[str, list[Any]]:
    """Return what matters of *events*: what each side said, the exchanges, the states, the end.

    Parts of bodies and of stretches are merged.  How the sides interleave is in the times.
    """
    told: dict[str, list[Any]] = {"C": [], "S": [], "exchange": [], "state": [], "end": []}
    for event in events:
        match event:
            case Heard(frame=Opaque() as frame):
                told[frame.side.value].append(("opaque", frame.why, frame.number, frame.counted))
            case Heard(frame=BodyPart() as frame):
                told[frame.side.value].append(("part", frame.number, frame.raw))
            case Heard(frame=frame, first=first, at=at):
                told[frame.side.value].append((_plain(frame), ms(first), ms(at)))
            case Answered(exchange=x) | Unanswered(exchange=x):
                times = map(ms, (x.asked_at, x.answered_at or 0, x.ended_at or 0))
                body = x.body and (x.body.octets, x.body.stuffed, x.body.lines, x.body.complete)
                told["exchange"].append((type(event), x.number, x.ok, x.user, *times, body))
            case Moved(after=after):
                told["state"].append(after)
            case Ended(ending=ending, session=session):
                told["end"] += [ending, session.totals, session.user, session.capabilities]
    # Where the client's first octets could be a PROXY header, what they are is known late, and
    # the states between depend on when: the last one does not.
    told["state"] = told["state"][-1:]
    return {what: list(merged(items)) for what, items in told.items()}


def _plain(frame: Frame) -> Frame:
    """Return *frame* without what a recording may lack: what masked octets would have told."""
    if isinstance(frame, StatusLine) and frame.masks:
        frame = replace(frame, has_body=None)
    return replace(frame, cuts=())


def ms(seconds: float) -> float:
    return round(seconds, 6)


def _kind(item: Any) -> object:
    mergeable = isinstance(item, tuple) and item[0] in ("part", "opaque")
    return item[:-1] if mergeable else object()


def merged(told: list[Any]) -> Iterator[Any]:
    for kind, group in groupby(told, _kind):
        items = list(group)
        if not isinstance(kind, tuple):
            yield from items
        elif kind[0] == "part":
            yield (*kind, b"".join(item[-1] for item in items))
        else:
            counts = [item[-1] for item in items]
            yield (*kind, None if None in counts else sum(counts))


AHEAD = [
    (Side.CLIENT, b"STLS\r\n\xe9\xff"),
    (Side.SERVER, b"+OK\r\n+OK\r\n+OK\r\n"),
    (Side.CLIENT, b"USER bob\r\n"),
]

PARTLY_AHEAD = [
    (Side.CLIENT, b"\r\n\r\n\x00PROXY "),
    (Side.SERVER, b"\x80.\x01+OK\r\n"),
    (Side.CLIENT, b"USER bob\r\n"),
]
BETWEEN = [
    (Side.CLIENT, b"\r\n\r\n\x00PROXY "),
    (Side.SERVER, b"\x80.\x01"),
    (Side.SERVER, b"+OK\r\n"),
]
OUT_OF_STEP = [
    (Side.CLIENT, b"USER bob\r\nUSER bob\r\n\r"),
    (Side.SERVER, b"+OK\r\na\r\n.\r\n"),
    (Side.CLIENT, b"USER bob\r\n"),
]


@given(wild_talk.flatmap(recut))
@example(OUT_OF_STEP)
@example(BETWEEN)
@example(AHEAD)
@example(PARTLY_AHEAD)
def test_any_session_reads_as_it_was(talk: list[Said]) -> None:
    events, text = live(talk)

    was, is_now = story(events), story(read(text))
    for what, items in was.items():
        assert is_now[what] == items, (what, text)


lines = st.lists(st.sampled_from([b"", b"..", b"..x", b"a", b"a.b", b"x" * 70]), max_size=12)


@given(lines, st.sets(st.integers(0, 200)))
def test_a_dropped_body_keeps_its_sizes_however_it_is_cut(body: list[bytes], at: set[int]) -> None:
    said = b"+OK\r\n" + b"".join(line + b"\r\n" for line in body) + b".\r\n"
    ends = sorted(min(place, len(said)) for place in {0, *at, len(said)})
    pieces = [(Side.SERVER, said[start:end]) for start, end in pairwise(ends) if start < end]
    talk: list[Said] = [(Side.SERVER, b"+OK\r\n"), (Side.CLIENT, b"RETR 1\r\n"), *pieces]
    events, text = live(talk, "drop")

    again = [event.exchange.body for event in read(text) if isinstance(event, Answered)][-1]
    was = [event.exchange.body for event in events if isinstance(event, Answered)][-1]
    assert was
    assert again
    assert (again.octets, again.stuffed, again.complete) == (was.octets, was.stuffed, True)
    told = [record for record in text.splitlines() if '"omitted"' in record]
    assert sum(json.loads(record[2:])[3]["lines"] for record in told) == len(body)


AGREED = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", subject="mail.example.org", sha256="ab" * 32)


def test_a_session_whose_inside_was_read_has_its_tls_in_the_recording() -> None:
    events: list[Told] = []
    out = io.StringIO()
    out.write(Header(Clock().started, bodies="keep").lines())
    bus = Bus(complain)
    bus.subscribe(events.append)
    bus.subscribe(Recorder("keep", lambda _, text: void(out.write(text))))
    reading = Reading(1, CLIENT, SERVER, 0.5, bus.publish)

    def says(side: Side, data: bytes, at: float) -> None:
        for _ in reading.feed(Chunk(side, data, at)):
            pass

    says(Side.SERVER, b"+OK ready\r\n", 0.6)
    says(Side.CLIENT, b"CAPA\r\n", 0.7)
    says(Side.SERVER, b"+OK\r\nSTLS\r\n.\r\n", 0.8)
    says(Side.CLIENT, b"STLS\r\n", 0.9)
    says(Side.SERVER, b"+OK\r\n", 1.0)
    reading.secured(AGREED, 1.1)
    says(Side.CLIENT, b"USER bob\r\n", 1.2)
    says(Side.SERVER, b"+OK\r\n", 1.3)
    reading.end(1.4, Ending(How.CLIENT_CLOSED))

    again = read(out.getvalue())
    for told in (events, again):
        moves = [event.after for event in told if isinstance(event, Moved)]
        assert moves[1:4] == [State.TLS, State.AUTHORIZATION, State.USER_GIVEN]
        assert [event.tls for event in told if isinstance(event, Secured)] == [AGREED]
        assert told[-1].session.capabilities == {}  # type: ignore[union-attr]  # Ended
    assert story(again) == story(events)


def test_what_a_recording_says_of_tls_is_taken_as_text_whatever_it_is() -> None:
    assert tls_from({"version": 7, "verified": "yes", "subject": None}) == Tls(
        "7", "", verified=False
    )
    assert tls_from({}).verified is False
