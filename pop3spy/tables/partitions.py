"""Rows that wait to be written, by table and day: each of these becomes a file of its own."""

from dataclasses import dataclass, field
from typing import Final

from pop3spy.tables.row_lines import table_of

FILE_SIZE: Final = 32 << 20
"""Characters of rows in a file, more or less, where nobody says how many."""
_TIME: Final = '"time": "'
_DAY: Final = 10
"""Characters of a day: ``2026-11-23``."""


@dataclass(slots=True)
class Partition:
    """Rows of one table and one day, as lines; the first of them came at ``since``, in seconds."""

    table: str
    day: str
    since: float
    lines: list[str] = field(default_factory=list)
    size: int = 0

    @property
    def place(self) -> str:
        """The folder of its files, by a name that engines take a column from."""
        return f"{self.table}/date={self.day}"


class Partitions:
    """All that waits; a partition is due when its lines have *size* characters, or *age* seconds.

    So that many days do not fill the memory, all are due when they have twice that size together.
    """

    def __init__(self, size: int, age: float) -> None:
        self._limit = size
        self._age = age
        self._waiting: dict[tuple[str, str], Partition] = {}
        self.size = 0

    @property
    def rows(self) -> int:
        """How many rows wait."""
        return sum(len(partition.lines) for partition in self._waiting.values())

    def add(self, line: str, now: float) -> None:
        """Let *line*, a row without its line end, wait."""
        key = table_of(line), _day_of(line)
        if (partition := self._waiting.get(key)) is None:
            partition = self._waiting[key] = Partition(*key, since=now)
        partition.lines.append(line)
        partition.size += len(line)
        self.size += len(line)

    def all(self) -> list[Partition]:
        """Return whatever waits."""
        return list(self._waiting.values())

    def due(self, now: float) -> list[Partition]:
        """Return what is to be written *now*."""
        if self.size >= 2 * self._limit:
            return self.all()
        return [
            partition
            for partition in self._waiting.values()
            if partition.size >= self._limit or now - partition.since >= self._age
        ]

    def take(self, partition: Partition) -> None:
        """Forget *partition*, which is written."""
        del self._waiting[partition.table, partition.day]
        self.size -= partition.size


def _day_of(line: str) -> str:
    start = line.index(_TIME) + len(_TIME)
    return line[start : start + _DAY]
