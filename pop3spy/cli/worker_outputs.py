"""Who is told what where several processes are one proxy.

A worker makes the lines of its own sessions, and hands them to the process that started it; that
writes them, and what concerns no session, so that each terminal and file has one writer.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from pop3spy.cli.judging import judge_sessions, remembered
from pop3spy.cli.judging_recordings import SHOWN
from pop3spy.cli.late_failures import LateFailures
from pop3spy.cli.log_streams import log_gap, open_log_stream
from pop3spy.cli.outputs import (
    captures_at,
    complain,
    has_transcript,
    later,
    let_others_read,
    log_readers,
    looks_for_findings,
    recording_noted,
    transcript_on,
)
from pop3spy.cli.streams import Spools
from pop3spy.cli.terminal import colourful, width_of
from pop3spy.config.verbs import OutputSettings
from pop3spy.findings.loading import all_rules
from pop3spy.live.screen import Screen
from pop3spy.logs import Notes, Transcript, lines_lost, name_of, reader_failed
from pop3spy.session.bus import Bus, NoteReader, Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.spool import Lossy, Stream
from pop3spy.workers.forwarding import Forwarding
from pop3spy.workers.pipes import LineWriter
from pop3spy.workers.process import WorkerEnds
from pop3spy.workers.supervisor import Lines


@dataclass(frozen=True, slots=True)
class SharedOutputs:
    """What the process that started the workers writes to: notes to *bus*, and lines of theirs.

    ``failures`` returns how often each writer failed; *lossy* may have left lines out.
    """

    bus: Bus
    transcript: Lines
    log: Lines
    complaints: Lines
    failures: Callable[[], Counter[str]]
    lossy: Sequence[Lossy]


@contextmanager
def shared_outputs(
    settings: OutputSettings, clock: Clock, screen: Screen | None, *, watched: bool
) -> Iterator[SharedOutputs]:
    """Give what writes whatever all workers tell; see ``outputs``, which has the same rules."""
    if looks_for_findings(settings, watched):
        all_rules(settings.rules)  # before there are workers: what is wrong with them is told once
    with ExitStack() as closing:
        spools = Spools(screen)
        if screen is not None:
            spools.standard(sys.stdout, lines_lost)  # first: stderr may be the same terminal
        lost: list[Noted] = []
        log = open_log_stream(settings, spools, clock, closing, lost)
        closing.callback(spools.close)
        told = spools.standard(sys.stderr, lines_lost)
        notes = Notes(told, colour=colourful(sys.stderr), width=width_of(sys.stderr))
        failed = _Failures(notes, clock)
        bus = Bus(failed)
        bus.subscribe_to_notes(notes)
        late = LateFailures(failed)
        transcript_lines: Lines = _nowhere
        log_lines: Lines = _nowhere
        if log is not None:
            sessions, note = log_readers(log, settings, clock)
            if note is not None and (settings.log_format == "json" or log is not told):
                bus.subscribe_to_notes(note)
            log_lines = _Lines(log, partial(failed, type(sessions)), late)
            late.watch(log, type(sessions))
        for one in lost:
            bus.publish(one)
        if has_transcript(settings) and screen is None:
            stream = spools.standard(sys.stdout, lines_lost)
            transcript_lines = _Lines(stream, partial(failed, Transcript), late)
            late.watch(stream, Transcript)
        if settings.record is not None:
            bus.publish(recording_noted(settings.record, settings, clock))
        complaints = _Lines(told, partial(failed, Notes), late)
        lines = transcript_lines, log_lines, complaints
        yield SharedOutputs(bus, *lines, lambda: failed.times, (spools,))


class _Failures:
    """Tells that somebody failed to write: each once, be it a note or lines of a worker."""

    def __init__(self, notes: Notes, clock: Clock) -> None:
        self._notes = notes
        self._clock = clock
        self.times: Counter[str] = Counter()

    def __call__(self, writer: Callable[..., object], error: Exception) -> None:
        name = name_of(writer)
        self.times[name] += 1
        if self.times[name] == 1:
            complain(self._notes, self._clock, writer, error)


class _Lines:
    """Writes lines to *stream*; whatever keeps it from that is told by *failed*, or by *late*."""

    def __init__(
        self, stream: Stream, failed: Callable[[Exception], None], late: LateFailures
    ) -> None:
        self._stream = stream
        self._failed = failed
        self._late = late

    def __call__(self, lines: str) -> None:
        self._late.begin()
        for line in lines.split("\n")[:-1]:  # each alone: so many are told to be missing
            try:
                self._stream.write(f"{line}\n")
            except Exception as error:  # noqa: BLE001 - traffic goes on
                self._failed(error)


def _nowhere(_: str) -> None:
    """Drop lines that nobody asked for."""


@dataclass(frozen=True, slots=True)
class WorkerOutputs:
    """What a worker tells its sessions to: *recorded* takes what a person notes as well.

    *tell* is for whatever else the process has to know that started it; *lossy* may have left
    something out.
    """

    bus: Bus
    tell: Callable[..., None]
    complaints: Stream
    recorded: NoteReader
    lossy: Sequence[Lossy]


@contextmanager
def worker_outputs(
    settings: OutputSettings, clock: Clock, ends: WorkerEnds, *, shown: bool, watched: bool
) -> Iterator[WorkerOutputs]:
    """Give a bus whose sessions are told to *ends*, and recorded in the folder of the *settings*.

    Where they are *watched* by whoever has the other ends, what happens in them is told there;
    where they are *shown* there, no transcript is made here.  Raise Pop3SpyError if something
    cannot be written at the end.
    """
    with ExitStack() as closing:
        spools = Spools()
        closing.callback(spools.close)
        writer = LineWriter(ends.told)
        told = spools.spool(writer, "the supervisor", lambda _: "")
        taken = 0

        def tell(*message: object) -> None:
            nonlocal taken
            line = f"{json.dumps(message, default=str)}\n"
            taken += len(line)
            with suppress(OSError):  # whoever started this is gone, and so is this before long
                told.write(line)

        def note(event: Noted) -> None:
            tell("note", event.what, event.at, dict(event.facts))

        def failed(reader: Subscriber | NoteReader, error: Exception) -> None:
            note(reader_failed(reader, error, clock.now()))

        bus = Bus(failed)
        bus.subscribe_to_notes(note)
        if looks_for_findings(settings, watched):
            history = closing.enter_context(remembered(settings, bus, clock))
            judge_sessions(settings, bus, clock, history, later)
        if settings.log is not None:
            gap = log_gap(settings.log_format, clock)
            log = spools.spool(LineWriter(ends.log), "the log", gap)
            bus.subscribe(log_readers(log, settings, clock)[0])
        if has_transcript(settings) and not shown:
            spool = spools.spool(LineWriter(ends.transcript), "the transcript", lines_lost)
            bus.subscribe(transcript_on(spool, clock, settings.show, SHOWN[settings.findings]))
        if watched:
            bus.subscribe(Forwarding(tell, lambda: taken - writer.written))
        recorded: NoteReader = _unrecorded
        lossy: list[Lossy] = [spools]
        if settings.record is not None:
            captures = captures_at(settings.record, settings, clock, closing)
            bus.subscribe(captures)
            late = LateFailures(bus.failed)
            late.watch(captures, captures)
            bus.subscribe(late)
            lossy.append(captures)
            recorded = captures.note
        let_others_read(bus, clock)
        yield WorkerOutputs(bus, tell, _Complaints(tell), recorded, lossy)


class _Complaints:
    """A stream for what concerns no session."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell

    def write(self, text: str, /) -> None:
        """Let whoever started this worker say *text*."""
        self._tell("complaint", text)

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""


def _unrecorded(_: Noted) -> None:
    """Do nothing: there is no recording."""
