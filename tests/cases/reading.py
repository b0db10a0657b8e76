"""The ways by which a conversation is read: live, through a proxy, from a recording or packets.

Each takes the steps of a conversation and returns what was seen of it.
"""

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial

from capture.packets.talk import Talk
from capture.packets.wire import RAW, Packet, pcap
from cases.conversation import STEP, Step, turns
from cases.seen import Seen
from net.serving import relaying
from pop3spy.capture.header import Header
from pop3spy.capture.packets import read_packets
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder
from pop3spy.cli.formats import FORMATS
from pop3spy.export import ExportSource, StreamFormat
from pop3spy.protocol.frames import Frame, Opaque, Side
from pop3spy.session.bus import Bus, Subscriber
from pop3spy.session.chunk import Chunk
from pop3spy.session.events import Event, Heard
from pop3spy.session.how import Closing, Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.playback import play_back
from pop3spy.session.reading import Reading

CLIENT, SERVER = Peer("192.0.2.7", 50312), Peer("192.0.2.1", 110)
STARTED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
_UNKNOWN = 1 << 32
"""Stands for how much was said where even that is not told."""


def live(steps: Iterable[Step], *others: Subscriber) -> Seen:
    """Read *steps* as a link would; *others* are told of it as well."""
    seen, octets, bus = Seen(), _Octets(), Bus(_fail)
    bus.subscribe(lambda _: seen)
    bus.subscribe(lambda _: octets)
    for other in others:
        bus.subscribe(other)
    reading = Reading(1, CLIENT, SERVER, 0.0, bus.publish)
    first, last = None, 0.0
    for step in steps:
        last = step.at
        if step.data is None:
            first = first or step
            reading.side_closed(Closing(step.side, step.at, reset=step.reset))
            continue
        octets.said[step.side] += step.data
        for frame, heard in _spoken(reading, Chunk(step.side, step.data, step.at)):
            octets.take(frame, heard.frame)
    assert first
    reading.end(last + STEP, Ending(_how(first)))
    octets.check()
    return seen


def _spoken(reading: Reading, chunk: Chunk) -> Iterator[tuple[Frame, Heard]]:
    """Read *chunk* by the door that a link uses."""
    if (read := reading.at_once(chunk)) is not None:
        yield read
        return
    reading.append(chunk)
    yield from iter(reading.read, None)


async def through_a_proxy(steps: Iterable[Step]) -> Seen:
    """Let two ends say *steps* through a proxy on loopback; not an octet may change."""
    seen = Seen()
    async with relaying() as relayed:
        relayed.bus.subscribe(lambda _: seen)
        client, server = await relayed.pair()
        for turn in turns(steps):
            one, other = (client, server) if turn.side is Side.CLIENT else (server, client)
            if turn.data is not None:
                await one.send(turn.data)
                await other.expect(turn.data)
            elif turn.reset:
                one.reset()
            else:
                one.finish()
                assert await other.some() == b""
        await relayed.witness.ending()
    return seen


def recorded(steps: Iterable[Step]) -> Seen:
    """Record *steps*, and read the recording."""
    out = io.BytesIO()
    out.write(Header(STARTED).lines().encode())
    live(steps, partial(Recorder, bodies="keep", write=out.write))
    seen = Seen()
    play_back(CaptureReader(io.StringIO(out.getvalue().decode()), "test"), lambda _: seen)
    return seen


def exported(steps: Iterable[Step]) -> Seen:
    """Make packets of what was read of *steps*, and read those."""
    pcapng, out = FORMATS["pcapng"], io.BytesIO()
    assert isinstance(pcapng, StreamFormat)
    exporter = pcapng.open(out, ExportSource(STARTED))
    live(steps, exporter)
    exporter.close()
    return _read(out.getvalue())


def captured(steps: Iterable[Step]) -> Seen:
    """Capture the packets of *steps*, and read them."""
    talk = Talk().open()
    times = [0.0] * len(talk.packets)
    for step in steps:
        side = int(step.side is Side.SERVER)
        if step.data is not None:
            (talk.server if side else talk.client)(step.data)
        else:
            (talk.rst if step.reset else talk.fin)(side)
        times.append(step.at)
    return of_packets(zip(talk.packets, times, strict=True))


def of_packets(packets: Iterable[tuple[bytes, float]]) -> Seen:
    """Read *packets*, each with the seconds at which it came."""
    return _read(pcap((Packet(data, round(at * 1e9)) for data, at in packets), RAW))


def _read(file: bytes) -> Seen:
    seen = Seen()
    play_back(read_packets(io.BytesIO(file), "test"), lambda _: seen)
    return seen


class _Octets:
    """Sees to it that every octet that was said is in exactly one frame."""

    def __init__(self) -> None:
        self.said = dict.fromkeys(Side, b"")
        self._read = dict.fromkeys(Side, b"")
        self._counted = dict.fromkeys(Side, 0)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Heard):
            self._counted[event.frame.side] += _size(event.frame)

    def take(self, frame: Frame, shown: Frame) -> None:
        """Know of a *frame* that was read what it is when it is not *shown* to anybody."""
        self._read[frame.side] += frame.raw
        self._counted[frame.side] += len(frame.raw) - _size(shown)

    def check(self) -> None:
        for side, said in self.said.items():
            assert said.startswith(self._read[side]), f"{side} said something else"
            told = self._counted[side]
            assert told in {len(said), len(self._read[side]) + _UNKNOWN}, f"{side} said {told}"


def _size(shown: Frame) -> int:
    if not isinstance(shown, Opaque):
        return len(shown.raw)
    return _UNKNOWN if shown.counted is None else shown.counted


def _how(first: Step) -> How:
    """Return how a session ends that *first* began to end."""
    if first.reset:
        return How.CLIENT_RESET if first.side is Side.CLIENT else How.SERVER_RESET
    return How.CLIENT_CLOSED if first.side is Side.CLIENT else How.SERVER_CLOSED


def _fail(_: object, error: Exception) -> None:
    raise error
