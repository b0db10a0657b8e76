"""One JSON object for each command and its reply: the lines that the JSON log has for it."""

import json
from typing import BinaryIO

from pop3spy.export.exporter import ExportSource, count
from pop3spy.protocol.text import escape
from pop3spy.session.events import Answered, Told, Unanswered
from pop3spy.session.facts import facts_of

_encode = json.JSONEncoder(default=str).encode  # json.dumps would make an encoder for each line


class JsonLines:
    """Writes an object a line to *stream*, in ASCII."""

    def __init__(self, stream: BinaryIO, source: ExportSource) -> None:
        self._stream = stream
        self._source = source
        self._written = 0

    def __call__(self, event: Told) -> None:
        """Write the exchange that *event* ends, if it ends one."""
        match event:
            case Answered() | Unanswered() if not self._source.wants(event.session, event.exchange):
                return
            case Answered():
                self._write("command_answered", event)
            case Unanswered():
                self._write("command_unanswered", event)

    def close(self) -> None:
        """Do nothing: nothing is kept back."""

    @property
    def summary(self) -> str:
        """How many there were."""
        return count(self._written, "exchange")

    def _write(self, what: str, event: Answered | Unanswered) -> None:
        session = event.session
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
