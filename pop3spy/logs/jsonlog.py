"""The log for machines: one JSON object a line, one line an exchange."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from pop3spy.findings.verdict import verdict_of
from pop3spy.logs.notes import level_of
from pop3spy.protocol.frames import BodyPart, Frame, Junk, Opaque
from pop3spy.protocol.text import escape
from pop3spy.session.bus import Reader
from pop3spy.session.chunk import Clock
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Glimpsed,
    Heard,
    Intervened,
    Moved,
    Noted,
    Opened,
    Raised,
    Secured,
    SideClosed,
    Unanswered,
)
from pop3spy.session.facts import facts_of, facts_of_ending, peers_of, rounded
from pop3spy.session.finding import Finding
from pop3spy.session.json_text import members
from pop3spy.session.lines import line_text
from pop3spy.session.model import Session
from pop3spy.session.texts import logged_facts
from pop3spy.session.timestamps import Timestamps
from pop3spy.session.unread import Stretches, UnreadStretch
from pop3spy.spool import Stream


class JsonLog:
    """A subscriber that writes the JSON log to *stream*; *clock* tells the dates of events.

    ``note`` writes what concerns no session.
    """

    def __init__(self, stream: Stream, clock: Clock) -> None:
        from pop3spy.logs.structured import logger_to  # noqa: PLC0415 - most runs write no such log

        self._timestamps = Timestamps(clock)
        self._log = logger_to(stream)

    def __call__(self, session: Session) -> Reader:
        """Return what writes *session*."""
        return SessionLog(session, self._write)

    def note(self, event: Noted) -> None:
        """Write a note."""
        facts = _facts(event.facts)
        for taken in ("time", "event", "level"):
            facts.pop(taken, None)
        self._write(event.what, event.at, members(facts))

    def _write(self, what: str, at: float, told: str, level: str | None = None) -> None:
        """Write a line that has the members in *told* behind those of every event."""
        level, head = _head_of(what, level)
        told = told and f", {told}"
        getattr(self._log, level)(f'{{"time": "{self._timestamps.text(at)}", {head}{told}}}')


@lru_cache
def _head_of(what: str, level: str | None = None) -> tuple[str, str]:
    """Return the level of an event, and the members that say what it is."""
    level = level or level_of(what)
    return level, members({"event": what, "level": level})


_UNREAD = (Opaque, Junk)
"""What is told of when it is heard; nearly all that is heard is told of as an exchange."""


class SessionLog:
    """A reader of events that gives the lines of one session to *write*, without their heads.

    It is called with what happened, when, the members of a JSON object, and the level if that is
    not the one of what happened.
    """

    def __init__(self, session: Session, write: Callable[..., None]) -> None:
        self._peers = peers_of(session)
        self._write_line = write
        self._stretches = Stretches()

    def __call__(self, event: Event) -> None:  # noqa: C901, PLR0912 - one branch an event
        """Write what is to be told of *event*."""
        match event:
            case Heard(frame=frame):
                if self._stretches or isinstance(frame, _UNREAD):
                    self._heard(event, frame)
            case Answered(exchange=exchange):
                self._write_line(
                    "command_answered", event.at, f"{self._peers}, {facts_of(exchange)}"
                )
            case Unanswered(exchange=exchange):
                self._write_line(
                    "command_unanswered", event.at, f"{self._peers}, {facts_of(exchange)}"
                )
            case Moved():
                if event.inferred:
                    self._write("state_inferred", event, state=event.after.value)
            case Intervened():
                self._write("gate_intervened", event, **_intervened(event))
            case Secured(tls=tls):
                self._write("session_secured", event, **_facts(logged_facts(tls)))
            case Glimpsed(glimpse=glimpse):
                self._write("tls_glimpsed", event, **_facts(logged_facts(glimpse)))
            case Raised(finding=finding):
                self._raised(event, finding)
            case Opened():
                self._write_line("session_opened", event.at, self._peers)
            case SideClosed():
                self._write("side_closed", event, **_side_closed(event))
            case Blinded():
                self._end_stretches()
                self._write("session_blinded", event, why=escape(event.why))
            case Ended():
                self._end_stretches()
                self._write("session_ended", event, **_ended(event))

    def _raised(self, event: Event, finding: Finding) -> None:
        told = f"{self._peers}, {members(finding.facts())}"
        self._write_line("finding_raised", event.at, told, finding.severity.word)

    def _write(self, what: str, event: Event, **facts: object) -> None:
        self._write_line(what, event.at, f"{self._peers}, {members(facts)}")

    def _heard(self, event: Heard, frame: Frame) -> None:
        if self._stretches:
            for stretch in self._stretches.end_before(frame):
                self._stretch(stretch)
        match frame:
            case Opaque():
                self._stretches.add(frame, event.first, event.at)
            case Junk():
                self._write(
                    "line_unpaired",
                    event,
                    side=frame.side.name.lower(),
                    why=frame.why.code,
                    number=frame.number,
                    line=line_text(frame),
                )

    def _stretch(self, stretch: UnreadStretch) -> None:
        facts = {
            "side": stretch.side.name.lower(),
            "why": stretch.why.code,
            "octets": stretch.octets,
            "duration": rounded(stretch.ended_at - stretch.began_at),
            "line": line_text(stretch.first) if stretch.first.raw else None,
        }
        self._write_line("stretch_unread", stretch.began_at, f"{self._peers}, {members(facts)}")

    def _end_stretches(self) -> None:
        for stretch in self._stretches.end():
            self._stretch(stretch)


def _intervened(event: Intervened) -> dict[str, object]:
    frame = event.frame or event.sent
    assert frame is not None
    return {
        "number": frame.number,
        "side": frame.side.name.lower(),
        "by": escape(event.by),
        "did": escape(str(event.did)),
        "sent": _line_or_size(event.sent),
        "answer": _line_or_size(event.answer),
    }


def _line_or_size(frame: Frame | None) -> str | int | None:
    if frame is None:
        return None
    return len(frame.raw) if isinstance(frame, BodyPart) else line_text(frame)


def _side_closed(event: SideClosed) -> dict[str, object]:
    how = {"reset": event.reset, "close_notify": event.close_notify}
    return {"side": event.side.name.lower(), **how}


def _ended(event: Ended) -> dict[str, object]:
    session = event.session
    return {
        **facts_of_ending(session, event.ending, event.at),
        "findings": [_counted(finding) for finding in session.findings],
        "verdict": verdict_of(session) if session.findings else None,
    }


def _counted(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.id,
        "severity": finding.severity.word,
        "count": finding.count,
        "explained_by": finding.explained_by,
    }


def _facts(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: _fact(value) for name, value in facts.items()}


def _fact(value: object) -> object:
    """Return *value* as JSON may hold it and people may read it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and abs(value) < float("inf"):
        return value
    return escape(str(value))


def entries_lost(clock: Clock, count: int) -> str:
    """Return the line that stands where *count* others could not be written in time."""
    _, head = _head_of("entries_lost")
    time = Timestamps(clock).text(clock.now())
    return f'{{"time": "{time}", {head}, "count": {count}}}\n'
