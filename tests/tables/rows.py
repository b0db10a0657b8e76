"""Rows of conversations, as lines."""

import io
import json
from typing import Any

from logs.dialogue import CLIENT, SERVER, Play, raise_it
from pop3spy.findings import Findings, own_rules
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.how import How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.tables.row_lines import RowLog, table_of

FAR: Peer = Peer("192.0.2.17", 50312)


class Rows:
    """The rows of sessions that are played; each says ``CLIENT`` or somebody else."""

    def __init__(self, clock: Clock | None = None, *, strict: bool = False) -> None:
        self.clock = clock or Clock()
        self._stream = io.StringIO()
        self._strict = strict
        self._bus = Bus(raise_it)
        self._bus.subscribe(Findings(self._bus.publish, own_rules(), raise_it))
        self.log = RowLog(self._stream, self.clock)
        self._bus.subscribe(self.log)

    def play(
        self, dialogue: str, *, number: int = 1, client: Peer = CLIENT, end: How | None = How.QUIT
    ) -> "Rows":
        names = Pseudonyms() if self._strict else None
        at = float(number)
        reading = Reading(number, client, SERVER, at, self._bus.publish, names=names)
        play = Play(reading, at).play(dialogue)
        if end is not None:
            play.end(end)
        return self

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")[:-1]

    def of(self, table: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if table_of(line) == table]
