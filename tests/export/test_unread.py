"""What was not read is filler or a gap in the packets, and all that stands behind it is there."""

import io
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given

from cuts import recut, wild_talk
from dialogue import Said
from export.packets import Packet, conversation, read
from export.playing import LOGGED_IN, exported, session, stream_exporter, told_to
from pop3spy.capture.packets import read_packets
from pop3spy.export.unread_segments import FillerLeft, UnreadSegments
from pop3spy.protocol.frames import CommandLine, Frame, Opaque, Side, StatusLine
from pop3spy.protocol.text import count
from pop3spy.protocol.unread_filler import UNKNOWN
from pop3spy.protocol.why import Why
from pop3spy.session.events import Blinded, Event, Heard
from pop3spy.session.how import How
from pop3spy.session.playback import play_back

C, S = Side
KIB, GIB = 1 << 10, 1 << 30
BEHIND = "C: STAT\nS: +OK 2 300\nC: LIST 1\nS: +OK 1 120\nC: QUIT\nS: +OK bye"
LINE = "x" * 20_000
STRETCHES = {
    "the rest of a line of the server": f"{LOGGED_IN}C: NOOP\nS: +OK {LINE}\n{BEHIND}",
    "the rest of a line of the client": f"{LOGGED_IN}C: NOOP {LINE}\nS: -ERR\n{BEHIND}",
    "a line of the server while the client goes on": f"{LOGGED_IN}C: NOOP\nS: +OK {LINE}\\c\n"
    f"C: NOOP\nS: {LINE}\nS: +OK\n{BEHIND}",
    "a line of the client while the server goes on": f"{LOGGED_IN}C: NOOP {LINE}\\c\n"
    f"S: -ERR too long\nC: {LINE}\n{BEHIND}",
    "Telnet": r"S: \xff\xfb\x01+OK"
    "\n"
    r"C: \xff\xfd\x01\xff\xfa\x18\0vt100\xff\xf0USER bob"
    f"\nS: +OK\nC: PASS sesame123\nS: +OK\n{BEHIND}",
    "much Telnet": "S: +OK\nC: "
    + r"\xff\xfa\x18\0vt100\xff\xf0" * 30
    + f"USER bob\nS: +OK\nC: PASS sesame123\nS: +OK\n{BEHIND}",
    "a PROXY header": f"C: PROXY TCP4 192.0.2.1 192.0.2.2 4000 110{LOGGED_IN}{BEHIND}",
    "a binary PROXY header": r"C: \r\n\r\n\x00\r\nQUIT\n\x21\x11\0\x0ea10.0.0.12ab"
    f"{LOGGED_IN}{BEHIND}",
    "headers of TLS records": LOGGED_IN
    + r"C: \x17\x03\x03\0\6NOOP"
    + "\n"
    + r"S: \x17\x03\x03\0\5+OK"
    + f"\n{BEHIND}",
    "lines after a hundred odd ones": f"{LOGGED_IN}C: NOOP\n"
    + "S: debug\n" * 130
    + f"S: +OK\n{BEHIND}",
}


class Story:
    """Hears commands, status lines and how much was not read."""

    def __init__(self) -> None:
        self.said: list[tuple[Side, object]] = []
        self.blinded = False

    def __call__(self, event: Event) -> None:
        match event:
            case Heard(frame=CommandLine() as frame) if not frame.truncated:
                self.said.append((frame.side, frame.command.verb))
            case Heard(frame=StatusLine() as frame) if not frame.truncated:
                self.said.append((frame.side, frame.ok))
            case Heard(frame=Opaque() as frame):
                self.said.append((frame.side, (frame.why, frame.counted or 0)))
            case Blinded():
                self.blinded = True

    def of(self, side: Side) -> list[object]:
        """Return what *side* said, with the pieces of a stretch as one."""
        told: list[object] = []
        for what in (what for who, what in self.said if who is side):
            last = told[-1] if told else None
            if isinstance(what, tuple) and isinstance(last, tuple) and last[0] is what[0]:
                told[-1] = what[0], last[1] + what[1]
            else:
                told.append(what)
        return told


def again(data: bytes) -> Story:
    """Return what is heard of packets."""
    story = Story()
    play_back(read_packets(io.BytesIO(data), "test"), lambda _: story)
    return story


