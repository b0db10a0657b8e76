"""What is written to a capture and read again tells the same story."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import groupby, pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cuts import recut, wild_talk
from dialogue import Said, said
from pop3spy.capture.header import BODIES, Header
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder
from pop3spy.logs import JsonLog
from pop3spy.protocol.frames import BodyPart, CommandLine, Frame, Opaque, Side, StatusLine
from pop3spy.protocol.states import State
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.events import Answered, Ended, Event, Heard, Moved, Secured, Unanswered
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.playback import play_back
from pop3spy.session.reading import Reading
from pop3spy.session.substitute_frames import in_place_of
from pop3spy.session.tls import Tls, tls_from

CLIENT, SERVER = Peer("192.0.2.1", 50312), Peer("mail.example.org", 110)


def complain(_: object, error: Exception) -> None:
    raise error


def live(talk: list[Said], bodies: str = "keep") -> tuple[list[Event], str]:
    """Read *talk* as a link would; return its events and its capture."""
    events: list[Event] = []
    out = io.BytesIO()
    out.write(Header(Clock().started, bodies=bodies).lines().encode())
    bus = Bus(complain)
    bus.subscribe(lambda _: events.append)
    bus.subscribe(partial(Recorder, bodies=bodies, write=out.write))
    reading = Reading(1, CLIENT, SERVER, 0.5, bus.publish)
    at = 0.5
    for side, data in talk:
        at = round(at + 0.001, 9)
        if data is not None:
            reading.hear(Chunk(side, data, at))
    reading.end(at + 1, Ending(How.QUIT))
    return events, out.getvalue().decode()


def read(text: str) -> list[Event]:
    events: list[Event] = []
    play_back(CaptureReader(io.StringIO(text), "test"), lambda _: events.append)
    return events


def story(events: list[Event]) -> dict[str, list[Any]]:
    """Return what matters of *events*: what each side said, the exchanges, the states, the end.

    Parts of bodies and of stretches are merged, and a stretch has the time of its first octet.  How
    the sides interleave is in the times.
    """
    told: dict[str, list[Any]] = {"C": [], "S": [], "exchange": [], "state": [], "end": []}
    for event in events:
        match event:
            case Heard(frame=Opaque() as frame, first=first):
                piece = ("opaque", frame.why, frame.number, (ms(first), frame.counted))
                told[frame.side.value].append(piece)
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
            counts = [item[-1][1] for item in items]
            began_at = items[0][-1][0]
            yield (*kind, began_at, None if None in counts else sum(counts))


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


ODD = {
    "odd lines before a reply": """
        S: +OK ready
        C: STAT
        S: debug: opening the maildrop
        S| +OK2 300
        S: +OK 2 300
        C: QUIT
        S: +OK
    """,
    "odd lines taken for the reply": """
        S: +OK ready
        C: USER bob
        S: OK go on
        C: PASS tanstaafl
        S: +ERR what?
        C: STAT
        S: +OK 2 300
        C: QUIT
        S: bye
    """,
    "an odd line in three reads, while the client goes on": """
        S: +OK ready
        C: STAT
        S< wh
        C< NO
        S< at
        S< ?\\r\\n
        C< OP\\r\\n
        S: +OK 0 0
        S| +OK
    """,
    "an odd line between two replies to commands sent ahead": """
        S: +OK ready
        C: STAT
        C| NOOP
        S: what?
        S| +OK 2 300
        C: LIST 1
        S: +OK
        S| +OK 1 120
    """,
    "more odd lines than are told one by one": "S: +OK\nC: STAT\n"
    + 130 * f"S: {'x' * 999}\n"
    + "S: +OK 0 0\nC: NOOP\nS: no\nC: QUIT\nS: +OK",
    "a listing for one message": """
        S: +OK ready
        C: LIST 2
        S: +OK 2 messages (300 octets)
        S: 1 120
        S: 2 180
        S: .
        C: UIDL 1
        S: +OK
        S| 1 a
        C: NOOP
        S: +OK
    """,
    "a listing for one message, asked ahead": """
        S: +OK ready
        C: LIST 2
        C| UIDL 1
        S: +OK 2 messages (300 octets)
        S| 1 120
        S| 2 180
        S| .
        S| +OK 1 a
    """,
    "the header of a TLS record in front of clear text": """
        S: +OK ready
        C: NOOP
        S< \\x17\\x03\\x03\\0\\x05+OK\\r\\n
        C< \\x17\\x03\\x03\\0\\x06QUIT\\r\\n
        S: +OK
    """,
    "a greeting that refuses, and commands behind it": """
        S: -ERR [SYS/TEMP] too many connections
        C: CAPA
        S: +OK
        S| STLS
        S| .
        C: USER bob
        S: -ERR no
        C: QUIT
        S: +OK
    """,
    "a banner taken for the greeting": """
        S: welcome
        C: CAPA
        S: -ERR
        C: USER bob
        S: +OK
        C: PASS tanstaafl
        S: +OK
        C: QUIT
        S: +OK
    """,
    "a banner before the greeting": """
        S: \\xef\\xbb\\xbf
        S: +OK ready
        C: USER bob
        S: +OK
    """,
}


@pytest.mark.parametrize("bodies", BODIES)
@pytest.mark.parametrize("script", ODD.values(), ids=ODD)
def test_an_odd_session_reads_as_it_was(script: str, bodies: str) -> None:
    events, text = live(said(script), bodies)

    assert story(read(text)) == story(events)
    assert pairing(read(text)) == pairing(events)


CHANGED_TO = {
    "a listing for one message": ("LIST 2", None, True),
    "a listing that was asked for in place of a message": ("RETR 1", "LIST", True),
    "a message that was asked for in place of a listing": ("LIST", "RETR 1", False),
    "a message": ("RETR 1", None, False),
}


@pytest.mark.parametrize("bodies", ["mask", "drop"])
@pytest.mark.parametrize(("asked", "heard", "kept"), CHANGED_TO.values(), ids=CHANGED_TO)
def test_of_all_bodies_listings_are_kept(
    asked: str, heard: str | None, *, kept: bool, bodies: str
) -> None:
    out = io.BytesIO()
    bus = Bus(complain)
    bus.subscribe(partial(Recorder, bodies=bodies, write=out.write))
    reading = Reading(1, CLIENT, SERVER, 0.5, bus.publish)

    def says(side: Side, data: str) -> Heard | None:
        reading.append(Chunk(side, data.encode(), 0.6))
        return found[1] if (found := reading.read()) else None

    says(Side.SERVER, "+OK ready\r\n")
    reading.gate(Side.CLIENT, gated=True)
    line = says(Side.CLIENT, f"{asked}\r\n")
    assert line
    sent = in_place_of(line.frame, f"{heard or asked}\r\n".encode())
    reading.intervene(line, 0.7, "rewrite", Done(Deed.CHANGED_COMMAND), sent=sent)
    says(Side.SERVER, "+OK 2 messages\r\n1 a120\r\n.\r\n")
    reading.read_all()
    reading.end(0.9, Ending(How.QUIT))

    assert ('"1 a120' in out.getvalue().decode()) is kept


def pairing(events: list[Event]) -> list[Any]:
    """Return to which exchange each line belongs, and what took odd lines for what."""
    told: list[Any] = []
    for event in events:
        match event:
            case Heard(frame=BodyPart() | Opaque()):
                pass
            case Heard(frame=frame, exchange=x):
                settles = isinstance(frame, CommandLine) and frame.settles
                told.append((frame.side, x and x.number, settles))
            case Moved(after=after, inferred=inferred):
                told.append((after, inferred))
            case Answered(exchange=x) | Unanswered(exchange=x):
                told.append((type(event), x.number, x.ok, x.answered, x.wrong_shape))
            case Ended(session=session):
                told.append((session.refused, session.said_goodbye, session.parting))
    return told


piece = st.sampled_from(
    said(r"""
        C: STAT
        C: NOOP
        C: LIST 2
        C: LIST
        C: RETR 1
        C: USER bob
        C: PASS tan
        C: QUIT
        C: AUTH PLAIN
        C: dABhAHM=
        C: STLS
        C: FOO
        C< NO
        C< OP\r\n
        C< \x17\x03\x03\0\5
        S: +OK
        S: -ERR no
        S: +OK 2 9
        S: +OK 2 messages
        S: +
        S: what?
        S: OK
        S: +ERR
        S:
        S: 1 120
        S: .
        S< +O
        S< K\r\n
        S< wh
        S< at\r\n
        S< \x17\x03\x03\0\5
    """)
)
odd_talk = st.lists(piece, max_size=20).map(lambda pieces: [said("S: +OK")[0], *pieces])


@given(odd_talk.flatmap(recut))
def test_any_session_with_odd_lines_is_paired_as_it_was(talk: list[Said]) -> None:
    events, text = live(talk)

    was, is_now = story(events), story(read(text))
    for what, items in was.items():
        assert is_now[what] == items, (what, text)


lines = st.lists(st.sampled_from([b"", b"..", b"..x", b"a", b"a.b", b"x" * 70]), max_size=12)


@given(lines, st.sets(st.integers(0, 200)))
def test_a_dropped_body_keeps_its_sizes_however_it_is_cut(body: list[bytes], at: set[int]) -> None:
    reply = b"+OK\r\n" + b"".join(line + b"\r\n" for line in body) + b".\r\n"
    ends = sorted(min(place, len(reply)) for place in {0, *at, len(reply)})
    pieces = [(Side.SERVER, reply[start:end]) for start, end in pairwise(ends) if start < end]
    talk: list[Said] = [(Side.SERVER, b"+OK\r\n"), (Side.CLIENT, b"RETR 1\r\n"), *pieces]
    events, text = live(talk, "drop")

    again = [event.exchange.body for event in read(text) if isinstance(event, Answered)][-1]
    was = [event.exchange.body for event in events if isinstance(event, Answered)][-1]
    assert was
    assert again
    assert (again.octets, again.stuffed, again.complete) == (was.octets, was.stuffed, True)
    told = [record for record in text.splitlines() if '"omitted"' in record]
    assert sum(json.loads(record[2:])[3]["lines"] for record in told) == len(body)


AGREED = Tls(
    "TLSv1.3",
    "TLS_AES_256_GCM_SHA384",
    subject="mail.example.org",
    names=("mail.example.org", "a, b < c"),
    sha256="ab" * 32,
    chain=("mail.example.org", "The authority", ""),
)


def test_a_session_whose_inside_was_read_has_its_tls_in_the_recording() -> None:
    events: list[Event] = []
    out = io.BytesIO()
    out.write(Header(Clock().started, bodies="keep").lines().encode())
    bus = Bus(complain)
    bus.subscribe(lambda _: events.append)
    bus.subscribe(partial(Recorder, bodies="keep", write=out.write))
    reading = Reading(1, CLIENT, SERVER, 0.5, bus.publish)

    def says(side: Side, data: bytes, at: float) -> None:
        reading.append(Chunk(side, data, at))
        reading.read_all()

    says(Side.SERVER, b"+OK ready\r\n", 0.6)
    says(Side.CLIENT, b"CAPA\r\n", 0.7)
    says(Side.SERVER, b"+OK\r\nSTLS\r\n.\r\n", 0.8)
    says(Side.CLIENT, b"STLS\r\n", 0.9)
    says(Side.SERVER, b"+OK\r\n", 1.0)
    reading.secured(AGREED, 1.1)
    says(Side.CLIENT, b"USER bob\r\n", 1.2)
    says(Side.SERVER, b"+OK\r\n", 1.3)
    reading.end(1.4, Ending(How.CLIENT_CLOSED))

    again = read(out.getvalue().decode())
    for told in (events, again):
        moves = [event.after for event in told if isinstance(event, Moved)]
        assert moves[1:4] == [State.TLS, State.AUTHORIZATION, State.USER_GIVEN]
        assert [event.tls for event in told if isinstance(event, Secured)] == [AGREED]
        assert told[-1].session.capabilities == {}
    assert story(again) == story(events)


def test_what_a_recording_says_of_tls_is_taken_as_text_whatever_it_is() -> None:
    assert tls_from({"version": 7, "verified": "yes", "subject": None}) == Tls(
        "7", "", verified=False
    )
    assert tls_from({}).verified is False


def test_a_recording_of_an_earlier_version_has_the_names_of_a_certificate_joined() -> None:
    old = tls_from({"version": "TLSv1.3", "names": "a.example, b.example", "chain": "a < The CA"})
    assert (old.names, old.chain) == (("a.example", "b.example"), ("a", "The CA"))
    new = {"version": "TLSv1.3", "names": ["a.example", "b.example"], "chain": ["a", "The CA"]}
    assert tls_from(new) == old


@pytest.mark.parametrize(
    "line", [b"PASS ", b"", b"NOOP "], ids=["hidden in part", "whole", "shown"]
)
def test_a_copy_of_a_copy_has_an_overlong_line_and_the_lines_behind_it(line: bytes) -> None:
    lines = line + b"x" * 20_000 + b"\r\nSTAT\r\nNOOP\r\n"
    text = live([(Side.SERVER, b"+OK\r\n"), (Side.CLIENT, lines), (Side.SERVER, b"-ERR\r\n" * 3)])[
        1
    ]
    for _ in range(2):
        before, text = text, copied(text)
        assert spoken(text) == spoken(before)
    answered = [event.exchange for event in read(text) if isinstance(event, Answered)]
    assert [exchange.line.truncated for exchange in answered] == [True, False, False]


def copied(text: str) -> str:
    """Return *text* as a reader of it would record it."""
    out = io.BytesIO()
    out.write(Header(Clock().started).lines().encode())
    play_back(
        CaptureReader(io.StringIO(text), "x"), partial(Recorder, bodies="keep", write=out.write)
    )
    return out.getvalue().decode()


def spoken(text: str) -> list[Any]:
    """Return the records of *text* without their times."""
    return [json.loads(line[2:])[2:4] for line in text.splitlines() if line.startswith("- [")]


LONG = b"x" * 20_000
CUT_LINES: dict[str, list[Said]] = {
    "of the server, while the client goes on": [
        (Side.SERVER, b"+OK\r\n"),
        (Side.CLIENT, b"NOOP\r\n"),
        (Side.SERVER, b"+OK " + LONG),
        (Side.CLIENT, b"NOOP\r\n"),
        (Side.SERVER, LONG),
        (Side.SERVER, b"\r\n+OK\r\n"),
        (Side.CLIENT, b"QUIT\r\n"),
        (Side.SERVER, b"+OK\r\n"),
    ],
    "of the client, while the server goes on": [
        (Side.SERVER, b"+OK\r\n"),
        (Side.CLIENT, b"NOOP " + LONG),
        (Side.SERVER, b"-ERR too long\r\n"),
        (Side.CLIENT, LONG + b"\r\nSTAT\r\n"),
        (Side.SERVER, b"+OK 2 300\r\n"),
        (Side.CLIENT, b"QUIT\r\n"),
        (Side.SERVER, b"+OK\r\n"),
    ],
    "that has no end": [
        (Side.SERVER, b"+OK\r\n"),
        (Side.CLIENT, b"NOOP\r\n"),
        (Side.SERVER, b"+OK " + LONG),
        (Side.CLIENT, b"QUIT\r\n"),
    ],
}


@pytest.mark.parametrize("talk", CUT_LINES.values(), ids=CUT_LINES)
def test_the_rest_of_an_overlong_line_goes_on_where_it_did(talk: list[Said]) -> None:
    """What is hidden of it has another size in a recording, so of a client's all else is told."""
    events, text = live(talk)

    for again in (text, copied(text)):
        was, is_now = story(events), story(read(again))
        assert pairing(read(again)) == pairing(events)
        for what in ("S", "exchange", "state"):
            assert is_now[what] == was[what]
        assert unread_of(is_now["C"]) == unread_of(was["C"])


