"""From events to records: what a capture keeps of a session.

Rules: one record a frame, in the order decoded; what is only counted becomes one record a stretch,
the lines of a dropped body one a read, so that little is missing if the writer is killed; bodies of
messages are kept, masked or dropped, listings are always kept.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pop3spy.capture.text import masked_body, quoted
from pop3spy.protocol.commands import Shape
from pop3spy.protocol.frames import BodyPart, CommandLine, Opaque, Side, Why
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Glimpsed,
    Heard,
    Intervened,
    Named,
    Opened,
    Placed,
    Secured,
    Told,
    Unanswered,
)
from pop3spy.session.model import Session

Write = Callable[[Session, str], None]
"""Takes a record of a session, a line with its end."""


@dataclass(slots=True)
class _CountedOctets:
    """Octets in a row that are counted and not kept."""

    code: str
    side: Side
    why: Why | None
    at: float  # when it ended; began, of a line without an end
    octets: int | None = 0
    lines: int = 0
    stuffed: int = 0
    at_line_start: bool = True

    def count(self, frame: Opaque) -> None:
        """Count one more piece of what cannot be read."""
        known = self.octets is not None and frame.counted is not None
        self.octets = (self.octets or 0) + (frame.counted or 0) if known else None

    def add(self, raw: bytes) -> None:
        """Count one more piece of a body."""
        self.octets = (self.octets or 0) + len(raw)
        self.lines += raw.count(b"\n")
        self.stuffed += raw.count(b"\n.") + (self.at_line_start and raw.startswith(b"."))
        self.at_line_start = raw.endswith(b"\n")

    def facts(self) -> dict[str, object]:
        """Return what the record tells."""
        if self.why is None:
            counts = {"octets": self.octets, "lines": self.lines, "stuffed": self.stuffed}
            return {"side": self.side.value, **counts}
        return {"side": self.side.value, "why": self.why.name.lower(), "octets": self.octets}


@dataclass(slots=True)
class _Running:
    """What the recorder keeps of a session that is going on."""

    listings: set[int] = field(default_factory=set)  # exchanges whose body is a listing
    stretch: _CountedOctets | None = None


class Recorder:
    """A subscriber of the bus that makes records; *bodies* is ``keep``, ``mask`` or ``drop``."""

    def __init__(self, bodies: str, write: Write) -> None:
        self._bodies = bodies
        self._write = write
        self._running: dict[int, _Running] = {}

    def __call__(self, event: Told) -> None:  # noqa: C901 - one branch an event
        """Record *event*, if captures hold such."""
        match event:
            case Heard(session=session):
                self._heard(event, session, self._running.setdefault(session.id, _Running()))
            case Opened(session=session, at=at):
                peers = {"client": str(session.client), "server": str(session.server)}
                self._record(session, at, "open", peers)
            case Intervened():
                self._intervened(event)
            case Named(session=session, at=at, user=user):
                self._record(session, at, "note", {"user": user})
            case Placed(session=session, at=at, after=state):
                self._record(session, at, "note", {"state": state.value})
            case Secured(session=session, at=at, tls=tls):
                self._record(session, at, "note", {"tls": tls.facts()})
            case Glimpsed(session=session, at=at, glimpse=glimpse):
                self._record(session, at, "note", {"passing": glimpse.facts()})
            case Answered(session=session) | Unanswered(session=session):
                self._running[session.id].listings.discard(event.exchange.number)
            case Blinded(session=session, at=at, why=why):
                self._record(session, at, "blind", {"why": why})
            case Ended(session=session, at=at, ending=ending):
                self._record(session, at, "close", {"how": ending.how.value, "why": ending.why})
                self._running.pop(session.id, None)

    def _heard(self, event: Heard, session: Session, running: _Running) -> None:
        frame = event.frame
        match frame:
            case CommandLine() if frame.command.shape is Shape.LISTING:
                running.listings.add(frame.number)
            case Opaque() if not frame.raw:
                self._count(event, session, running, frame)
                return
            case BodyPart() if self._drops(frame, running):
                self._omit(event, session, running, frame.raw)
                return
        self._end_stretch(session)
        raw = frame.raw
        if (
            isinstance(frame, BodyPart)
            and self._bodies == "mask"
            and frame.number not in running.listings
        ):
            raw = masked_body(raw)
        cuts = ""
        if frame.cuts:
            pairs = ", ".join(f"[{offset}, {at:.9f}]" for offset, at in frame.cuts)
            cuts = f', {{"cuts": [{pairs}]}}'
        head = f"- [{event.first:.9f}, {session.id}"
        self._write(session, f'{head}, "{frame.side.value}", {quoted(raw, frame.masks)}{cuts}]\n')

    def _intervened(self, event: Intervened) -> None:
        """Record what a gate did, and in full what it sent in place of a line."""
        session, frame = event.session, event.frame or event.sent
        assert frame is not None
        facts: dict[str, object] = {"side": frame.side.value, "by": event.by, "did": event.did}
        if event.frame is None:
            facts["injected"] = True
        head = json.dumps(facts, ensure_ascii=False)[:-1]
        for name, other in ("sent", event.sent), ("answer", event.answer):
            if isinstance(other, BodyPart):
                head += f', "{name}_octets": {len(other.raw)}'
            elif other is not None:
                head += f', "{name}": {quoted(other.raw, other.masks)}'
        self._end_stretch(session)
        at = f"{event.at:.9f}"
        self._write(session, f'- [{at}, {session.id}, "gate", {head}}}]\n')

    def _drops(self, frame: BodyPart, running: _Running) -> bool:
        """Return whether only the size of a body is kept; one that is filler has nothing else."""
        filler = frame.masks == ((0, len(frame.raw)),)
        return filler or (self._bodies == "drop" and frame.number not in running.listings)

    def _count(self, event: Heard, session: Session, running: _Running, frame: Opaque) -> None:
        self._stretch(event, session, running, "opaque", frame.why).count(frame)

    def _omit(self, event: Heard, session: Session, running: _Running, raw: bytes) -> None:
        """Count some of a dropped body, and tell at once of all its lines that have an end."""
        lines, rest = raw[: (end := raw.rfind(b"\n") + 1)], raw[end:]
        if lines:
            self._stretch(event, session, running, "omitted", None).add(lines)
            self._end_stretch(session)
        if rest:
            self._stretch(event, session, running, "omitted", None).add(rest)

    def _stretch(
        self, event: Heard, session: Session, running: _Running, code: str, why: Why | None
    ) -> _CountedOctets:
        """Return the stretch that *event* goes on with, or a new one."""
        side = event.frame.side
        stretch = running.stretch
        if stretch is None or (stretch.code, stretch.side, stretch.why) != (code, side, why):
            self._end_stretch(session)
            stretch = running.stretch = _CountedOctets(code, side, why, event.at)
        stretch.at = event.first if why is Why.UNFINISHED else event.at
        return stretch

    def _end_stretch(self, session: Session) -> None:
        running = self._running.get(session.id)
        if running is None or (stretch := running.stretch) is None:
            return
        running.stretch = None
        self._record(session, stretch.at, stretch.code, stretch.facts())

    def _record(self, session: Session, at: float, code: str, facts: Mapping[str, object]) -> None:
        self._end_stretch(session)
        # A name may hold what YAML would not take, so everything that is no ASCII is escaped.
        text = json.dumps(facts)
        self._write(session, f'- [{at:.9f}, {session.id}, "{code}", {text}]\n')
