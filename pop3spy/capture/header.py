"""The first lines of a capture: what it is, when it began, what was left out of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pop3spy.errors import CaptureError

VERSION: Final = 2
"""Of the format; the first had no ``utf8``, no ``base64`` and no lists of them."""
FIRST_LINE: Final = "# pop3spy capture: what was said, with secrets removed; see docs/captures.md\n"
BODIES: Final = ("keep", "mask", "drop")
REDACTIONS: Final = ("secrets", "strict")
_BEGINNING: Final = re.compile(rb"# pop3spy capture|(?:[ \t\r]*(?:#[^\n]*)?\n)*pop3spy:[ \t]*\d")


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above the records."""

    started: datetime
    program: str = ""
    redaction: str = "secrets"
    bodies: str = "keep"

    def lines(self) -> str:
        """Return the header as it is written."""
        return (
            f"{FIRST_LINE}pop3spy: {VERSION}\n"
            f'started: "{stamp(self.started)}"\n'
            f'program: "{self.program}"\n'
            f"redaction: {self.redaction}\n"
            f"bodies: {self.bodies}\n"
            "records:\n"
        )


def is_capture(head: bytes) -> bool:
    """Return whether a file that begins with *head* is a capture, or is meant to be one."""
    return _BEGINNING.match(head) is not None


def stamp(date: datetime) -> str:
    """Return a date as captures have it: ``2026-11-23T10:00:00.000000Z``."""
    return date.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def header_of(fields: Mapping[object, object], where: str) -> Header:
    """Read a header from what YAML made of it; keys that nobody knows are ignored.

    Raise CaptureError if it is none, or of a newer version.
    """
    version = fields.get("pop3spy")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise CaptureError(
            f"{where}: this is no pop3spy capture: there is no line `pop3spy: {VERSION}`"
        )
    if version > VERSION:
        raise CaptureError(
            f"{where}: this capture is of version {version}, and this pop3spy reads versions"
            f" up to {VERSION}; a newer pop3spy will read it"
        )
    bodies = _one_of(BODIES, "bodies", fields, where)
    redaction = _one_of(REDACTIONS, "redaction", fields, where)
    started = _date(fields.get("started"), where)
    return Header(started, str(fields.get("program", "")), redaction, bodies)


def _one_of(values: Sequence[str], key: str, fields: Mapping[object, object], where: str) -> str:
    """Return what stands behind *key*; the first of *values* if nothing does."""
    value = str(fields.get(key, values[0]))
    if value not in values:
        raise CaptureError(f"{where}: {key}: {value[:40]!r} is not one of {', '.join(values)}")
    return value


def _date(value: object, where: str) -> datetime:
    if value is None:
        return datetime.fromtimestamp(0, UTC)
    try:
        date = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # the second: in UTC it is before the year 1
        raise CaptureError(f"{where}: started: {str(value)[:40]!r} is no date") from None