def unread_of(told: list[Any]) -> list[Any]:
    return [item for item in told if item[0] == "opaque"]


def test_an_earlier_recording_has_the_rest_of_a_line_in_pieces() -> None:
    _, text = live(CUT_LINES["of the server, while the client goes on"])
    old = text.replace(', "ends_line": false', "")
    assert old != text
    assert [event.exchange.ok for event in read(old) if isinstance(event, Answered)] == [True] * 3


AT_ONCE = b"\x16\x03\x01\0\5abcde"


def stretches(log: str) -> list[dict[str, Any]]:
    found = map(json.loads, log.splitlines())
    return [each for each in found if each["event"] == "stretch_unread"]


def test_a_stretch_has_the_time_of_its_first_octet_live_recorded_and_read_again() -> None:
    """It came in four reads, and what it is was known only with the second."""
    clock = Clock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    out, log, log_again = io.BytesIO(), io.StringIO(), io.StringIO()
    out.write(Header(clock.started).lines().encode())
    events: list[Event] = []
    bus = Bus(complain)
    for subscriber in (
        partial(Recorder, bodies="keep", write=out.write),
        JsonLog(log, clock),
        lambda _: events.append,
    ):
        bus.subscribe(subscriber)
    reading = Reading(1, CLIENT, SERVER, 0.5, bus.publish)
    said_at = [(1, Side.SERVER, b"+OK\r\n"), (2, Side.CLIENT, b"STLS\r\n")]
    said_at += [(3, Side.SERVER, b"+OK\r\n"), (4, Side.CLIENT, AT_ONCE[:2])]
    said_at += [(at, Side.CLIENT, AT_ONCE) for at in (5, 6, 7)]
    for at, side, data in said_at:
        reading.hear(Chunk(side, data, float(at)))
    reading.end(8.0, Ending(How.CLIENT_CLOSED))

    text = out.getvalue().decode()
    again: list[Event] = []
    play_back(
        CaptureReader(io.StringIO(text), "x"), lambda _: again.append, JsonLog(log_again, clock)
    )
    assert [first_unread(told) for told in (events, again)] == [4.0, 4.0]
    (record,) = [line for line in text.splitlines() if '"opaque"' in line]
    assert record.startswith("- [4.000000000, ")
    for told in (log, log_again):
        (stretch,) = stretches(told.getvalue())
        assert stretch["time"] == "2026-11-23T10:00:04.000000Z"


