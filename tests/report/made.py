"""Recordings made of dialogues, and what ``pop3spy report`` makes of them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from cli.program import run_here
from logs.dialogue import CLIENT, SERVER, Play, raise_it
from pop3spy.capture.header import Header
from pop3spy.capture.recorder import Recorder
from pop3spy.findings import Findings, own_rules
from pop3spy.protocol.frames import Side
from pop3spy.report.collected import CollectedSession
from pop3spy.report.collecting import Collecting
from pop3spy.report.report import Report, ReportedRecording
from pop3spy.session.bus import Bus
from pop3spy.session.how import How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

STARTED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LOGIN = """\
    S: +OK POP3 ready
    C: USER bob
    S: +OK
    C: PASS sesame123
    S: +OK
"""
QUIT = """\
    C: QUIT
    S: +OK bye
"""


class Recorded(NamedTuple):
    """A session: what was said, and when and how it ended."""

    dialogue: str
    at: float = 0.0
    how: How | None = How.QUIT
    client: Peer = CLIENT


def recorded(file: Path, *sessions: Recorded | str) -> Path:
    """Record *sessions* in the new *file*, and return it."""
    with file.open("wb") as stream:
        header = Header(STARTED, "pop3spy test", "secrets", "keep")
        stream.write(header.lines().encode())
        bus = Bus(raise_it)
        bus.subscribe(partial(Recorder, bodies="keep", write=stream.write))
        for number, session in enumerate(sessions, 1):
            said = Recorded(session) if isinstance(session, str) else session
            reading = Reading(number, said.client, SERVER, said.at, bus.publish)
            play = Play(reading, said.at).play(said.dialogue)
            if said.how is not None:
                play.end(said.how)
    return file


def reported(file: Path, *options: str) -> str:
    """Return what a report of *file* says."""
    status, out, err = run_here("report", str(file), *options)
    assert status == 0, err
    return out


def empty_report(*, mail: bool = False, strict: bool = False) -> Report:
    """Return a report on one recording, of which nothing has been read."""
    report = Report(mail=mail, rules=own_rules())
    report.recordings.append(ReportedRecording("a.yaml", STARTED, strict))
    return report


@contextmanager
def collecting(report: Report) -> Iterator[Bus]:
    """Give a bus on which sessions are judged, and collected into *report*."""
    bus, keep = Bus(raise_it), Collecting(report)
    for subscriber in (Findings(bus.publish, report.rules, raise_it), keep):
        bus.subscribe(subscriber)
    yield bus
    keep.close()


def report_of(
    talk: Iterable[tuple[Side, bytes | None]], *, mail: bool = False, client: Peer = CLIENT
) -> Report:
    """Return the report of one session in which *talk* is said at once."""
    report = empty_report(mail=mail)
    with collecting(report) as bus:
        play = Play(Reading(1, client, SERVER, 0.0, bus.publish), 0.0)
        for side, octets in talk:
            if octets:
                play.say(side, octets, 0.0)
        play.end()
    return report


def collected(dialogue: str, how: How | None = How.QUIT) -> CollectedSession:
    """Return what is kept of a session."""
    report = empty_report()
    with collecting(report) as bus:
        play = Play(Reading(1, CLIENT, SERVER, 0.0, bus.publish), 0.0).play(dialogue)
        if how is not None:
            play.end(how)
    return report.sessions[0]


def body(lines: Iterable[str]) -> str:
    """Return a multi-line reply as lines of a dialogue."""
    return "\n".join(["    S: +OK", *(f"    {line}" for line in lines), "    .", ""])