def both(script: str) -> tuple[Story, bytes]:
    """Return what is heard of *script*, and its packets."""
    story = Story()
    exporter, stream = stream_exporter("pcapng")
    session(told_to(lambda _: story, exporter), script)
    exporter.close()
    return story, stream.getvalue()


@pytest.mark.parametrize("script", STRETCHES.values(), ids=STRETCHES)
def test_what_stands_behind_a_stretch_is_read_again(script: str) -> None:
    was, data = both(script)
    found = again(data)
    assert not found.blinded
    assert any(isinstance(what, tuple) for _, what in was.said)
    for side in Side:
        assert found.of(side) == was.of(side)


def size_of(frame: Frame) -> int | None:
    """Return how many octets of *frame* may be told."""
    return frame.counted if isinstance(frame, Opaque) and not frame.raw else len(frame.raw)


@given(wild_talk.flatmap(recut))
def test_filler_leaves_no_gap_whatever_is_said(talk: list[Said]) -> None:
    heard: list[Event] = []
    exporter, stream = stream_exporter("pcapng")
    play = session(told_to(lambda _: heard.append, exporter), "S: +OK", end=None)
    for side, data in talk:
        play.say(side, data or b"")
    play.end(How.CLIENT_CLOSED)
    exporter.close()
    said = conversation(read(stream.getvalue()))
    for side in Side:
        frames = [e.frame for e in heard if isinstance(e, Heard) and e.frame.side is side]
        sizes = [size_of(frame) for frame in frames]
        known = [size for size in sizes if size is not None]
        assert len(said[side.value]) == sum(known) or len(known) < len(sizes)


# -- comments and times ---------------------------------------------------------------------------

HELLO = r"\x16\x03\x01\0\5abcde\c"
TLS = f"S: +OK\nC: STLS\nS: +OK\nC: {HELLO}\nS: {HELLO}\nS: {HELLO}\nC: {HELLO}"


def packets(script: str, *, end: How | None = How.CLIENT_CLOSED) -> list[Packet]:
    return read(exported("pcapng", script, end=end))


def test_filler_tells_how_many_octets_were_not_read_and_why() -> None:
    assert [packet.comments for packet in packets(TLS) if packet.data[:1] == b"\x16"] == [
        ["TLS: filler for 10 octets not read"]
    ] * 4


def test_each_segment_of_filler_tells_it() -> None:
    found = packets(f"{LOGGED_IN}C: NOOP\nS: +OK {LINE}", end=None)
    filler = [packet for packet in found if any("filler" in text for text in packet.comments)]
    rest = len(f"+OK {LINE}\r\n") - 16 * KIB
    text = f"rest of an overlong line: filler for {rest:,} octets not read"
    assert [packet.comments[0] for packet in filler] == [text] * 3
    assert sum(len(packet.data) for packet in filler) == rest


def test_filler_of_what_may_hold_a_secret_does_not_tell_its_size() -> None:
    texts = []
    for size in (17_000, 80_000):
        found = packets(f"S: +OK\nC: PASS {'x' * size}\nS: -ERR", end=None)
        texts.append([(packet.data, packet.comments) for packet in found])
    assert texts[0] == texts[1]
    assert any("not counted: they may hold a secret" in str(comments) for _, comments in texts[0])


def test_the_same_secret_in_more_pieces_tells_no_more() -> None:
    texts = []
    for pieces in (["x" * 20_000], ["x" * 17_000, *["x" * 500] * 6]):
        said = "".join(f"C: {piece}\\c\n" for piece in pieces)
        found = packets(f"S: +OK\nC: PASS \\c\n{said}C: x\nS: -ERR", end=None)
        texts.append(sum(len(packet.data) for packet in found if packet.source[1] != 110))
    assert abs(texts[0] - texts[1]) <= UNKNOWN


def test_filler_has_the_time_of_the_first_octet_of_its_stretch() -> None:
    found = packets(r"""S: +OK
        C: STLS
        C(1): \x16\x03\x01\c
        S(1): +OK
        C(1): \0\5abcde\c""")
    start = found[0].micros
    filler = [packet for packet in found if "filler" in str(packet.comments)]
    assert [(round((p.micros - start) / 1e6), len(p.data)) for p in filler] == [(1, 3), (3, 7)]


