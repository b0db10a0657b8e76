"""Recordings of every kind as sessions, exchanges and findings."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from os import PathLike, fspath
from pathlib import Path
from typing import BinaryIO

from pop3spy.capture.opening import OpenedRecording, opened_recording
from pop3spy.embedding.heard_sessions import HeardSessions
from pop3spy.findings import Findings, Rule
from pop3spy.findings.loading import all_rules
from pop3spy.session.bus import Subscriber
from pop3spy.session.chunk import date_after
from pop3spy.session.events import Told
from pop3spy.session.finding import Finding
from pop3spy.session.model import Exchange, Session
from pop3spy.session.playback import play_back


@dataclass(frozen=True, slots=True)
class Recording:
    """What is in a recording: its sessions, in the order in which they began.

    ``started`` is the date from which times count, in UTC; that of a recording without a date is in
    1970.  ``notes`` are what a person has to know of the reading: one line each.
    """

    name: str
    started: datetime
    sessions: tuple[Session, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def exchanges(self) -> list[Exchange]:
        """All exchanges of all sessions, session by session."""
        return [exchange for session in self.sessions for exchange in session.exchanges]

    def date(self, at: float) -> datetime:
        """Return the date of *at*, seconds from ``started`` on, or the last that there is."""
        return date_after(self.started, at)


def read_recording(
    path: str | PathLike[str], *, ports: Collection[int] = (), rules: Iterable[Path] = ()
) -> Recording:
    """Return all that is in the recording at *path*, with what is found there.

    It is a recording of pop3spy, a packet capture, or one half of a Dovecot rawlog.  *ports* are
    those of servers in a packet capture whose sessions are not recognised by their port.  *rules*
    are Python files with rules of one's own, which are run.  Raise CaptureError if it cannot be
    read, RuleError if the rules cannot be loaded.
    """
    with opened_recording(fspath(path), ports=ports) as recording:
        return _read(recording, all_rules(rules))


def read_stream(stream: BinaryIO, name: str) -> Recording:
    """Return all that is in the recording *name*, which *stream* has, in the same way."""
    with opened_recording("-", stdin=stream, name=name) as recording:
        return _read(recording, all_rules())


def _read(recording: OpenedRecording, rules: dict[str, Rule]) -> Recording:
    heard = HeardSessions()
    _play(recording, (heard,), rules)
    return Recording(
        recording.name,
        recording.started,
        tuple(heard.sessions),
        tuple(heard.findings),
        tuple(recording.notes),
    )


def play_recording(
    path: str | PathLike[str], *subscribers: Subscriber, ports: Collection[int] = ()
) -> None:
    """Let *subscribers* have every event of the recording at *path*, in order; keep nothing.

    A subscriber is a function from a session to a function that takes its events, or to None.  What
    one of them raises ends it.  Raise CaptureError if the recording cannot be read.
    """
    with opened_recording(fspath(path), ports=ports) as recording:
        _play(recording, subscribers, all_rules())


def _play(
    recording: OpenedRecording, subscribers: Iterable[Subscriber], rules: dict[str, Rule]
) -> None:
    judge = _judge(recording.started, rules)
    memory = recording.memory()
    play_back(recording.items, *subscribers, names=recording.names, judge=judge, memory=memory)


def _judge(
    started: datetime, rules: dict[str, Rule]
) -> Callable[[Callable[[Told], None]], Findings]:
    def judge(publish: Callable[[Told], None]) -> Findings:
        return Findings(publish, rules, _failed, epoch=started.timestamp())

    return judge


def _failed(rule: Rule, error: Exception) -> None:
    """Raise what *rule* raised, with its name: a program has to know that it was not asked."""
    error.add_note(f"the rule {rule.id} failed")
    raise error
