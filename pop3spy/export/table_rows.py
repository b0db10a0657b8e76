"""Sessions, exchanges and findings as rows: a JSON object each, for engines and for programs."""

from collections import Counter
from datetime import UTC
from typing import BinaryIO

from pop3spy.export.exporter import ExportSource
from pop3spy.protocol.text import count
from pop3spy.session.bus import Reader
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.model import Session
from pop3spy.spool import Stream
from pop3spy.tables.row_lines import RowLog, table_of


class TableRows:
    """Writes a row a line, for all tables, to *stream*, in ASCII."""

    def __init__(self, stream: BinaryIO, source: ExportSource) -> None:
        self._rows = CountedRows(_Octets(stream), source)

    def __call__(self, session: Session) -> Reader:
        """Return what writes the rows of *session*."""
        return self._rows.log(session)

    def note(self, _: Noted) -> None:
        """Do nothing: what a person notes is in no table."""

    def close(self) -> None:
        """Write the rows of sessions that the recording does not hold to their ends."""
        self._rows.log.close()

    @property
    def summary(self) -> str:
        """How many rows there were."""
        return self._rows.summary


class CountedRows:
    """Rows of what *source* exports; ``log`` writes them to *stream*."""

    def __init__(self, stream: Stream, source: ExportSource) -> None:
        self.clock = Clock(source.started.astimezone(UTC))
        self.log = RowLog(self, self.clock)
        self._stream = stream
        self._counts: Counter[str] = Counter()

    def write(self, text: str, /) -> None:
        """Count a row, and write it."""
        self._counts[table_of(text)] += 1
        self._stream.write(text)

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""

    @property
    def summary(self) -> str:
        """How many there were: ``1 session, 5 exchanges, 2 findings``."""
        names = ("sessions", "exchanges", "findings")
        return ", ".join(count(self._counts[name], name.removesuffix("s")) for name in names)


class _Octets:
    """A stream of text that goes to *stream*."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, text: str, /) -> None:
        self._stream.write(text.encode("ascii"))

    def flush(self) -> None:
        self._stream.flush()
