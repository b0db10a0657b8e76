"""Who is told what: the transcript to stdout, notes to stderr, the log to where it shall go."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from pop3spy.cli.environment import colourful
from pop3spy.logs import JsonLog, Notes, Transcript, open_log, reader_failed
from pop3spy.logs.logfile import Stream
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock

STDOUT = Path("-")


@contextmanager
def telling(values: dict[str, Any], clock: Clock) -> Iterator[Bus]:
    """Give a bus that tells what the settings *values* ask for; close the log behind it.

    Raise Pop3SpyError if the log cannot be written.
    """
    path: Path | None = values["log"]
    json = values["log_format"] == "json"
    bus = _bus_with_notes(clock)
    log = None
    if path is not None and path != STDOUT:
        log = open_log(path)
        _subscribe_log(bus, log, clock, json=json)
    elif path == STDOUT:
        _subscribe_log(bus, sys.stdout, clock, json=json)
    if not values["quiet"] and path != STDOUT:
        _subscribe_transcript(bus, sys.stdout, clock)
    try:
        yield bus
    finally:
        if log is not None:
            log.close()


def told_on(stream: TextIO, clock: Clock) -> Bus:
    """Return a bus that shows the transcript on *stream*, and notes on stderr."""
    bus = _bus_with_notes(clock)
    _subscribe_transcript(bus, stream, clock)
    return bus


def _bus_with_notes(clock: Clock) -> Bus:
    notes = Notes(sys.stderr, colour=colourful(sys.stderr))
    bus = Bus(lambda reader, error: notes(reader_failed(reader, error, clock.now())))
    bus.subscribe(notes)
    return bus


def _subscribe_transcript(bus: Bus, stream: TextIO, clock: Clock) -> None:
    transcript = Transcript(stream, clock, colour=colourful(stream))
    bus.subscribe(transcript)
    if stream.isatty():

        def measure(*_: object) -> None:
            with suppress(OSError):
                transcript.width = os.get_terminal_size(stream.fileno()).columns

        measure()
        if hasattr(signal, "SIGWINCH"):
            signal.signal(signal.SIGWINCH, measure)


def _subscribe_log(bus: Bus, stream: Stream, clock: Clock, *, json: bool) -> None:
    if json:
        bus.subscribe(JsonLog(stream, clock))
    else:
        bus.subscribe(Transcript(stream, clock))
        bus.subscribe(Notes(stream, clock))
