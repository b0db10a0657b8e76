"""From events to records: what a capture keeps of a session.

Rules: one record a frame, in the order decoded; what is only counted becomes one record a stretch,
the lines of a dropped body one a read, so that little is missing if the writer is killed; bodies of
messages are kept, masked or dropped, listings are always kept; of a message that is not kept, what
may be told of it stands before its lone dot.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pop3spy.capture.text import masked_body, recorded
from pop3spy.protocol.commands import Shape
from pop3spy.protocol.facts import NO_FACTS
from pop3spy.protocol.frames import BodyEnd, BodyPart, Opaque, Side
from pop3spy.protocol.why import Why
from pop3spy.session.body_facts import Likenesses, facts_of_body, is_masked
from pop3spy.session.body_scan import BodyScan
from pop3spy.session.events import (
    Answered,
    Blinded,
    Clogged,
    Ended,
    Event,
    Glimpsed,
    Heard,
    Intervened,
    Named,
    Noted,
    Opened,
    Placed,
    Secured,
    SideClosed,
)
from pop3spy.session.how import Ending
from pop3spy.session.model import Exchange, Session
from pop3spy.session.unread import UnreadStretch

Write = Callable[[bytes], object]
"""Takes a record, a line with its end."""
_MESSAGES = (Shape.MESSAGE, Shape.UNKNOWN)


@dataclass(slots=True)
class _Omitted:
    """What one side sent in a row of a body that is dropped: one line at most has no end."""

    side: Side
    at: float  # when it ended
    octets: int = 0
    lines: int = 0
    stuffed: int = 0

    def add(self, raw: bytes) -> None:
        """Count some of a line, or all that comes until the last line end."""
        self.stuffed += raw.count(b"\n.") + (not self.octets and raw.startswith(b"."))
        self.lines += raw.count(b"\n")
        self.octets += len(raw)


class Recorder:
    """A reader of the events of *session* that makes records; *write* takes them.

    *bodies* is ``keep``, ``mask`` or ``drop``.
    """

    def __init__(self, session: Session, bodies: str, write: Write) -> None:
        self._number = session.id
        self._said = {side: self._kind(side.value) for side in Side}
        self._bodies = bodies
        self._write = write
        self._counted: UnreadStretch | _Omitted | None = None
        self._line_ended = True  # with what was counted last
        self._scan: BodyScan | None = None  # of a message that is not kept ...
        self._scanned = 0  # ... and its exchange
        self._likenesses = Likenesses()

    def __call__(self, event: Event) -> None:  # noqa: C901, PLR0912 - one branch an event
        """Record *event*, if captures hold such."""
        match event:
            case Heard():
                self._heard(event)
            case Answered():
                pass  # as most that is told, it follows from the octets
            case Opened(session=session):
                opened: dict[str, object] = {
                    "client": str(session.client),
                    "server": str(session.server),
                }
                if session.typed:
                    opened["typed"] = True
                self._record(event.at, "open", opened)
            case Intervened():
                self._intervened(event)
            case Named(user=user):
                self._record(event.at, "note", {"user": user})
            case Placed(after=state):
                self._record(event.at, "note", {"state": state.value})
            case Secured(tls=tls):
                self._record(event.at, "note", {"tls": tls.facts()})
            case Glimpsed(glimpse=glimpse):
                self._record(event.at, "note", {"passing": glimpse.facts()})
            case Clogged(both=both):
                self._record(event.at, "note", {"clogged": both})
            case Blinded(why=why):
                self._record(event.at, "blind", {"why": why})
            case SideClosed():
                self._record(event.at, "rst" if event.reset else "fin", _side_closed(event))
            case Ended(ending=ending):
                self._record(event.at, "close", _closed(ending))

    # -- what was said --------------------------------------------------------------------------

    def _heard(self, event: Heard) -> None:
        frame = event.frame
        raw = frame.raw
        if frame.facts is not NO_FACTS:
            self._record(event.first, "facts", {"side": frame.side.value, **frame.facts})
        if isinstance(frame, Opaque) and not raw:
            self._skip(event, frame)
            return
        if isinstance(frame, BodyEnd) and self._scan is not None:
            self._tell_of_body(event, self._scan)
        if isinstance(frame, BodyPart):
            self._look(frame, event.exchange)
            if self._drops(frame, event.exchange):
                self._omit(event, raw)
                return
            if self._bodies == "mask" and _may_be_message(frame, event.exchange):
                raw = masked_body(raw)
        data = recorded(raw, frame.masks)
        if frame.cuts:
            pairs = b", ".join(b"[%d, %.9f]" % cut for cut in frame.cuts)
            data = b'%b, {"cuts": [%b]}' % (data, pairs)
        self._line(event.first, self._said[frame.side], data)

    def _look(self, part: BodyPart, exchange: Exchange | None) -> None:
        """Learn what may be told of a message of the server's that is not kept."""
        if self._bodies == "keep" or part.side is Side.CLIENT or part.masks:
            self._scan = None
        elif _may_be_message(part, exchange):
            scan = self._scan
            if scan is None or self._scanned != part.number:  # the one before broke off
                scan = self._scan = BodyScan(self._likenesses.key)
                self._scanned = part.number
            scan.add(part.raw, dotted=part.dotted)

    def _tell_of_body(self, event: Heard, scan: BodyScan) -> None:
        """Record what may be told of a message, unless a recording before this one told it."""
        self._scan = None
        frame, body = event.frame, event.exchange.body if event.exchange is not None else None
        if frame.facts is not NO_FACTS or body is None:
            return
        scan.end()
        masked = is_masked(body.head)
        same = {} if masked else self._likenesses.facts_of(scan, frame.number)
        facts = {"side": frame.side.value, **facts_of_body(scan, masked=masked), **same}
        self._record(event.first, "facts", facts)

    def _drops(self, frame: BodyPart, exchange: Exchange | None) -> bool:
        """Return whether only the size of a body is kept; one that is filler has nothing else."""
        filler = frame.masks == ((0, len(frame.raw)),)
        return filler or (self._bodies == "drop" and _may_be_message(frame, exchange))

    def _intervened(self, event: Intervened) -> None:
        """Record what a gate did, and in full what it sent in place of a line."""
        frame = event.frame or event.sent
        assert frame is not None
        facts: dict[str, object] = {"side": frame.side.value, "by": event.by, **event.did.facts()}
        if event.frame is None:
            facts["injected"] = True
        data = json.dumps(facts, ensure_ascii=False)[:-1].encode()
        for name, other in (b"sent", event.sent), (b"answer", event.answer):
            if isinstance(other, BodyPart):
                data += b', "%b_octets": %d' % (name, len(other.raw))
            elif other is not None:
                data += b', "%b": %b' % (name, recorded(other.raw, other.masks))
        self._line(event.at, self._kind("gate"), data + b"}")

    # -- what is only counted -------------------------------------------------------------------

    def _skip(self, event: Heard, frame: Opaque) -> None:
        """Count what cannot be read."""
        counted = self._counted
        if isinstance(counted, UnreadStretch) and counted.continues(frame):
            counted.add(frame, event.at)
        else:
            self._end_count()
            self._counted = UnreadStretch(frame, event.first, event.at)
        self._line_ended = frame.ends_line

    def _omit(self, event: Heard, raw: bytes) -> None:
        """Count some of a dropped body, and tell at once of all its lines that have an end."""
        end = raw.rfind(b"\n") + 1
        if end:
            self._omitted(event).add(raw[:end])
            self._end_count()
        if end < len(raw):
            self._omitted(event).add(raw[end:])

    def _omitted(self, event: Heard) -> _Omitted:
        """Return what *event* is counted with: what was counted last, or anew."""
        side, counted = event.frame.side, self._counted
        if not isinstance(counted, _Omitted) or counted.side is not side:
            self._end_count()
            counted = self._counted = _Omitted(side, event.at)
        counted.at = event.at
        return counted

    def _end_count(self) -> None:
        counted, self._counted = self._counted, None
        match counted:
            case UnreadStretch(side=side, why=why, octets=octets):
                facts = {"side": side.value, "why": why.code, "octets": octets}
                if why is Why.TOO_LONG and not self._line_ended:
                    facts["ends_line"] = False
                self._record(counted.began_at, "opaque", facts)
            case _Omitted(side=side, octets=octets, lines=lines, stuffed=stuffed):
                facts = {"side": side.value, "octets": octets, "lines": lines, "stuffed": stuffed}
                self._record(counted.at, "omitted", facts)

    # -- records --------------------------------------------------------------------------------

    def _record(self, at: float, code: str, facts: Mapping[str, object]) -> None:
        # A name may hold what YAML would not take, so everything that is no ASCII is escaped.
        self._line(at, self._kind(code), json.dumps(facts).encode())

    def _kind(self, code: str) -> bytes:
        """Return what stands between the time of a record and its data."""
        return f'{self._number}, "{code}"'.encode()

    def _line(self, at: float, kind: bytes, data: bytes) -> None:
        if self._counted is not None:
            self._end_count()
        self._write(b"- [%.9f, %b, %b]\n" % (at, kind, data))


def noted(event: Noted) -> bytes:
    """Return the record of what a person noted; it belongs to no session."""
    text = json.dumps({"text": str(event.facts.get("text", ""))})
    return b'- [%.9f, 0, "note", %b]\n' % (event.at, text.encode())


def _side_closed(event: SideClosed) -> dict[str, object]:
    closed: dict[str, object] = {"side": event.side.value}
    if event.close_notify is not None:
        closed["close_notify"] = event.close_notify
    return closed


def _closed(ending: Ending) -> dict[str, object]:
    closed: dict[str, object] = {"how": ending.how.value, "why": ending.why}
    if ending.unreached is not None:
        closed["unreached"] = ending.unreached.value
    return closed


def _may_be_message(part: BodyPart, exchange: Exchange | None) -> bool:
    """Return whether *part* is of a message for all that is known: of no listing.

    What the server heard tells, which may be another command than the client said.
    """
    if exchange is None or part.side is Side.CLIENT:
        return True
    return exchange.command.shape in _MESSAGES
