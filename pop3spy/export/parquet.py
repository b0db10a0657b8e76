"""Sessions, exchanges and findings as Parquet files in a folder, by table and day.

A file is named after what is in it, so exporting a recording again is an error and no second copy
of its rows.
"""

import hashlib
import math
from pathlib import Path

from pop3spy.errors import ConfigError, said_by_system
from pop3spy.export.exporter import ExportSource
from pop3spy.export.table_rows import CountedRows
from pop3spy.protocol.text import count, escape
from pop3spy.session.bus import Reader
from pop3spy.session.events import Noted
from pop3spy.session.model import Session
from pop3spy.tables.parquet_folder import ParquetFolder
from pop3spy.tables.partitions import FILE_SIZE, Partition, Partitions


class ParquetExport:
    """Writes files to *folder*; they are hidden until ``close``, so that no part is the whole.

    Raise ConfigError if a link in the folder would lead elsewhere.
    """

    def __init__(self, folder: Path, source: ExportSource) -> None:
        self._rows = CountedRows(self, source)
        try:
            self._files = ParquetFolder(folder)
        except OSError as error:
            raise ConfigError(f"cannot write there: {said_by_system(error)}") from None
        self._waiting = Partitions(FILE_SIZE, age=math.inf)
        self._written: list[Path] = []
        self._left_out = 0

    def __call__(self, session: Session) -> Reader:
        """Return what writes the rows of *session*."""
        return self._rows.log(session)

    def note(self, _: Noted) -> None:
        """Do nothing: what a person notes is in no table."""

    def close(self) -> None:
        """Write what is left, and let others see all files."""
        self._rows.log.close()
        self._write(self._waiting.all())
        for path in self._written:
            self._files.publish(path)
        self._written.clear()

    def abandon(self) -> None:
        """Take away what was written: something failed."""
        for path in self._written:
            self._files.remove(path)

    @property
    def summary(self) -> str:
        """How many rows there were, and how many were left out."""
        text = self._rows.summary
        return f"{text}; {count(self._left_out, 'row')} left out" if self._left_out else text

    # -- as the stream that takes rows ----------------------------------------------------------

    def write(self, text: str, /) -> None:
        """Take a row, with its line end."""
        self._waiting.add(text[:-1], 0.0)
        self._write(self._waiting.due(0.0))

    def flush(self) -> None:
        """Do nothing: files are written when there is enough for them."""

    def _write(self, partitions: list[Partition]) -> None:
        for partition in partitions:
            digest = hashlib.sha256("\n".join(partition.lines).encode("ascii")).hexdigest()
            path, left_out = self._files.write(
                partition, f"{self._rows.clock.run}-{digest[:16]}.parquet"
            )
            self._written.append(path)
            self._waiting.take(partition)
            self._left_out += left_out
            if path.exists():
                raise ConfigError(f"{escape(str(path))} exists; this recording is there already")
