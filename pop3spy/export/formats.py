"""Every format there is, as one table: what it is for, and where it is written to."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pop3spy.export.dialogue import Dialogue
from pop3spy.export.eml import eml_folder
from pop3spy.export.exporter import Exporter, ExportSource, FolderExporter
from pop3spy.export.jsonl import JsonLines
from pop3spy.export.mbox import mbox
from pop3spy.export.pcapng import PacketCapture
from pop3spy.export.table_rows import TableRows
from pop3spy.extras import check_extra


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """A format that is one run of octets; what is not *text* is nothing for a terminal.

    *suffix* is what the name of such a file ends with.  A *filterable* one can leave out exchanges.
    """

    summary: str
    suffix: str
    open: Callable[[BinaryIO, ExportSource], Exporter]
    text: bool = True
    filterable: bool = True


@dataclass(frozen=True, slots=True)
class FolderFormat:
    """A format of one file for each thing, in a folder that exists; it may need an *extra*."""

    summary: str
    open: Callable[[Path, ExportSource], FolderExporter]
    filterable: bool = True
    extra: str = ""

    def check(self) -> None:
        """Raise ConfigError if what it needs is not installed."""
        if self.extra:
            check_extra(self.extra, self.extra)


Format = StreamFormat | FolderFormat


def _parquet(folder: Path, source: ExportSource) -> FolderExporter:
    from pop3spy.export.parquet import ParquetExport  # noqa: PLC0415 - it loads pyarrow

    return ParquetExport(folder, source)


EXPORTERS: Final[dict[str, Format]] = {
    "dialogue": StreamFormat(
        "what was said, as C: and S: lines, for docs and bug reports", "txt", Dialogue
    ),
    "jsonl": StreamFormat("one JSON object for each command and its reply", "jsonl", JsonLines),
    "eml": FolderFormat("each retrieved message as a file of its own", eml_folder),
    "mbox": StreamFormat(
        "the retrieved messages in one file, for mail programs", "mbox", mbox, text=False
    ),
    "pcapng": StreamFormat(
        "packets, for Wireshark", "pcapng", PacketCapture, text=False, filterable=False
    ),
    "rows": StreamFormat(
        "sessions, exchanges and findings as flat rows, a JSON object each",
        "jsonl",
        TableRows,
        filterable=False,
    ),
    "parquet": FolderFormat(
        "the same rows as Parquet, for DuckDB, Spark and ClickHouse",
        _parquet,
        filterable=False,
        extra="parquet",
    ),
}
"""The formats by their names; ``docs/export.md`` has an example of each."""
