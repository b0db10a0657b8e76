"""From the text of a capture to records: fast for what a machine wrote, patient with a person.

Rules: a machine's line is JSON behind ``- ``; everything else is read as plain YAML,
a record at a time, so that neither size nor nesting of a hostile file goes beyond that of one
record.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TextIO

from pop3spy.errors import CaptureError
from pop3spy.plainyaml import Flaw, PlainYamlError, load_plain_yaml

LONGEST: Final = 1 << 24
"""Characters that one record may have; a machine's are never longer than one read."""
_BY_HAND: Final = 1 << 20
"""Characters that a record written by hand may have."""
_DEEPEST: Final = 8
_BLANKS: Final = " \t\r\n"

_JSON: Final = json.JSONDecoder()
_SHORT = re.compile(r"- ([CS]):(?: (.*))?$")
_TORN = "the last record is torn off, as when the writer was stopped"


@dataclass(slots=True)
class Line:
    """A record as read: JSON's or YAML's values, or a side and a value in the short form."""

    number: int  # of its first line, counted from 1
    values: list[Any]
    short: bool = False


def load_plain(text: str, where: str) -> Any:
    """Return what a piece of YAML says; raise CaptureError if it is wrong or not plain."""
    try:
        return load_plain_yaml(text, typed=True, deepest=_DEEPEST)
    except PlainYamlError as error:
        raise CaptureError(f"{where}: {_why(error)}") from None


def _why(error: PlainYamlError) -> str:
    match error.flaw:
        case Flaw.REFERENCE:
            return "captures have no YAML tags, anchors or aliases"
        case Flaw.DEPTH:
            return "this is nested too deep for a capture"
    return error.problem or "this is not YAML"


def read_header(stream: TextIO, name: str) -> tuple[dict[object, object], int]:
    """Return what stands above ``records:`` and the number of that line."""
    text, number = [], 0
    for number, line in enumerate(_lines(stream, name, _BY_HAND), 1):
        text.append(line)
        if line.rstrip() == "records:":
            break
        if number > 100 or "\0" in line:  # noqa: PLR2004 - no header is so long
            raise CaptureError(f"{name}: this is no pop3spy capture")
    fields = load_plain("".join(text), f"{name}:1")
    if not isinstance(fields, dict):
        raise CaptureError(f"{name}: this is no pop3spy capture")
    return fields, number


def read_lines(stream: TextIO, name: str, number: int) -> Iterator[Line]:
    """Yield the records behind line *number*.

    A last record that is torn off is left out, and told as a record ``torn``.
    """
    block: list[str] = []
    begun, size = number, 0
    for line in _lines(stream, name, LONGEST, number):
        number += 1
        if line.startswith("- [") and line.endswith("]\n"):
            if block:
                yield from _by_hand(block, name, begun)
                block = []
            yield _machine_line(line, name, number)
        elif line.startswith("- "):
            yield from _by_hand(block, name, begun)
            block, begun, size = [line], number, len(line)
        elif block:
            block.append(line)
            size += len(line)
            if size > _BY_HAND:
                raise CaptureError(f"{name}:{begun}: this record is too long")
        elif line == "-":
            yield Line(number, [None, None, "torn", _TORN])
        elif line.strip(_BLANKS) and not line.startswith("#"):
            raise CaptureError(f"{name}:{number}: a record begins with `- `")
    if block and not block[-1].endswith("\n"):
        yield _perhaps_torn(block, name, begun)
    else:
        yield from _by_hand(block, name, begun)


def _perhaps_torn(block: list[str], name: str, number: int) -> Line:
    """Read a last record without a line end; a person may have left that out."""
    if not block[0].startswith("- ["):
        with suppress(CaptureError):
            for line in _by_hand(block, name, number):
                return line
    return Line(number, [None, None, "torn", _TORN])


def _machine_line(line: str, name: str, number: int) -> Line:
    try:
        values, end = _JSON.raw_decode(line, 2)
    except (ValueError, RecursionError):
        end = 0
    if end != len(line) - 1:  # it is no JSON, or more than that
        values = load_plain(line[2:] if len(line) < _BY_HAND else "", f"{name}:{number}")
    if not isinstance(values, list):
        raise CaptureError(f"{name}:{number}: a record is a list")
    return Line(number, values)


def _by_hand(block: list[str], name: str, number: int) -> Iterator[Line]:
    """Yield the record that *block* is, if it is one."""
    while block and (not block[-1].strip(_BLANKS) or block[-1].startswith("#")):
        block.pop()
    if not block:
        return
    where = f"{name}:{number}"
    short = _SHORT.match(block[0].rstrip("\r\n"))
    value = (short[2] or "") if short else ""
    in_block = value.startswith("|")
    if short and (len(block) == 1 or in_block):
        if value.startswith(('"', "'", "|")):
            value = load_plain("".join([f"value: {value}\n", *block[1:]]), where)["value"]
            if not isinstance(value, str):
                raise CaptureError(f"{where}: what a side says is text")
        yield Line(number, [short[1], value, in_block], short=True)
        return
    loaded = load_plain("".join(block), where)
    values = loaded[0] if isinstance(loaded, list) and loaded else None
    if not isinstance(values, list):
        raise CaptureError(f"{where}: a record is a list, or `- C: ...`, or `- S: ...`")
    yield Line(number, values)


def _lines(stream: TextIO, name: str, longest: int, number: int = 0) -> Iterator[str]:
    """Yield the lines behind line *number*."""
    try:
        while line := stream.readline(longest + 1):
            number += 1
            if len(line) > longest:
                where = f"{name}:{number}"
                raise CaptureError(f"{where}: this line is longer than {longest:,} characters")
            yield line
    except UnicodeDecodeError as error:
        # What it could not read begins in the line behind the last one.
        number += 1 + error.object.count(b"\n", 0, error.start)
        where = f"{name}:{number}"
        raise CaptureError(f"{where}: this is not UTF-8 text, so no capture") from None
