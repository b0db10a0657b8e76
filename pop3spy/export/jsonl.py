"""One JSON object for each command and its reply: the lines that the JSON log has for it."""

from typing import BinaryIO

from pop3spy.export.exporter import ExportSource
from pop3spy.protocol.text import count
from pop3spy.session.bus import Reader
from pop3spy.session.events import Answered, Event, Unanswered
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

    def close(self) -> None:
        """Do nothing: nothing is kept back."""

    @property
    def summary(self) -> str:
        """How many there were."""
        return count(self._written, "exchange")

    def _read(self, event: Event) -> None:
        if isinstance(event, Answered | Unanswered) and self._source.wants(
            event.session, event.exchange
        ):
            self._write(event)

    def _write(self, event: Answered | Unanswered) -> None:
        what = "command_answered" if isinstance(event, Answered) else "command_unanswered"
        date = self._source.date(event.at).isoformat(timespec="microseconds")[:26]
        known = members({"time": f"{date}Z", "event": what, "level": "info"})
        line = f"{{{known}, {peers_of(event.session)}, {facts_of(event.exchange)}}}\n"
        self._stream.write(line.encode("ascii"))
        self._written += 1
