"""One JSON object for each command and its reply: the lines that the JSON log has for it.

What was found, and what a person noted, has a line as well.
"""

from typing import BinaryIO

from pop3spy.export.exporter import ExportSource, noted_text
from pop3spy.protocol.text import count
from pop3spy.session.bus import Reader
from pop3spy.session.events import Answered, Event, Noted, Raised, Unanswered
from pop3spy.session.facts import facts_of, peers_of
from pop3spy.session.json_text import members
from pop3spy.session.model import Session


class JsonLines:
    """Writes an object a line to *stream*, in ASCII."""

    def __init__(self, stream: BinaryIO, source: ExportSource) -> None:
        self._stream = stream
        self._source = source
        self._written = 0

    def __call__(self, _: Session) -> Reader:
        """Return what writes the exchanges of a session."""
        return self._read

    def note(self, event: Noted) -> None:
        """Write what a person noted, unless a filter asks for exchanges alone."""
        if self._source.wanted is None:
            self._line("noted", event.at, members({"text": noted_text(event)}))

    def close(self) -> None:
        """Do nothing: nothing is kept back."""

    @property
    def summary(self) -> str:
        """How many there were."""
        return count(self._written, "exchange")

    def _read(self, event: Event) -> None:
        if isinstance(event, Answered | Unanswered):
            if self._source.wants(event.session, event.exchange):
                self._write(event)
        elif isinstance(event, Raised) and self._wants_finding(event):
            finding, peers = event.finding, peers_of(event.session)
            told = f"{peers}, {members(finding.facts())}"
            self._line("finding_raised", event.at, told, finding.severity.word)

    def _wants_finding(self, event: Raised) -> bool:
        if event.exchange is None:
            return self._source.wanted is None
        return self._source.wants(event.session, event.exchange)

    def _write(self, event: Answered | Unanswered) -> None:
        what = "command_answered" if isinstance(event, Answered) else "command_unanswered"
        self._line(what, event.at, f"{peers_of(event.session)}, {facts_of(event.exchange)}")
        self._written += 1

    def _line(self, what: str, at: float, told: str, level: str = "info") -> None:
        date = self._source.date(at).isoformat(timespec="microseconds")[:26]
        known = members({"time": f"{date}Z", "event": what, "level": level})
        self._stream.write(f"{{{known}, {told}}}\n".encode("ascii"))
