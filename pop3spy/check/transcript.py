"""What was said while a check ran, as it may be shown; the text of messages never is."""

import re
from dataclasses import dataclass
from typing import Final

from pop3spy.logs.shown_lines import ShownLines
from pop3spy.protocol.commands import Shape
from pop3spy.protocol.frames import BodyEnd, BodyPart, Frame, Opaque, Side
from pop3spy.protocol.text import count, escape
from pop3spy.session.bus import Reader
from pop3spy.session.closings import closing_text
from pop3spy.session.events import Blinded, Event, Heard, Opened, Raised, Secured, SideClosed
from pop3spy.session.finding import Finding
from pop3spy.session.lines import line_text
from pop3spy.session.model import Session

MOST: Final = 20
"""Lines of a check's transcript that are kept, the last ones."""
_KEPT: Final = 4000
_LISTED: Final = 6
_LONGEST: Final = 200
NOBODY: Final = "-"
"""In place of a side: what happened, and nobody said."""
_TRUNCATED: Final = "..."
_LEFT_OUT: Final = re.compile(r"[\d,]+ (more lines?|lines? before)")
"""How it is said that there are lines here which are not kept."""
_ENDS: Final = {"lf": "(LF alone)", "none": "(no line end)"}
"""Ends of a line that are told."""


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """A line of the client (``C``), of the server (``S``), or what happened (``-``).

    ``at`` is in seconds since the audit began; ``eol`` is how the line ended on the wire, ``crlf``,
    ``lf`` or ``none``; ``truncated`` whether it is only its beginning.
    """

    at: float
    who: str
    text: str
    eol: str = "crlf"
    truncated: bool = False

    def __str__(self) -> str:
        """Return it as a line of a conversation."""
        mark = "#" if self.who == NOBODY else f"{self.who}:"
        remark = f"  {self.remark}" * bool(self.remark)
        return f"{mark} {self.shown}{remark}".rstrip()

    @property
    def shown(self) -> str:
        """Its text, and that there is more where it is cut."""
        return f"{self.text}{_TRUNCATED if self.truncated else ''}"

    @property
    def stands_for_lines(self) -> bool:
        """Whether it says how many lines are here that are not kept."""
        return self.who == NOBODY and _LEFT_OUT.fullmatch(self.text) is not None

    @property
    def remark(self) -> str:
        """What is odd about its end, or nothing."""
        return _ENDS.get(self.eol, "") if self.who != NOBODY else ""


class CheckTranscript:
    """A subscriber that keeps what is said in all sessions, for the checks that are running."""

    def __init__(self) -> None:
        self.lines: list[TranscriptLine] = []
        self.findings: list[Finding] = []

    def begin(self) -> None:
        """Forget what was said; another check begins."""
        self.lines.clear()
        self.findings.clear()

    def add(self, lines: list[TranscriptLine]) -> None:
        """Add what was said before, when what is known now was found out."""
        self.lines.extend(lines)

    def note(self, at: float, text: str) -> None:
        """Add what happened, and nobody said; *text* may be shown."""
        self.lines.append(TranscriptLine(round(at, 3), NOBODY, text))

    @property
    def last(self) -> tuple[TranscriptLine, ...]:
        """The last lines, and how many there are before them."""
        lines = self.lines
        if len(lines) <= MOST:
            return tuple(lines)
        left = TranscriptLine(lines[0].at, NOBODY, f"{count(len(lines) - MOST, 'line')} before")
        return (left, *lines[-MOST:])

    def __call__(self, session: Session) -> Reader:
        """Return what keeps the lines of *session*."""
        return _SessionLines(self, session)


class _SessionLines:
    def __init__(self, kept: CheckTranscript, session: Session) -> None:
        self._kept = kept
        self._session = session
        self._listing: ShownLines | None = None
        self._octets = 0
        self._listed = 0

    def __call__(self, event: Event) -> None:
        """Keep what is to be shown of *event*."""
        match event:
            case Opened():
                self._note(event.at, f"connection {event.session.id} to {event.session.server}")
            case Secured():
                self._note(event.at, f"{event.tls.version} begins")
            case SideClosed(side=Side.SERVER):
                self._note(event.at, closing_text(event))
            case Blinded():
                self._note(event.at, f"nothing is read from here on: {event.why}")
            case Heard():
                self._heard(event, event.frame)
            case Raised(finding=finding):
                self._kept.findings.append(finding)

    def _heard(self, event: Heard, frame: Frame) -> None:
        match frame:
            case BodyPart(side=Side.SERVER):
                self._body(event, frame)
            case BodyEnd(side=Side.SERVER):
                self._end(event)
            case Opaque():
                size = frame.counted if frame.counted is not None else len(frame.raw)
                self._add(
                    event.at, frame.side.value, f"({count(size, 'octet')}: {frame.why.value})"
                )
            case BodyPart() | BodyEnd():
                pass
            case _:
                self._line(event, frame)

    def _line(self, event: Heard, frame: Frame) -> None:
        text = line_text(frame)
        eol = "crlf" if frame.raw.endswith(b"\r\n") else "lf"
        eol = eol if frame.raw.endswith(b"\n") else "none"
        long = len(text) > _LONGEST
        self._add(event.at, frame.side.value, text[:_LONGEST], eol, truncated=long)

    def _body(self, event: Heard, frame: BodyPart) -> None:
        self._octets += len(frame.raw)
        exchange = event.exchange
        if exchange is None or exchange.command.shape is Shape.MESSAGE:
            return
        self._listing = self._listing or ShownLines(_LISTED)
        for text in self._listing.add(frame):
            self._add(event.at, "S", text[:_LONGEST])
        self._listed += frame.raw.count(b"\n")

    def _end(self, event: Heard) -> None:
        if self._listing is None:
            self._note(event.at, f"a message of {count(self._octets, 'octet')} on the wire")
        elif (more := self._listed - self._listing.shown) > 0:
            self._note(event.at, count(more, "more line"))
        self._add(event.at, "S", ".")
        self._listing, self._octets, self._listed = None, 0, 0

    def _note(self, at: float, text: str) -> None:
        self._add(at, NOBODY, escape(text))

    def _add(
        self, at: float, who: str, text: str, eol: str = "crlf", *, truncated: bool = False
    ) -> None:
        lines = self._kept.lines
        lines.append(TranscriptLine(round(at, 3), who, text, eol, truncated))
        if len(lines) > _KEPT:  # a server may say lines without end
            del lines[: _KEPT // 2]
