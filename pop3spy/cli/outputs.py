"""Who is told what: the transcript to stdout, notes to stderr, the log to where it shall go."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from pop3spy import __version__
from pop3spy.capture.files import Captures, Keeping
from pop3spy.cli.streams import Spools, close
from pop3spy.cli.terminal import colourful, keep_width
from pop3spy.config.file import STDOUT
from pop3spy.config.settings import SETTINGS
from pop3spy.config.verbs import OutputSettings
from pop3spy.errors import ConfigError
from pop3spy.filters.exchange_filter import ExchangeFilter
from pop3spy.filters.expression import Filter
from pop3spy.live.screen import Screen
from pop3spy.logs import (
    JsonLog,
    Notes,
    Transcript,
    entries_lost,
    lines_lost,
    name_of,
    open_log,
    reader_failed,
)
from pop3spy.protocol.text import MASK, escape
from pop3spy.session.bus import Bus, NoteReader, Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.spool import Stream

_TELL_ADDRESSES: Final = ("url", "upstream", "fault", "rewrite")
"""Facts of notes that name addresses, or may name users and addresses."""


@contextmanager
def outputs(settings: OutputSettings, clock: Clock, screen: Screen | None = None) -> Iterator[Bus]:
    """Give a bus that tells what the *settings* ask for; write out the rest at the end.

    With *screen* whatever goes to its terminal goes there, and the transcript is left to others.
    Raise Pop3SpyError if the log cannot be written, now or at the end; ConfigError if something is
    asked of a recording that nobody asked for.
    """
    for name, value in {"bodies": settings.bodies, "rotate": settings.rotate}.items():
        if settings.record is None and value != SETTINGS[name].default:
            raise ConfigError(
                f"--{name} is about a recording, and there is none; add --record PATH"
            )
    with ExitStack() as closing:
        spools = Spools(screen)
        if screen is not None:
            spools.standard(sys.stdout, lines_lost)  # first: stderr may be the same terminal
        log = _open(settings.log, settings.log_format, spools, clock, closing)
        closing.callback(spools.close)
        told = spools.standard(sys.stderr, lines_lost)
        notes = Notes(told, colour=colourful(sys.stderr))
        bus = Bus(partial(_complain, notes, clock))
        bus.subscribe_to_notes(notes)
        if log is not None:
            _subscribe_log(bus, log, settings, clock, shared=log is told)
        if settings.log != STDOUT and not settings.quiet and screen is None:
            _subscribe_transcript(bus, spools, clock, settings.show)
        if settings.record is not None:
            _subscribe_captures(bus, settings.record, settings, clock, closing)
        yield bus


def _subscribe_log(
    bus: Bus, log: Stream, settings: OutputSettings, clock: Clock, *, shared: bool
) -> None:
    """Let *log* have sessions and notes; where it is *shared* with the notes, it has those."""
    note: NoteReader | None = None
    if settings.log_format == "json":
        json = JsonLog(log, clock)
        bus.subscribe(json)
        note = json.note
    else:
        bus.subscribe(Transcript(log, clock))
        note = None if shared else Notes(log, clock)
    if note is not None:
        strict = settings.redact == "strict"
        bus.subscribe_to_notes(_without_addresses(note) if strict else note)


def _subscribe_captures(
    bus: Bus, path: str, settings: OutputSettings, clock: Clock, closing: ExitStack
) -> None:
    program, bodies = f"pop3spy {__version__}", settings.bodies
    keeping = Keeping(program, settings.redact, bodies, settings.rotate)
    captures = Captures(path, keeping, clock)
    closing.callback(close, captures, f"the recording {escape(path)}")
    bus.subscribe(captures)
    bus.subscribe_to_notes(captures.note)
    bus.publish(Noted(f"recording_{bodies}", clock.now(), {"path": path}))


@contextmanager
def demo_outputs(clock: Clock) -> Iterator[Bus]:
    """Give a bus that shows the transcript on stdout, and notes on stderr.

    If that cannot be written, only the end tells it: here is no traffic that goes on.
    """
    with ExitStack() as closing:
        spools = Spools()
        closing.callback(spools.close)
        bus = Bus(lambda *_: None)
        told = spools.standard(sys.stderr, lines_lost)
        bus.subscribe_to_notes(Notes(told, colour=colourful(sys.stderr)))
        _subscribe_transcript(bus, spools, clock)
        yield bus


def _open(
    path: Path | None, form: str, spools: Spools, clock: Clock, closing: ExitStack
) -> Stream | None:
    """Return what takes the log, if there is to be one."""
    if path is None:
        return None
    gap = partial(entries_lost, clock) if form == "json" else lines_lost
    if path == STDOUT:
        return spools.standard(sys.stdout, gap)
    file = open_log(path)
    closing.callback(file.close)
    return spools.spool(file, f"the log {escape(str(path))}", gap)


def _without_addresses(reader: NoteReader) -> NoteReader:
    """Return *reader* as one that is told no address or user; sessions hide theirs."""

    def read(event: Noted) -> None:
        hidden = {name: MASK for name in _TELL_ADDRESSES if name in event.facts}
        reader(replace(event, facts={**event.facts, **hidden}))

    read.__qualname__ = name_of(reader)  # by which a failure of it is told
    return read


def later(seconds: float, call: Callable[[], None]) -> None:
    """Let the running loop call *call* after so many seconds."""
    asyncio.get_running_loop().call_later(seconds, call)


def _complain(
    notes: Notes, clock: Clock, reader: Subscriber | NoteReader, error: Exception
) -> None:
    with suppress(Exception):  # stderr itself may be what failed
        notes(reader_failed(reader, error, clock.now()))


def _subscribe_transcript(
    bus: Bus, spools: Spools, clock: Clock, wanted: Filter | None = None
) -> None:
    stream = sys.stdout
    spool = spools.standard(stream, lines_lost)
    transcript = Transcript(spool, clock, colour=colourful(stream), wait=later)
    bus.subscribe(ExchangeFilter(wanted, transcript) if wanted else transcript)
    keep_width(transcript, stream)
