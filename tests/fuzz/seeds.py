"""What inputs are made of: files as the program, its users and other programs write them."""

import base64
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from capture.packets import wire
from dialogue import Said, said
from pop3spy.capture.header import Header
from pop3spy.capture.opening import OpenedRecording
from pop3spy.capture.recorder import Recorder
from pop3spy.cli.formats import FORMATS
from pop3spy.cli.open_recording import open_recording
from pop3spy.export import ExportSource, StreamFormat
from pop3spy.protocol.frames import Side
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.playback import play_back

CAPTURES = Path(__file__).parents[2] / "captures"
APART = b"\x1e"
"""Stands between the files, or the chunks, of an input that is more than one."""

_LONG_LINE = 500
_ALERT = b"\x15\x03\x03\0\x02\x02\x30"
_SAMPLES = Path(__file__).parent / "samples"
_IN = b"1795423780.612147 STAT\r\n1795423780.622585 RETR 1\r\n1795423780.632807 QUIT\r\n"
_OUT = (
    b"1795423780.606246 +OK Logged in.\r\n1795423780.612175 +OK 1 3\r\n"
    b"1795423780.622585 +OK 3 octets\r\n1795423780.622590 a\r\n1795423780.622592 .\r\n"
)


@cache
def captures() -> list[bytes]:
    """Return recordings: as they are written, shorter than those that are kept as samples."""
    made = [_sample("plain"), _sample("odd")]
    for name in ("dovecot-cram-md5", "dovecot-refused", "postoffice-plain"):
        lines = (CAPTURES / f"{name}.yaml").read_bytes().splitlines(keepends=True)
        made.append(b"".join(line for line in lines[:45] if len(line) < _LONG_LINE))
    return [*made, _copied(made[0], "mask"), _copied(made[2], "drop", strict=True)]


@cache
def by_hand() -> list[bytes]:
    """Return recordings in the form that people edit."""
    records = _sample("odd").partition(b"records:\n")[2]
    return [_sample("by-hand"), _sample("by-hand") + records, exported(_sample("plain"), "yaml")]


@cache
def pcaps() -> list[bytes]:
    """Return packet captures of the older kind, in both orders of octets, over IPv4 and IPv6."""
    four, six = _packets(), _packets(wire.CLIENT_6, wire.SERVER_6)
    return [
        wire.pcap(wire.timed(four), link=101),
        wire.pcap(wire.timed(map(wire.ethernet, six)), order=">", nano=True),
        wire.pcap(wire.timed(wire.ethernet(data, 0x8100) for data in four)),
        wire.pcap(wire.timed(_fragmented()), link=101),
    ]


@cache
def pcapngs() -> list[bytes]:
    """Return packet captures of the newer kind: our own export, and what else there may be."""
    named = wire.section(">") + wire.interface(101, ">", options=wire.option(9, b"\x09", ">"))
    packets = wire.timed(_packets())
    return [
        exported(_sample("plain"), "pcapng"),
        exported(_sample("odd"), "pcapng"),
        named + b"".join(wire.enhanced(packet, ">") for packet in packets),
        wire.section() + wire.interface(101) + b"".join(map(wire.simple, packets)),
    ]


def rawlogs() -> list[bytes]:
    """Return the two halves of raw logs, with times and without."""
    untimed = [
        b"".join(line.partition(b" ")[2] for line in half.splitlines(keepends=True))
        for half in (_IN, _OUT)
    ]
    return [_IN + APART + _OUT, APART.join(untimed), _IN + APART]


def recordings() -> list[bytes]:
    """Return recordings of every kind that is one file."""
    return [*captures(), *by_hand(), *pcaps()[:2], *pcapngs()[:2]]


