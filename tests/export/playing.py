"""Dialogues as text, read by a real ``Reading``, and what exporters make of them."""

import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from logs.dialogue import CLIENT, SERVER, Play, raise_it
from pop3spy.cli.formats import FORMATS
from pop3spy.export import Exporter, ExportSource, StreamFormat
from pop3spy.protocol.frames import Side, Spans
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.bus import Bus, Subscriber
from pop3spy.session.chunk import Chunk
from pop3spy.session.events import Told
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.session.tape import Began, Over, Spoke, Tape

STARTED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SOURCE = ExportSource(STARTED)
STREAMS = [name for name, form in FORMATS.items() if isinstance(form, StreamFormat)]
"""The formats of one file."""
LOGGED_IN = """
    S: +OK POP3 ready
    C: USER bob
    S: +OK
    C: PASS sesame123
    S: +OK
"""


def told_to(*subscribers: Subscriber) -> Callable[[Told], None]:
    """Return what tells *subscribers* of each event that it gets; what they raise it raises."""
    bus = Bus(raise_it)
    for subscriber in subscribers:
        bus.subscribe(subscriber)
    return bus.publish


def session(  # noqa: PLR0913 - what a session begins with
    publish: Callable[[Told], None],
    dialogue: str,
    *,
    number: int = 1,
    end: How | None = How.QUIT,
    peers: tuple[Peer, Peer] = (CLIENT, SERVER),
    strict: bool = False,
) -> Play:
    """Play *dialogue* as session *number*, which begins that many seconds after the start."""
    play = Play(
        Reading(number, *peers, float(number), publish, names=Pseudonyms() if strict else None),
        float(number),
    )
    play.play(dialogue)
    if end is not None:
        play.end(end)
    return play


def stream_exporter(name: str, source: ExportSource = SOURCE) -> tuple[Exporter, io.BytesIO]:
    form, stream = FORMATS[name], io.BytesIO()
    assert isinstance(form, StreamFormat)
    return form.open(stream, source), stream


def exported(name: str, dialogue: str, *, end: How | None = How.QUIT) -> bytes:
    """Return what the format *name* makes of one session."""
    exporter, stream = stream_exporter(name)
    session(told_to(exporter), dialogue, end=end)
    exporter.close()
    return stream.getvalue()


def text(dialogue: str, *, end: How | None = How.QUIT) -> list[str]:
    """Return the rows of the dialogue that is made of *dialogue*, without the first and last."""
    rows = exported("dialogue", dialogue, end=end).decode().split("\n")[:-1]
    return rows[1:-1] if end else rows[1:]


def tape(said: Iterable[tuple[Side, bytes]], masks: Spans = ()) -> Tape:
    """Yield a recording of what was *said*, each piece of it with *masks*."""
    yield Began(1, 0.0, CLIENT, SERVER)
    at = 0.0
    for side, data in said:
        at += 0.001
        yield Spoke(1, Chunk(side, data, at), masks if side is Side.SERVER else ())
    yield Over(1, at, Ending(How.QUIT))