@given(wild_talk.flatmap(recut))
def test_the_times_of_a_side_never_go_back(talk: list[Said]) -> None:
    exporter, stream = stream_exporter("pcapng")
    play = session(told_to(exporter), "S: +OK", end=None)
    for side, data in talk:
        play.say(side, data or b"")
    play.end(How.CLIENT_CLOSED)
    exporter.close()
    for port in (110, 50312):
        times = [p.micros for p in read(stream.getvalue()) if p.data and p.source[1] == port]
        assert times == sorted(times)


# -- much of it -----------------------------------------------------------------------------------


def much(*octets: int, apart: float) -> tuple[list[Packet], int]:
    """Return the packets of a client that sent so much that was not read, and the file's size."""
    exporter, stream = stream_exporter("pcapng")
    publish = told_to(exporter)
    play = session(publish, "S: +OK", end=None)
    for each in octets:
        unread = Opaque(C, b"", why=Why.TLS, counted=each)
        play.at += apart
        publish(Heard(play.reading.session, play.at, unread, play.at, play.reading.session.state))
    play.play("S: +OK")
    play.end(How.CLIENT_CLOSED)
    exporter.close()
    return read(stream.getvalue()), len(stream.getvalue())


@pytest.mark.parametrize("octets", [64 * KIB + 1, 3 * GIB, 10_000_000_000])
@pytest.mark.parametrize("pieces", [1, 7, 1000])
@pytest.mark.parametrize("apart", [0.0, 0.5])
def test_a_large_stretch_is_a_gap_of_the_right_size(octets: int, pieces: int, apart: float) -> None:
    sizes = [octets // pieces] * (pieces - 1)
    found, size = much(*sizes, octets - sum(sizes), apart=apart)
    assert size < 200 * KIB
    last = [packet for packet in found if packet.data][-1]
    assert last.ack == (found[0].seq + 1 + octets) & 0xFFFFFFFF
    for port in (110, 50312):
        seqs = [packet.seq for packet in found if packet.source[1] == port]
        assert all((b - a) & 0xFFFFFFFF < GIB for a, b in pairwise(seqs))
    (comment,) = [c for p in found for c in p.comments if "gap" in c]
    missing = count(octets - 64 * KIB, "octet")
    assert comment == f"client: TLS: {octets:,} octets not read; {missing} of them are a gap here"


def test_a_small_stretch_behind_a_large_one_has_filler_again() -> None:
    exporter, stream = stream_exporter("pcapng")
    publish = told_to(exporter)
    play = session(publish, f"{LOGGED_IN}C: NOOP", end=None)
    for size in (GIB, 300):
        unread = Opaque(S, b"", why=Why.TOO_LONG, counted=size)
        publish(Heard(play.reading.session, 2.0, unread, 2.0, play.reading.session.state))
        play.play("C: NOOP")
    exporter.close()
    comments = [text for packet in read(stream.getvalue()) for text in packet.comments]
    assert "rest of an overlong line: filler for 300 octets not read" in comments


@pytest.mark.parametrize("why", Why)
@pytest.mark.parametrize("left", [0, 1, 3, 50])
def test_filler_and_gap_have_the_size_of_a_stretch_when_the_file_has_none_left(
    why: Why, left: int
) -> None:
    unread = UnreadSegments(FillerLeft(left))
    octets = 5 if why is Why.TLS_HEADER else 100
    unread.add(Opaque(C, b"", why=why, counted=octets), 1.0, 1.0)
    run = unread.take()
    assert run is not None
    assert len(run.filler) + run.missing == octets


def test_a_file_has_no_more_filler_than_64_mib() -> None:
    """A recording of a few octets a stretch may speak of any number of stretches."""
    left = FillerLeft()
    session_of = partial(UnreadSegments, left)
    filled = 0
    for _ in range(1100):
        unread = session_of()
        unread.add(Opaque(C, b"", why=Why.TLS, counted=GIB), 1.0, 1.0)
        run = unread.take()
        assert run is not None
        assert run.filled + run.missing == GIB
        filled += run.filled
    assert filled == 64 * KIB * KIB
