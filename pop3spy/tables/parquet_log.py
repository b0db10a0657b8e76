"""The log as Parquet: files by table and day, a new one when rows are many or old enough."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pop3spy.errors import Pop3SpyError, said_by_system
from pop3spy.protocol.text import count, escape
from pop3spy.session.chunk import Clock
from pop3spy.spool import LIMIT
from pop3spy.tables.parquet_folder import ParquetFolder
from pop3spy.tables.partitions import Partition, Partitions
from pop3spy.tables.row_lines import gap
from pop3spy.tables.run_mark import RunMark, killed_runs

_PAUSE: Final = 5.0
"""Seconds until what could not be written is tried again."""
_KEPT: Final = 4
"""So many times the size of a file may wait while nothing can be written, if that is much."""


class ParquetLog:
    """A stream that takes rows as lines; ``flush`` writes those that are due, ``close`` all.

    A file has *size* characters of rows at most, more or less, and none that is older than *age*
    seconds.  What cannot be written, to a full disk for example, is tried again; rows for which
    there is no room meanwhile are counted, and ``gaps`` has a row with their number.

    Raise OSError if *folder*, which is there, cannot be written to.  ``killed`` are runs that had
    not ended in order.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        size: int,
        age: float,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._where = folder
        self._files = ParquetFolder(folder)
        self.killed = tuple(killed_runs(folder))
        self._mark = RunMark(folder, clock.run)
        self._mark.hold()
        self._waiting = Partitions(size, age)
        self._most = max(_KEPT * size, LIMIT)
        self._ticks = ticks
        self._retry_at = 0.0
        self._number = 0
        self._lost = 0
        for run in self.killed:
            self._add(gap(clock, run, "killed", None)[:-1])

    def write(self, text: str) -> None:
        """Take *text*: whole lines, each a row."""
        for line in text.split("\n")[:-1]:
            if self._waiting.size > self._most:
                self._lost += 1
            else:
                self._add(line)

    def flush(self) -> None:
        """Write what is due; raise OSError if that cannot be done."""
        now = self._ticks()
        if now >= self._retry_at:
            self._write(self._waiting.due(now))

    def close(self) -> None:
        """Write the rest; raise Pop3SpyError if that cannot be done."""
        try:
            self._write(self._waiting.all())
            self._write(self._waiting.all())  # that rows were lost is a row
        except OSError as error:
            rows = count(self._waiting.rows + self._lost, "row")
            raise Pop3SpyError(
                f"cannot write to the log {escape(str(self._where))}: {said_by_system(error)};"
                f" {rows} lost"
            ) from None
        self._mark.remove()

    def _add(self, line: str) -> None:
        self._waiting.add(line, self._ticks())

    def _write(self, partitions: list[Partition]) -> None:
        for partition in partitions:
            try:
                self._write_one(partition)
            except OSError:
                self._retry_at = self._ticks() + _PAUSE
                raise
        if self._lost and partitions:
            self._add(gap(self._clock, self._clock.run, "failed", self._lost)[:-1])
            self._lost = 0

    def _write_one(self, partition: Partition) -> None:
        self._mark.hold()
        self._number += 1
        name = f"{self._clock.run}-{self._number:05d}.parquet"
        path, left_out = self._files.write(partition, name)
        self._files.publish(path)
        self._waiting.take(partition)
        self._lost += left_out
