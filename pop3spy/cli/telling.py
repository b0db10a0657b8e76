"""Who is told what: the transcript to stdout, notes to stderr, the log to where it shall go."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from pop3spy.cli.environment import colourful
from pop3spy.logs import (
    JsonLog,
    Notes,
    Transcript,
    entries_lost,
    lines_lost,
    open_log,
    reader_failed,
)
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.spool import Spool, Stream

STDOUT = Path("-")


@contextmanager
def telling(values: dict[str, Any], clock: Clock) -> Iterator[Bus]:
    """Give a bus that tells what the settings *values* ask for; write out the rest at the end.

    Raise Pop3SpyError if the log cannot be written.
    """
    path: Path | None = values["log"]
    log = None if path in (None, STDOUT) else open_log(path)
    json = values["log_format"] == "json"
    with ExitStack() as spools:
        bus = _bus_with_notes(clock)
        if path is not None:
            stream = _spool(sys.stdout if log is None else log, clock, spools, json=json)
            bus.subscribe(JsonLog(stream, clock) if json else Transcript(stream, clock))
            if not json:
                bus.subscribe(Notes(stream, clock))
        if path != STDOUT and not values["quiet"]:
            _subscribe_transcript(bus, sys.stdout, clock, spools)
        yield bus
    if log is not None:
        log.close()


@contextmanager
def told_on(stream: TextIO, clock: Clock) -> Iterator[Bus]:
    """Give a bus that shows the transcript on *stream*, and notes on stderr."""
    with ExitStack() as spools:
        bus = _bus_with_notes(clock)
        _subscribe_transcript(bus, stream, clock, spools)
        yield bus


def _bus_with_notes(clock: Clock) -> Bus:
    notes = Notes(sys.stderr, colour=colourful(sys.stderr))
    bus = Bus(lambda reader, error: notes(reader_failed(reader, error, clock.now())))
    bus.subscribe(notes)
    return bus


def _subscribe_transcript(bus: Bus, stream: TextIO, clock: Clock, spools: ExitStack) -> None:
    spool = _spool(stream, clock, spools, json=False)
    transcript = Transcript(spool, clock, colour=colourful(stream))
    bus.subscribe(transcript)
    if stream.isatty():

        def measure(*_: object) -> None:
            with suppress(OSError):
                transcript.width = os.get_terminal_size(stream.fileno()).columns

        measure()
        if hasattr(signal, "SIGWINCH"):
            signal.signal(signal.SIGWINCH, measure)


def _spool(stream: Stream, clock: Clock, spools: ExitStack, *, json: bool) -> Spool:
    """Return what takes text for *stream* without waiting; *spools* closes it."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")  # a name may not fit the terminal's charset
    spool = Spool(stream, partial(entries_lost, clock) if json else lines_lost)
    spools.callback(spool.close)
    return spool
