"""What was said, as text: ``C:`` and ``S:`` before each line, for docs and bug reports.

Sessions stand one after another, each when it is over; until then what it said waits, on disk if it
is much.  What neither client nor server said stands behind ``#``.
"""

import shutil
from dataclasses import dataclass, field
from typing import IO, BinaryIO, Final

from pop3spy.export.exporter import ExportSource, count
from pop3spy.export.rows import Rows
from pop3spy.export.unread import Unread
from pop3spy.export.waiting import waiting_file
from pop3spy.filters.exchange_filter import ExchangeFilter
from pop3spy.protocol.frames import BodyEnd, BodyPart, Frame, Opaque, Side
from pop3spy.protocol.text import escape
from pop3spy.session.events import Answered, Blinded, Ended, Event, Heard, Intervened, Told
from pop3spy.session.intervention_text import intervention_text, substitutes
from pop3spy.session.lines import line_text
from pop3spy.session.model import Session

_IN_MEMORY: Final = 1 << 18
"""Octets of a session beyond which it waits on disk."""


@dataclass(slots=True)
class _SessionText:
    """What one session has said so far."""

    text: IO[bytes] = field(default_factory=lambda: waiting_file(_IN_MEMORY))
    rows: dict[Side, Rows] = field(
        default_factory=lambda: {side: Rows(f"{side.value}:") for side in Side}
    )
    unread: Unread = field(default_factory=Unread)

    def write(self, text: str) -> None:
        if text:
            self.text.write(text.encode("utf-8", "backslashreplace"))

    def note(self, text: str) -> None:
        self.write(f"# {text}\n")


class Dialogue:
    """Writes sessions to *stream* in UTF-8."""

    def __init__(self, stream: BinaryIO, source: ExportSource) -> None:
        self._stream = stream
        self._source = source
        wanted = source.wanted
        self._read = (
            self._take if wanted is None else ExchangeFilter(wanted, self._take, whole=True)
        )
        self._scripts: dict[int, _SessionText] = {}
        self._written = 0

    def __call__(self, event: Told) -> None:
        """Take in *event*; write its session if that is over."""
        self._read(event)

    def _take(self, event: Told) -> None:
        if not isinstance(event, Event):
            return
        session = event.session
        script = self._scripts.get(session.id)
        if script is None:
            script = self._scripts[session.id] = _SessionText()
            script.note(self._title(session))
        match event:
            case Heard(frame=frame):
                _heard(frame, script)
            case Intervened():
                _intervened(event, script)
            case Answered(exchange=exchange) if not exchange.complete:
                script.write(script.rows[Side.SERVER].rest())
            case Blinded(why=why):
                _settle(script)
                script.note(f"nothing more was read: {escape(why)}")
            case Ended(at=at, ending=ending):
                _settle(script)
                how = ending.how.value.replace("_", " ")
                why = f" ({escape(ending.why)})" if ending.why else ""
                after = f"{at - session.opened_at:.3f} s"
                script.note(f"session {session.id} ended after {after}: {how}{why}")
                self._finish(session.id)

    def close(self) -> None:
        """Write the sessions that have no end."""
        for number, script in list(self._scripts.items()):
            _settle(script)
            self._finish(number)

    @property
    def summary(self) -> str:
        """How many sessions were written."""
        return count(self._written, "session")

    def _title(self, session: Session) -> str:
        client, server = escape(str(session.client)), escape(str(session.server))
        date = f"{self._source.date(session.opened_at):%Y-%m-%d %H:%M:%SZ}"
        return f"session {session.id}: {client} → {server}, {date}"

    def _finish(self, number: int) -> None:
        with self._scripts.pop(number).text as text:
            if self._written:
                self._stream.write(b"\n")
            text.seek(0)
            shutil.copyfileobj(text, self._stream)
        self._written += 1


def _heard(frame: Frame, script: _SessionText) -> None:
    if isinstance(frame, Opaque):
        if told := script.unread.add(frame):
            script.note(told)
        return
    for note in script.unread.take():
        script.note(note)
    rows = script.rows[frame.side]
    if isinstance(frame, BodyPart):
        script.write(rows.add(frame.raw, frame.masks))
        return
    script.write(rows.rest())
    text = line_text(frame)
    unended = "\\" if frame.truncated and not isinstance(frame, BodyEnd) else ""
    script.write(f"{frame.side.value}: {text}".rstrip(" ") + f"{unended}\n")


def _intervened(event: Intervened, script: _SessionText) -> None:
    for note in script.unread.take():
        script.note(note)
    script.note(f"◆ {intervention_text(event)}")
    for frame, text in substitutes(event):
        script.note(f"{frame.side.value}» {text}")


def _settle(script: _SessionText) -> None:
    """Write what waits for more of it."""
    for rows in script.rows.values():
        script.write(rows.rest())
    for note in script.unread.take():
        script.note(note)
