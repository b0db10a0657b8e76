"""The schema of rows as JSON Schema (draft 2020-12), for those who read lines.

It is in the package as ``rows.schema.json``, which is made from this.
"""

from importlib.resources import files
from typing import Any, Final

from pop3spy.tables.columns import LARGEST, TABLES, VERSION, Column, ColumnKind, TableSpec

_TYPES: Final[dict[ColumnKind, dict[str, Any]]] = {
    ColumnKind.TEXT: {"type": "string"},
    ColumnKind.INTEGER: {"type": "integer", "maximum": LARGEST},
    ColumnKind.SECONDS: {"type": "number"},
    ColumnKind.TRUTH: {"type": "boolean"},
    ColumnKind.TIME: {
        "type": "string",
        "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$",
    },
}


def json_schema() -> dict[str, Any]:
    """Return the schema of a row, whichever table it is of."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pop3spy:rows:{VERSION}",
        "title": f"Rows of pop3spy, version {VERSION}",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in TABLES],
        "$defs": {name: _of_table(name, table) for name, table in TABLES.items()},
    }


def shipped_schema() -> str:
    """Return the schema as it is in the package."""
    return (files("pop3spy.tables") / "rows.schema.json").read_text(encoding="utf-8")


def _of_table(name: str, table: TableSpec) -> dict[str, Any]:
    names = ["table", *(column.name for column in table.columns)]
    return {
        "description": table.summary,
        "type": "object",
        "properties": {
            "table": {"const": name},
            **{column.name: _of_column(column) for column in table.columns},
        },
        "required": names,
    }


def _of_column(column: Column) -> dict[str, Any]:
    kind = dict(_TYPES[column.kind])
    if column.name == "schema":
        kind = {"const": VERSION}
    elif column.words:
        kind = {"enum": [*column.words, None] if column.optional else list(column.words)}
    elif column.optional:
        kind["type"] = [kind["type"], "null"]
    return {"description": column.meaning, **kind}
