"""Frames as plain values, which go through a pipe as JSON, and back.

They may be shown: the redactor has been at them.  Octets are text in which each has its own
character (Latin-1).
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.facts import NO_FACTS
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Junk,
    Opaque,
    SaslLine,
    Side,
    StatusLine,
)
from pop3spy.protocol.why import Why

Plain = Sequence[Any]
"""The name of its class, the fields of every frame, and those that only this class has."""

_KINDS: Final = {
    kind.__name__: kind
    for kind in (
        *(CommandLine, SaslLine, StatusLine, Challenge),
        *(BodyPart, BodyEnd, Opaque, Junk),
    )
}
_COMMON: Final = frozenset(field.name for field in fields(Frame))
_OWN: Final = {
    name: tuple(field.name for field in fields(kind) if field.name not in _COMMON)
    for name, kind in _KINDS.items()
}


def plain_frame(frame: Frame) -> Plain:
    """Return *frame* as plain values."""
    name, raw = type(frame).__name__, frame.raw.decode("latin-1")
    own = (_plain(frame, field) for field in _OWN[name])
    common = frame.side.value, raw, frame.number, frame.masks, frame.cuts, dict(frame.facts)
    return name, *common, *own


def frame_from(plain: Plain) -> Frame:
    """Return the frame that *plain* values were made of."""
    name, side, text, number, masks, cuts, facts, *values = plain
    raw = text.encode("latin-1")
    own = {
        field: _meant(field, value, raw) for field, value in zip(_OWN[name], values, strict=True)
    }
    kind: type[Frame] = _KINDS[name]
    common = Side(side), raw, number, _pairs(masks), _pairs(cuts), facts or NO_FACTS
    return kind(*common, **own)


def _plain(frame: Frame, field: str) -> Any:
    """Return the value of a *field*; a command is told by its octets, unless they were hidden."""
    match getattr(frame, field):
        case Why() as why:
            return why.code
        case value if field == "command":
            return bool(frame.masks) and not value.verb
        case value:
            return value


def _meant(field: str, value: Any, raw: bytes) -> Any:
    match field:
        case "why":
            return Why.coded(value)
        case "command":
            return parse_command(b"" if value else raw)
    return value


def _pairs(values: Sequence[Sequence[Any]]) -> tuple[tuple[Any, Any], ...]:
    return tuple([(first, second) for first, second in values])
