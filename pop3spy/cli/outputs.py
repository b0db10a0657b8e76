"""Who is told what: the transcript to stdout, notes to stderr, the log to where it shall go."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Final

from pop3spy import __version__
from pop3spy.capture.files import Captures, Keeping
from pop3spy.cli.judging import check_ledger, judge_sessions, remembered
from pop3spy.cli.judging_recordings import SHOWN
from pop3spy.cli.late_failures import LateFailures
from pop3spy.cli.log_streams import check_log, log_writers, open_log_stream
from pop3spy.cli.streams import Spools, close
from pop3spy.cli.terminal import colourful, keep_width, width_of
from pop3spy.config.file import STDOUT
from pop3spy.config.settings import SETTINGS
from pop3spy.config.verbs import OutputSettings
from pop3spy.errors import ConfigError
from pop3spy.filters.exchange_filter import ExchangeFilter
from pop3spy.filters.expression import Filter
from pop3spy.live.screen import Screen
from pop3spy.logs import (
    Notes,
    Transcript,
    WaitLines,
    lines_lost,
    name_of,
    reader_failed,
)
from pop3spy.protocol.text import MASK, escape
from pop3spy.readers import outside_readers
from pop3spy.session.bus import Bus, NoteReader, Subscriber, all_of
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.finding import Severity
from pop3spy.session.waiting import OwedReplies
from pop3spy.spool import Lossy, Stream

_TELL_ADDRESSES: Final = ("url", "upstream", "fault", "rewrite")
"""Facts of notes that name addresses, or may name users and addresses."""


@contextmanager
def outputs(  # noqa: PLR0913 - who is told, and how
    settings: OutputSettings,
    clock: Clock,
    screen: Screen | None = None,
    *,
    hosts: bool = False,
    watched: bool = False,
    lossy: list[Lossy] | None = None,
) -> Iterator[Bus]:
    """Give a bus that tells what the *settings* ask for; write out the rest at the end.

    With *screen* whatever goes to its terminal goes there, and the transcript is left to others.
    Where this program *hosts* the sessions, what is found says nothing against the server; where
    they are *watched* by somebody else as well, it is looked for.  Who may have to leave something
    out is added to *lossy*.
    Raise Pop3SpyError if the log cannot be written, now or at the end; ConfigError if something is
    asked of a recording that nobody asked for.
    """
    check_outputs(settings)
    with ExitStack() as closing:
        spools = Spools(screen)
        lossy = [] if lossy is None else lossy
        lossy.append(spools)
        if screen is not None:
            spools.standard(sys.stdout, lines_lost)  # first: stderr may be the same terminal
        lost: list[Noted] = []
        log = open_log_stream(settings, spools, clock, closing, lost)
        closing.callback(spools.close)
        told = spools.standard(sys.stderr, lines_lost)
        notes = Notes(told, colour=colourful(sys.stderr), width=width_of(sys.stderr))
        bus = Bus(partial(complain, notes, clock))
        bus.subscribe_to_notes(notes)
        if looks_for_findings(settings, watched or screen is not None):
            history = closing.enter_context(remembered(settings, bus, clock))
            judge_sessions(settings, bus, clock, history, later, hosts=hosts)
        late = LateFailures(bus.failed)
        if log is not None:
            sessions, note = log_readers(log, settings, clock)
            bus.subscribe(sessions)
            late.watch(log, sessions)
            if note is not None and (settings.log_format == "json" or log is not told):
                bus.subscribe_to_notes(note)
        for one in lost:
            bus.publish(one)
        if has_transcript(settings) and screen is None:
            spool = spools.standard(sys.stdout, lines_lost)
            transcript = transcript_on(spool, clock, settings.show, SHOWN[settings.findings])
            bus.subscribe(transcript)
            late.watch(spool, transcript)
        if settings.record is not None:
            captures = captures_at(settings.record, settings, clock, closing)
            lossy.append(captures)
            bus.subscribe(captures)
            late.watch(captures, captures)
            bus.subscribe_to_notes(captures.note)
            bus.publish(recording_noted(settings.record, settings, clock))
        bus.subscribe(late)
        let_others_read(bus, clock)
        yield bus


def let_others_read(bus: Bus, clock: Clock) -> None:
    """Let the readers of installed packages have every session; tell who they are."""

    def complain(reader: str, error: str) -> None:
        bus.publish(Noted("reader_failed", clock.now(), {"reader": reader, "error": error}))

    for reader in outside_readers(complain):
        bus.publish(Noted("reader_loaded", clock.now(), {"reader": reader.name}))
        bus.subscribe(reader)


def check_outputs(settings: OutputSettings) -> None:
    """Raise ConfigError if something is asked for that cannot be had, or of no recording."""
    for name, value in {"bodies": settings.bodies, "rotate": settings.rotate}.items():
        if settings.record is None and value != SETTINGS[name].default:
            raise ConfigError(
                f"--{name} is about a recording, and there is none; add --record PATH"
            )
    check_log(settings)
    check_ledger(settings)


def looks_for_findings(settings: OutputSettings, watched: bool) -> bool:  # noqa: FBT001 - a fact
    """Return whether anybody is told what is found: a recording is judged when it is read.

    They are *watched* where there is a console or an inspector.
    """
    told = watched or settings.judged or has_transcript(settings) or settings.log is not None
    return told and settings.findings != "off"


def has_transcript(settings: OutputSettings) -> bool:
    """Return whether the *settings* ask for a transcript."""
    return settings.log != STDOUT and not settings.quiet


def log_readers(
    log: Stream, settings: OutputSettings, clock: Clock
) -> tuple[Subscriber, NoteReader | None]:
    """Return what writes sessions to *log*, and what writes notes there, if they have a place."""
    sessions, note = log_writers(log, settings, clock)
    if note is not None and settings.redact == "strict":
        note = without_addresses(note)
    return sessions, note


def captures_at(path: str, settings: OutputSettings, clock: Clock, closing: ExitStack) -> Captures:
    """Return what records sessions, and what a person notes, at *path*."""
    program = f"pop3spy {__version__}"
    keeping = Keeping(program, settings.redact, settings.kept_of_bodies, settings.rotate)
    captures = Captures(path, keeping, clock)
    closing.callback(close, captures, f"the recording {escape(path)}")
    return captures


def recording_noted(path: str, settings: OutputSettings, clock: Clock) -> Noted:
    """Return the note that there is a recording at *path*, and what of messages is in it."""
    return Noted(f"recording_{settings.kept_of_bodies}", clock.now(), {"path": path})


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
        bus.subscribe_to_notes(
            Notes(told, colour=colourful(sys.stderr), width=width_of(sys.stderr))
        )
        bus.subscribe(transcript_on(spools.standard(sys.stdout, lines_lost), clock))
        yield bus


def without_addresses(reader: NoteReader) -> NoteReader:
    """Return *reader* as one that is told no address or user; sessions hide theirs."""

    def read(event: Noted) -> None:
        hidden = {name: MASK for name in _TELL_ADDRESSES if name in event.facts}
        reader(replace(event, facts={**event.facts, **hidden}))

    read.__qualname__ = name_of(reader)  # by which a failure of it is told
    return read


def later(seconds: float, call: Callable[[], None]) -> None:
    """Let the running loop call *call* after so many seconds."""
    asyncio.get_running_loop().call_later(seconds, call)


def complain(notes: Notes, clock: Clock, reader: Callable[..., object], error: Exception) -> None:
    """Tell by *notes* alone that *reader* failed with *error*: other readers might as well."""
    with suppress(Exception):  # stderr itself may be what failed
        notes(reader_failed(reader, error, clock.now()))


def transcript_on(
    spool: Stream,
    clock: Clock,
    wanted: Filter | None = None,
    findings: Severity | None = Severity.WARNING,
) -> Subscriber:
    """Return the transcript of what is *wanted*, as it fits stdout, which *spool* leads to.

    It shows *findings* that are at least so bad; None: none.
    """
    stream = sys.stdout
    transcript: Subscriber
    transcript = lines = Transcript(
        spool, clock, colour=colourful(stream), findings=findings, wait=later
    )
    keep_width(lines, stream)
    if stream.isatty():
        waits, colour = OwedReplies(), colourful(stream)
        told = WaitLines(spool, clock, waits, later, colour=colour, width=width_of(stream))
        transcript = all_of(lines, waits, told)
    return ExchangeFilter(wanted, transcript) if wanted else transcript
