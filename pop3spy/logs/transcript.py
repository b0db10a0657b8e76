"""The log for people: what client and server said, one line of the wire on one line."""

from pop3spy.logs.layout import LineLayout
from pop3spy.logs.notes import sentence
from pop3spy.logs.session_transcript import Later, SessionTranscript
from pop3spy.session.bus import Reader
from pop3spy.session.chunk import Clock
from pop3spy.session.closings import Closings
from pop3spy.session.events import Noted
from pop3spy.session.model import Session
from pop3spy.spool import Stream


class Transcript:
    """A subscriber that writes the transcript to *stream*.

    With *colour* it is coloured.  ``width`` is the number of columns of the terminal, which may be
    set anew at any time; None is a file, in which no line is cut.  With *clock* each session's
    first line has the date.  With *bodies* messages are shown line by line, and listings whole.
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
        wait: Later | None = None,
    ) -> None:
        self._bodies = bodies
        self._stream = stream
        self._clock = clock
        self._layout = LineLayout(colour=colour, width=width)
        self._wait = wait
        self._closings = Closings()  # of all sessions: what one says shows that time has passed

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
            self._wait,
            date=date,
            bodies=self._bodies,
        )

    def _write(self, rows: str) -> None:
        self._stream.write(rows)
        self._stream.flush()


def lines_lost(count: int) -> str:
    """Return the line that stands where *count* entries could not be written in time."""
    return f"{sentence(Noted('entries_lost', 0.0, {'count': count}))}\n"
