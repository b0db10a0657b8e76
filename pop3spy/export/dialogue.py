"""What was said, as text: ``C:`` and ``S:`` before each line, for docs and bug reports.

Sessions stand one after another, each when it is over; until then what it said waits, on disk if it
is much.  What neither client nor server said stands behind ``#``.
"""

import shutil
from collections.abc import Callable
from typing import BinaryIO, Final

from pop3spy.export.exporter import ExportSource, noted_text
from pop3spy.export.rows import Rows
from pop3spy.export.waiting import waiting_file
from pop3spy.filters.exchange_filter import ExchangeFilter
from pop3spy.protocol.frames import BodyEnd, BodyPart, Frame, Opaque, Side
from pop3spy.protocol.text import count, escape
from pop3spy.session.bus import Reader
from pop3spy.session.closings import Closings, closing_text
from pop3spy.session.events import Answered, Blinded, Ended, Event, Heard, Intervened, Noted
from pop3spy.session.intervention_text import intervention_text, substitutes
from pop3spy.session.lines import line_text
from pop3spy.session.model import Session
from pop3spy.session.reply_problems import reply_problems
from pop3spy.session.unread import Stretches, UnreadStretch

_IN_MEMORY: Final = 1 << 18
"""Octets of a session beyond which it waits on disk."""
_MOST_NOTED: Final = 100
"""Sessions that a note is written into, those that began last."""


class Dialogue:
    """Writes sessions to *stream* in UTF-8."""

    def __init__(self, stream: BinaryIO, source: ExportSource) -> None:
        self._stream = stream
        self._source = source
        self._read: Callable[[Session], Reader] = self._begin
        if source.wanted is not None:
            self._read = ExchangeFilter(source.wanted, self._begin, whole=True)
        self._open: dict[_SessionText, None] = {}  # in the order in which they began
        self._written = 0

    def __call__(self, session: Session) -> Reader:
        """Return what writes *session* when that is over."""
        return self._read(session)

    def note(self, event: Noted) -> None:
        """Write what a person noted into each session that is open, or between two sessions.

        With a filter that is left out: it is about no exchange.
        """
        if self._source.wanted is not None:
            return
        text = f"note: {noted_text(event)}"
        for session in list(self._open)[-_MOST_NOTED:]:
            session.note(text)
        if not self._open:
            date = f"{self._source.date(event.at):%Y-%m-%d %H:%M:%SZ}"
            blank = "\n" if self._written else ""
            self._stream.write(f"{blank}# {text}, {date}\n{'' if blank else chr(10)}".encode())

    def close(self) -> None:
        """Write the sessions that have no end."""
        for text in list(self._open):
            text.settle()
            self._finish(text)

    @property
    def summary(self) -> str:
        """How many sessions were written."""
        return count(self._written, "session")

    def _begin(self, session: Session) -> Reader:
        client, server = escape(str(session.client)), escape(str(session.server))
        date = f"{self._source.date(session.opened_at):%Y-%m-%d %H:%M:%SZ}"
        text = _SessionText(f"session {session.id}: {client} → {server}, {date}")
        self._open[text] = None

        def read(event: Event) -> None:
            text.read(event)
            if isinstance(event, Ended):
                self._finish(text)

        return read

    def _finish(self, text: "_SessionText") -> None:
        del self._open[text]
        with text.file as file:
            if self._written:
                self._stream.write(b"\n")
            file.seek(0)
            shutil.copyfileobj(file, self._stream)
        self._written += 1


class _SessionText:
    """What one session has said so far, in ``file``; *title* is its first note."""

    def __init__(self, title: str) -> None:
        self.file = waiting_file(_IN_MEMORY)
        self._rows = {side: Rows(f"{side.value}:") for side in Side}
        self._unread = Stretches()
        self._closings = Closings()
        self.note(title)

    def read(self, event: Event) -> None:
        """Write what is to be told of *event*."""
        for closing in self._closings.before(event):
            self.settle()
            after = f"{closing.at - closing.session.opened_at:.3f} s"
            self.note(f"{closing_text(closing)} after {after}")
        match event:
            case Heard():
                self._heard(event, event.frame)
            case Intervened():
                self._intervened(event)
            case Answered(exchange=exchange):
                if not exchange.complete:
                    self._write(self._rows[Side.SERVER].rest())
                for problem in reply_problems(exchange):
                    self.note(problem)
            case Blinded(why=why):
                self.settle()
                self.note(f"nothing more was read: {escape(why)}")
            case Ended():
                self.settle()
                self._ended(event)

    def settle(self) -> None:
        """Write what waits for more of it."""
        for rows in self._rows.values():
            self._write(rows.rest())
        self._note_unread(self._unread.end())

    def _heard(self, event: Heard, frame: Frame) -> None:
        if isinstance(frame, Opaque):
            self._note_unread(self._unread.end_before(frame))
            self._unread.add(frame, event.first, event.at)
            return
        self._note_unread(self._unread.end())
        rows = self._rows[frame.side]
        if isinstance(frame, BodyPart):
            self._write(rows.add(frame.raw, frame.masks))
            return
        self._write(rows.rest())
        unended = "\\" if frame.truncated and not isinstance(frame, BodyEnd) else ""
        self._write(f"{frame.side.value}: {line_text(frame)}".rstrip(" ") + f"{unended}\n")

    def _intervened(self, event: Intervened) -> None:
        self._note_unread(self._unread.end())
        self.note(f"◆ {intervention_text(event)}")
        for frame, text in substitutes(event):
            self.note(f"{frame.side.value}» {text}")

    def _ended(self, event: Ended) -> None:
        session, ending = event.session, event.ending
        how = ending.how.plain
        why = f" ({escape(ending.why)})" if ending.why else ""
        after = f"{event.at - session.opened_at:.3f} s"
        self.note(f"session {session.id} ended after {after}: {how}{why}")

    def _note_unread(self, stretches: list[UnreadStretch]) -> None:
        for stretch in stretches:
            self.note(str(stretch))

    def note(self, text: str) -> None:
        """Write what neither client nor server said."""
        self._write(f"# {text}\n")

    def _write(self, text: str) -> None:
        if text:
            self.file.write(text.encode("utf-8", "backslashreplace"))
