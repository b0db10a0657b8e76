"""The log for people: what client and server said, one line of the wire on one line."""

from collections.abc import Callable

from pop3spy.logs.layout import LineLayout
from pop3spy.logs.notes import sentence
from pop3spy.logs.session_transcript import SessionTranscript, closing_row
from pop3spy.session.bus import Reader
from pop3spy.session.chunk import Clock
from pop3spy.session.closings import SOON, Closings
from pop3spy.session.events import Noted
from pop3spy.session.finding import Severity
from pop3spy.session.model import Session
from pop3spy.spool import Stream

Wait = Callable[[float, Callable[[], None]], None]
"""Calls something after so many seconds."""


class Transcript:
    """A subscriber that writes the transcript to *stream*.

    With *colour* it is coloured.  ``width`` is the number of columns of the terminal, which may be
    set anew at any time; None is a file, in which no line is cut.  With *clock* each session's
    first line has the date.  With *bodies* messages are shown line by line, and listings whole.
    Of *findings* those are told that are at least so bad; with None, none.
    *wait* calls something after so many seconds: with it, what a side does and nobody says anything
    about is told although nothing else happens.
    """

    def __init__(  # noqa: PLR0913 - how it is to look
        self,
        stream: Stream,
        clock: Clock | None = None,
        *,
        colour: bool = False,
        width: int | None = None,
        bodies: bool = False,
        findings: Severity | None = Severity.WARNING,
        wait: Wait | None = None,
    ) -> None:
        self._bodies = bodies
        self._findings = findings
        self._stream = stream
        self._clock = clock
        self._layout = LineLayout(colour=colour, width=width)
        self._wait = wait
        self._closings = Closings()  # of all sessions: what one says shows that time has passed
        self._waits = False

    @property
    def width(self) -> int | None:
        """The columns that a line may take."""
        return self._layout.width

    @width.setter
    def width(self, columns: int | None) -> None:
        self._layout.width = columns

    def __call__(self, session: Session) -> Reader:
        """Return what writes *session*."""
        clock, at = self._clock, session.opened_at
        date = f"{clock.date(at):%Y-%m-%d %H:%M:%SZ}" if clock else ""
        return SessionTranscript(
            self._layout,
            self._write,
            self._closings,
            self._later,
            date=date,
            bodies=self._bodies,
            findings=self._findings,
        )

    def _later(self) -> None:
        """Have closings told that nothing follows: one timer for all sessions is enough."""
        if self._wait and not self._waits:
            self._closings.overdue()  # none yet
            self._waits = True
            self._wait(SOON, self._waited)

    def _waited(self) -> None:
        if rows := "".join(closing_row(self._layout, told) for told in self._closings.overdue()):
            self._write(rows)
        self._waits = bool(self._closings.waiting)
        if self._wait and self._waits:
            self._wait(SOON, self._waited)

    def _write(self, rows: str) -> None:
        self._stream.write(rows)
        self._stream.flush()


def lines_lost(count: int) -> str:
    """Return the line that stands where *count* entries could not be written in time."""
    return f"{sentence(Noted('entries_lost', 0.0, {'count': count}))}\n"
