"""Who is told what: the transcript to stdout, notes to stderr, the log to where it shall go."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from pop3spy import __version__
from pop3spy.capture.files import Captures, Keeping
from pop3spy.cli.environment import colourful, keep_width
from pop3spy.cli.streams import Spools, close
from pop3spy.config.file import STDOUT
from pop3spy.config.settings import SETTINGS
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
    open_log,
    reader_failed,
)
from pop3spy.protocol.text import MASK, escape
from pop3spy.session.bus import Bus, Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted, Told
from pop3spy.spool import Stream

_TELL_ADDRESSES: Final = ("url", "upstream", "fault", "rewrite")
"""Facts of notes that name addresses, or may name users and addresses."""


@contextmanager
def outputs(values: dict[str, Any], clock: Clock, screen: Screen | None = None) -> Iterator[Bus]:
    """Give a bus that tells what the settings *values* ask for; write out the rest at the end.

    With *screen* whatever goes to its terminal goes there, and the transcript is left to others.
    Raise Pop3SpyError if the log cannot be written, now or at the end; ConfigError if something is
    asked of a recording that nobody asked for.
    """
    for name in ("bodies", "rotate"):
        if values["record"] is None and values[name] != SETTINGS[name].default:
            raise ConfigError(
                f"--{name} is about a recording, and there is none; add --record PATH"
            )
    path: Path | None = values["log"]
    with ExitStack() as closing:
        spools = Spools(screen)
        if screen is not None:
            spools.standard(sys.stdout, lines_lost)  # first: stderr may be the same terminal
        log = _open(path, values["log_format"], spools, clock, closing)
        closing.callback(spools.close)
        told = spools.standard(sys.stderr, lines_lost)
        notes = Notes(told, colour=colourful(sys.stderr))
        bus = Bus(partial(_complain, notes, clock))
        bus.subscribe(notes)
        if log is not None:
            json = values["log_format"] == "json"
            readers: list[Subscriber] = [(JsonLog if json else Transcript)(log, clock)]
            if not json and log is not told:
                readers.append(Notes(log, clock))
            strict = values["redact"] == "strict"
            for reader in readers:
                bus.subscribe(_without_addresses(reader) if strict else reader)
        if path != STDOUT and not values["quiet"] and screen is None:
            _subscribe_transcript(bus, spools, clock, values["show"])
        if values["record"] is not None:
            _subscribe_captures(bus, values, clock, closing)
        yield bus


def _subscribe_captures(bus: Bus, values: dict[str, Any], clock: Clock, closing: ExitStack) -> None:
    bodies, path = values["bodies"], values["record"]
    keeping = Keeping(f"pop3spy {__version__}", values["redact"], bodies, values["rotate"])
    captures = Captures(path, keeping, clock)
    closing.callback(close, captures, f"the recording {escape(path)}")
    bus.subscribe(captures)
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
        bus.subscribe(Notes(spools.standard(sys.stderr, lines_lost), colour=colourful(sys.stderr)))
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


def _without_addresses(reader: Subscriber) -> Subscriber:
    """Return *reader* as one that is told no address or user in a note; sessions hide theirs."""

    def read(event: Told) -> None:
        if isinstance(event, Noted):
            hidden = {name: MASK for name in _TELL_ADDRESSES if name in event.facts}
            event = replace(event, facts={**event.facts, **hidden})
        reader(event)

    read.__qualname__ = type(reader).__name__  # by which a failure of it is told
    return read


def _complain(notes: Notes, clock: Clock, reader: Subscriber, error: Exception) -> None:
    with suppress(Exception):  # stderr itself may be what failed
        notes(reader_failed(reader, error, clock.now()))


def _subscribe_transcript(
    bus: Bus, spools: Spools, clock: Clock, wanted: Filter | None = None
) -> None:
    stream = sys.stdout
    spool = spools.standard(stream, lines_lost)
    transcript = Transcript(spool, clock, colour=colourful(stream))
    bus.subscribe(ExchangeFilter(wanted, transcript) if wanted else transcript)
    keep_width(transcript, stream)
