"""The log for machines: one JSON object a line, one line an exchange."""

import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from pop3spy.logs.notes import level_of
from pop3spy.logs.stretches import Stretches, UnreadStretch
from pop3spy.protocol.frames import BodyPart, Frame, Junk, Opaque, Side
from pop3spy.protocol.states import State
from pop3spy.protocol.text import escape
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
    Secured,
    Told,
    Unanswered,
)
from pop3spy.session.facts import facts_of, rounded
from pop3spy.session.lines import line_text, status_text
from pop3spy.session.model import Session
from pop3spy.spool import Stream

_encode = json.JSONEncoder(default=str).encode  # json.dumps would make an encoder for each line


def _dumps(fields: dict[str, object], **_: object) -> str:
    return _encode(fields)


def _flatten(_: object, level: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Return the line as it will be written: handing over many keywords costs more than this."""
    return {"time": event["time"], "event": event["event"], "level": level, **event["fields"]}


@dataclass(slots=True)
class _LoggedSession:
    """What has to be remembered of a session until it can be written."""

    client: str
    server: str
    stretches: Stretches = field(default_factory=Stretches)
    last_state: State | None = None  # before CLOSED


class JsonLog:
    """A subscriber that writes the JSON log to *stream*; *clock* tells the dates of events."""

    def __init__(self, stream: Stream, clock: Clock) -> None:
        self._clock = clock
        self._sessions: dict[int, _LoggedSession] = {}
        self._log: Any = structlog.wrap_logger(
            structlog.WriteLogger(stream),  # type: ignore[arg-type]  # it writes and flushes, no more
            processors=[_flatten, structlog.processors.JSONRenderer(_dumps)],
            wrapper_class=structlog.make_filtering_bound_logger("debug"),
        ).bind()

    def __call__(self, event: Told) -> None:
        """Write what is to be told of *event*."""
        if isinstance(event, Noted):
            self._noted(event)
            return
        session = event.session
        known = self._sessions.get(session.id)
        if known is None:
            peers = escape(str(session.client)), escape(str(session.server))
            known = self._sessions[session.id] = _LoggedSession(*peers)
        try:
            self._tell(event, known)
        finally:
            if isinstance(event, Ended):
                del self._sessions[session.id]

    def _tell(self, event: Event, known: _LoggedSession) -> None:  # noqa: C901 - one branch an event
        match event:
            case Heard():
                self._heard(event, event.frame, known)
            case Answered():
                self._write("command_answered", event, known, **facts_of(event.exchange))
            case Unanswered():
                self._write("command_unanswered", event, known, **facts_of(event.exchange))
            case Moved(after=State.CLOSED):
                known.last_state = event.before
            case Intervened():
                self._write("gate_intervened", event, known, **_intervened(event))
            case Secured(tls=tls):
                self._write("session_secured", event, known, **_facts(tls.facts()))
            case Glimpsed(glimpse=glimpse):
                self._write("tls_glimpsed", event, known, **_facts(glimpse.facts()))
            case Opened():
                self._write("session_opened", event, known)
            case Blinded():
                self._end_stretches(event, known)
                self._write("session_blinded", event, known, why=escape(event.why))
            case Ended():
                self._end_stretches(event, known)
                self._write("session_ended", event, known, **_ended(event, known))

    def _write(self, what: str, event: Event, known: _LoggedSession, **fields: object) -> None:
        peers = {"session": event.session.id, "client": known.client, "server": known.server}
        self._log_fields(what, event.at, {**peers, **fields})

    def _noted(self, event: Noted) -> None:
        facts = _facts(event.facts)
        for taken in ("time", "event", "level"):
            facts.pop(taken, None)
        self._log_fields(event.what, event.at, facts)

    def _log_fields(self, what: str, at: float, fields: dict[str, object]) -> None:
        getattr(self._log, level_of(what))(what, time=_time(self._clock, at), fields=fields)

    def _heard(self, event: Heard, frame: Frame, known: _LoggedSession) -> None:
        if known.stretches:
            for stretch in known.stretches.end_before(frame):
                self._stretch(event, stretch, known)
        match frame:
            case Opaque():
                known.stretches.add(frame, event.at)
            case Junk():
                self._write(
                    "line_unpaired",
                    event,
                    known,
                    side=frame.side.name.lower(),
                    why=frame.why.name.lower(),
                    line=line_text(frame),
                )

    def _stretch(self, event: Event, stretch: UnreadStretch, known: _LoggedSession) -> None:
        self._write(
            "stretch_unread",
            event,
            known,
            side=stretch.side.name.lower(),
            why=stretch.why.name.lower(),
            octets=stretch.octets,
            duration=rounded(stretch.ended_at - stretch.began_at),
            line=line_text(stretch.first) if stretch.first.raw else None,
        )

    def _end_stretches(self, event: Event, known: _LoggedSession) -> None:
        for stretch in known.stretches.end():
            self._stretch(event, stretch, known)


def _intervened(event: Intervened) -> dict[str, object]:
    frame = event.frame or event.sent
    assert frame is not None
    return {
        "number": frame.number,
        "side": frame.side.name.lower(),
        "by": escape(event.by),
        "did": escape(event.did),
        "sent": _line_or_size(event.sent),
        "answer": _line_or_size(event.answer),
    }


def _line_or_size(frame: Frame | None) -> str | int | None:
    if frame is None:
        return None
    return len(frame.raw) if isinstance(frame, BodyPart) else line_text(frame)


def _ended(event: Ended, known: _LoggedSession) -> dict[str, object]:
    session, totals = event.session, event.session.totals
    return {
        "how": event.ending.how.value,
        "why": escape(event.ending.why) or None,
        "duration": rounded(event.at - session.opened_at),
        "state": (known.last_state or session.state).value,
        "user": session.user,
        "login": session.login,
        "greeting": status_text(session.greeting) if session.greeting else None,
        "capabilities": _capabilities(session),
        "parting": session.parting,
        "commands": totals.commands,
        "refused": totals.refused,
        "unanswered": totals.unanswered,
        "retrieved": totals.retrieved,
        "deleted": totals.deleted,
        "client_octets": totals.octets[Side.CLIENT],
        "server_octets": totals.octets[Side.SERVER],
        "blind": session.blind,
    }


def _capabilities(session: Session) -> dict[str, list[str]]:
    return {
        state.value: [escape(str(capability)) for capability in capabilities]
        for state, capabilities in session.capabilities.items()
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
    what = "entries_lost"
    fields = {"event": what, "level": level_of(what), "count": count}
    return f"{_dumps({'time': _time(clock, clock.now()), **fields})}\n"


def _time(clock: Clock, at: float) -> str:
    return f"{clock.date(at).isoformat(timespec='microseconds')[:26]}Z"
