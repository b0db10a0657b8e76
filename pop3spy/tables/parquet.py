"""Lines of rows as Parquet; the only home of pyarrow, which is loaded for whoever asks for it."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
from pyarrow import json, parquet

from pop3spy.tables.columns import TABLES, VERSION, ColumnKind

_TYPES: Final = {
    ColumnKind.TEXT: pa.string(),
    ColumnKind.INTEGER: pa.int64(),
    ColumnKind.SECONDS: pa.float64(),
    ColumnKind.TRUTH: pa.bool_(),
    ColumnKind.TIME: pa.timestamp("us", tz="UTC"),
}

SCHEMAS: Final = {
    name: pa.schema(
        [(column.name, _TYPES[column.kind]) for column in table.columns],
        metadata={"pop3spy.schema": str(VERSION), "pop3spy.table": name},
    )
    for name, table in TABLES.items()
}
"""The schema of each table, as its files have it."""


def parquet_of(table: str, lines: Sequence[str]) -> tuple[bytes, int]:
    """Return a Parquet file of *lines*, which are rows of *table*, and how many are not in it.

    A row is left out that has a number which no column holds, as a hostile recording may have.
    """
    try:
        rows, left_out = _rows(table, lines), 0
    except pa.ArrowInvalid:
        fitting = [line for line in lines if _fits(table, line)]
        rows, left_out = _rows(table, fitting), len(lines) - len(fitting)
    out = pa.BufferOutputStream()
    parquet.write_table(rows, out, compression="zstd")
    return out.getvalue().to_pybytes(), left_out


def _rows(table: str, lines: Sequence[str]) -> pa.Table:
    if not lines:
        return SCHEMAS[table].empty_table()
    text = "\n".join(lines).encode("ascii")
    # One block, and one thread: whoever relays has the other cores.
    reading = json.ReadOptions(use_threads=False, block_size=len(text) + 1)
    parsing = json.ParseOptions(explicit_schema=SCHEMAS[table], unexpected_field_behavior="ignore")
    read = json.read_json(pa.BufferReader(text), reading, parsing)
    return read.replace_schema_metadata(SCHEMAS[table].metadata)


def _fits(table: str, line: str) -> bool:
    try:
        _rows(table, [line])
    except pa.ArrowInvalid:
        return False
    return True
