"""A folder of Parquet files: each is written whole before it gets its name.

So a reader never meets half a file, and what a crash takes with it are the rows that still wait.
Inside the folder no symbolic link is followed: what it leads to may be another's.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from pop3spy.newfile import open_new
from pop3spy.protocol.text import escape
from pop3spy.tables.columns import TABLES
from pop3spy.tables.parquet import parquet_of
from pop3spy.tables.partitions import Partition
from pop3spy.tables.run_mark import part_name

_PRIVATE: Final = 0o700


class ParquetFolder:
    """Writes partitions to files in *folder*, which is there; nobody else may read new ones.

    Raise OSError if a table would go elsewhere by a symbolic link.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for table in TABLES:
            _refuse_link(folder / table)

    def write(self, partition: Partition, name: str) -> tuple[Path, int]:
        """Write a file that is to be called *name*; return where, and how many rows it lacks.

        It is hidden until ``publish``.  Raise OSError if it cannot be written.
        """
        place = self._made(partition)
        data, left_out = parquet_of(partition.table, partition.lines)
        part = place / part_name(name)
        with suppress(FileNotFoundError):  # of an attempt that failed
            part.unlink()
        try:
            with open_new(part) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                part.unlink()
            raise
        return place / name, left_out

    @staticmethod
    def publish(path: Path) -> None:
        """Give a file that was written its name; raise FileExistsError if another has it."""
        if os.path.lexists(path):
            raise FileExistsError
        path.with_name(part_name(path.name)).rename(path)

    @staticmethod
    def remove(path: Path) -> None:
        """Take away a file that was written and not published."""
        with suppress(OSError):
            path.with_name(part_name(path.name)).unlink()

    def _made(self, partition: Partition) -> Path:
        """Return the folder of *partition*; that of all tables is not made, it may be unmounted."""
        place = self._folder / partition.place
        for folder in (place.parent, place):
            try:
                folder.mkdir(_PRIVATE)
            except FileExistsError:
                _refuse_link(folder)
        return place


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise OSError(f"no symbolic link is followed there, and {escape(str(path))} is one")