def _packets(client: str = wire.CLIENT, server: str = wire.SERVER) -> list[bytes]:
    """Return a short session in packets: one lost, one twice, one late."""
    to, back = (client, server), (server, client)
    sent = [
        (to, wire.tcp(40000, 110, 99, flags=wire.SYN)),
        (back, wire.tcp(110, 40000, 499, 100, flags=wire.SYN | wire.ACK)),
        (back, wire.tcp(110, 40000, 500, 100, data=b"+OK ready\r\n")),
        (to, wire.tcp(40000, 110, 100, 511, data=b"USER bob\r\n")),
        (to, wire.tcp(40000, 110, 100, 511, data=b"USER bob\r\n")),
        (back, wire.tcp(110, 40000, 516, 110, data=b"+OK 0 0\r\n")),
        (back, wire.tcp(110, 40000, 511, 110, data=b"+OK\r\n")),
        (to, wire.tcp(40000, 110, 130, 525, data=b"QUIT\r\n")),
        (to, wire.tcp(40000, 110, 136, 525, flags=wire.FIN | wire.ACK)),
        (back, wire.tcp(110, 40000, 525, 137, flags=wire.RST)),
    ]
    return [wire.ip(segment, *ends) for ends, segment in sent]


def _fragmented() -> list[bytes]:
    segment = wire.tcp(40000, 110, 100, data=b"USER bobby-with-a-long-name\r\n")
    return [*_packets()[:3], *wire.ipv4_fragments(segment, 16), *_packets()[3:]]


def file(name: str) -> Callable[[], list[bytes]]:
    """Return what gives one sample."""
    return cache(lambda: [(_SAMPLES / name).read_bytes()])


def lines(name: str) -> Callable[[], list[bytes]]:
    """Return what gives the lines of a sample."""
    return cache(lambda: (_SAMPLES / f"{name}.txt").read_bytes().splitlines())


@cache
def conversations() -> list[bytes]:
    """Return conversations: chunks that begin with whose they are."""
    talks = [said(path.read_text()) for path in sorted(_SAMPLES.glob("*.talk"))]
    client, server = tls()
    direct: list[Said] = [(Side.CLIENT, client), (Side.SERVER, server), (Side.CLIENT, _ALERT)]
    talks += [direct, [*said("S: +OK\nC: STLS\nS: +OK"), *direct]]
    return [
        APART.join(side.value.encode() + (data or b"") for side, data in talk) for talk in talks
    ]


def talk_of(data: bytes) -> list[Said]:
    """Return who says what in an input: chunks of the server are those that are not the client's.

    A chunk without octets is a side that closes, and says no more.
    """
    talk: list[Said] = []
    closed: set[Side] = set()
    for chunk in data.split(APART):
        side = Side.CLIENT if chunk[:1] == b"C" else Side.SERVER
        if side not in closed:
            talk.append((side, chunk[1:] or None))
            closed |= {side} if len(chunk) <= 1 else set()
    return talk


@cache
def tls() -> tuple[bytes, bytes]:
    """Return what client and server say first in TLS 1.2."""
    client, server = (_SAMPLES / f"tls-{side}.b64" for side in ("client", "server"))
    return base64.b64decode(client.read_bytes()), base64.b64decode(server.read_bytes())


def _sample(name: str) -> bytes:
    return (_SAMPLES / f"{name}.yaml").read_bytes()


def exported(recording: bytes, form: str) -> bytes:
    """Return *recording* in another form, as ``export`` writes it."""
    stream, made = io.BytesIO(), FORMATS[form]
    assert isinstance(made, StreamFormat)
    with _opened(recording) as opened:
        exporter = made.open(stream, ExportSource(opened.started))
        play_back(opened.items, exporter)
    exporter.close()
    return stream.getvalue()


def _copied(recording: bytes, bodies: str, *, strict: bool = False) -> bytes:
    """Return *recording* as ``scrub`` makes it."""
    records: list[bytes] = []
    with _opened(recording) as opened:
        header = Header(opened.started, "", "strict" if strict else "secrets", bodies)
        record = partial(Recorder, bodies=bodies, write=records.append)
        play_back(opened.items, record, names=Pseudonyms() if strict else None)
    return b"".join([header.lines().encode(), *records])


@contextmanager
def _opened(recording: bytes) -> Iterator[OpenedRecording]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(recording)
        file.flush()
        with open_recording(file.name) as opened:
            yield opened