def first_unread(events: list[Event]) -> float:
    return next(e.first for e in events if isinstance(e, Heard) and isinstance(e.frame, Opaque))


@given(wild_talk.flatmap(recut))
def test_the_times_of_a_side_never_go_back(talk: list[Said]) -> None:
    events, text = live(talk)
    for told in (events, read(text)):
        for side in Side:
            heard = [e for e in told if isinstance(e, Heard) and e.frame.side is side]
            times = [at for event in heard for at in (event.first, event.at)]
            assert times == sorted(times)


@pytest.mark.parametrize(("begun", "ahead"), [("NO", True), ("", False)])
def test_a_command_that_was_begun_before_the_reply_ended_was_said_ahead(
    begun: str, *, ahead: bool
) -> None:
    """Its line stands behind the reply in a recording, where it ended."""
    rest = "NOOP".removeprefix(begun)
    talk = said(f"S: +OK\nC: STAT\nC< {begun}\nS: +OK 0 0\nC: {rest}\nS: +OK")
    events, capture = live(talk)
    for told in (events, read(capture)):
        lines = [
            event.frame
            for event in told
            if isinstance(event, Heard) and isinstance(event.frame, CommandLine)
        ]
        assert [(line.command.verb, line.pipelined) for line in lines] == [
            ("STAT", False),
            ("NOOP", ahead),
        ]
