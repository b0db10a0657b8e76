"""One JSON object for each command and its reply: the lines that the JSON log has for it."""

import json
from typing import BinaryIO

from pop3spy.export.exporter import ExportSource
from pop3spy.protocol.text import count, escape
from pop3spy.session.bus import Reader
from pop3spy.session.events import Answered, Event, Unanswered
from pop3spy.session.facts import facts_of
from pop3spy.session.model import Session

_encode = json.JSONEncoder(default=str).encode  # json.dumps would make an encoder for each line


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
        session = event.session
        what = "command_answered" if isinstance(event, Answered) else "command_unanswered"
        date = self._source.date(event.at).isoformat(timespec="microseconds")[:26]
        line = _encode(
            {
                "time": f"{date}Z",
                "event": what,
                "level": "info",
                "session": session.id,
                "client": escape(str(session.client)),
                "server": escape(str(session.server)),
                **facts_of(event.exchange),
            }
        )
        self._stream.write(f"{line}\n".encode("ascii"))
        self._written += 1
