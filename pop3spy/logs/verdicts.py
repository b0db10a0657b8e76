"""What became of each session, in one paragraph that people can paste."""

from pop3spy.findings.verdict import verdict_of
from pop3spy.session.bus import Reader
from pop3spy.session.events import Ended, Event
from pop3spy.session.finding import Severity
from pop3spy.session.model import Session
from pop3spy.spool import Stream
from pop3spy.wrapping import wrapped


class Verdicts:
    """A subscriber that writes a paragraph to *stream* when a session is over.

    Findings that are not at least so bad as *least* are left out; None: all are.  ``width`` is the
    number of columns of the terminal; None is a file, in which a paragraph is one line.
    """

    def __init__(self, stream: Stream, least: Severity | None) -> None:
        self._stream = stream
        self._least = least
        self.width: int | None = None
        self._written = False

    def __call__(self, _: Session) -> Reader:
        """Return what writes of a session."""
        return self._read

    def _read(self, event: Event) -> None:
        if not isinstance(event, Ended):
            return
        session = event.session
        text = verdict_of(session, self._least or Severity.ERROR)
        head = f"session {session.id}: "
        lines = (
            [head + text] if self.width is None else wrapped(head + text, self.width, self.width)
        )
        between = "\n" if self._written else ""
        self._written = True
        self._stream.write(between + "".join(f"{line}\n" for line in lines))
        self._stream.flush()
