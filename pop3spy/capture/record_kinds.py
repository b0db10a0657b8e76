"""What each kind of record has to hold, as one table; who reads a record relies on it.

Keys that nobody knows are ignored, since a later pop3spy may write them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from pop3spy.errors import CaptureError
from pop3spy.protocol.why import Why
from pop3spy.session.how import How

_LARGEST: Final = 1 << 53
"""Numbers beyond are no counts: JSON readers do not agree about them (RFC 8259, section 6)."""
_LONGEST_TIME: Final = 1e12
_WHYS: Final = frozenset(why.code for why in Why)
_HOWS: Final = frozenset(how.value for how in How)


@dataclass(frozen=True, slots=True)
class FieldKind:
    """What stands behind a key: whether a value is such, and how that is called."""

    fits: Callable[[Any], bool]
    called: str


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < _LARGEST


def _is_side(value: Any) -> bool:
    return value in ("C", "S")


def _is_cuts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(cut, list) and len(cut) == 2 and _is_count(cut[0]) and is_time(cut[1])  # noqa: PLR2004 - offset and time
        for cut in value
    )


def _is_octets(value: Any) -> bool:
    return isinstance(value, str | dict | list)


def is_time(value: Any) -> bool:
    """Return whether *value* is a number of seconds since the start."""
    return type(value) in (int, float) and 0 <= value < _LONGEST_TIME


_TEXT: Final = FieldKind(lambda value: isinstance(value, str), "a text")
_COUNT: Final = FieldKind(_is_count, "a number of octets or lines")
_SOME: Final = FieldKind(lambda value: value is None or _is_count(value), "a number, or null")
_SIDE: Final = FieldKind(_is_side, "C or S")
_WHY: Final = FieldKind(lambda value: str(value).lower() in _WHYS, "a reason that is known")
_HOW: Final = FieldKind(lambda value: str(value).lower() in _HOWS, "an ending that is known")
_FLAG: Final = FieldKind(lambda value: isinstance(value, bool), "true or false")
_FACTS: Final = FieldKind(lambda value: isinstance(value, dict), "a mapping")
_OCTETS: Final = FieldKind(_is_octets, "what was said")
_CUTS: Final = FieldKind(_is_cuts, "a list of offsets and times")


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One row: the keys that a record must have, and those that it may have."""

    must: Mapping[str, FieldKind]
    may: Mapping[str, FieldKind]


_NONE: Final[Mapping[str, FieldKind]] = {}
KINDS: Final = {
    "open": RecordKind(_NONE, {"client": _TEXT, "server": _TEXT, "typed": _FLAG}),
    "omitted": RecordKind(
        {"side": _SIDE, "octets": _COUNT, "lines": _COUNT, "stuffed": _COUNT}, _NONE
    ),
    "opaque": RecordKind({"side": _SIDE, "why": _WHY, "octets": _SOME}, {"ends_line": _FLAG}),
    "note": RecordKind(
        _NONE, {"user": _TEXT, "state": _TEXT, "tls": _FACTS, "passing": _FACTS, "clogged": _FLAG}
    ),
    "facts": RecordKind({"side": _SIDE}, _NONE),
    "gate": RecordKind({"side": _SIDE}, {"by": _TEXT, "sent": _OCTETS, "answer": _OCTETS}),
    "gap": RecordKind(_NONE, {"why": _TEXT}),
    "blind": RecordKind(_NONE, {"why": _TEXT}),
    "fin": RecordKind({"side": _SIDE}, {"close_notify": _FLAG}),
    "rst": RecordKind({"side": _SIDE}, _NONE),
    "close": RecordKind({"how": _HOW}, {"why": _TEXT, "unreached": _TEXT}),
}
"""The kinds of records but for ``C`` and ``S``, which have what was said in place of keys."""
_SAID: Final = RecordKind(_NONE, {"cuts": _CUTS})


def check_facts(code: str, facts: Any, where: str) -> None:
    """Raise CaptureError if *facts* are none of a record of the kind *code*."""
    kind = KINDS.get(code)
    if kind is not None:
        _check(kind, facts, where, code)


def check_extra(extra: Any, where: str) -> None:
    """Raise CaptureError if *extra* is nothing that may stand behind what was said."""
    _check(_SAID, extra, where, "what stands behind what was said")


def _check(kind: RecordKind, facts: Any, where: str, what: str) -> None:
    if not isinstance(facts, dict):
        raise CaptureError(f"{where}: {what}: a mapping belongs here")
    for key, field in kind.must.items():
        if key not in facts:
            raise CaptureError(f"{where}: {what}: there is no {key!r}: {field.called}")
    for key, field in (*kind.must.items(), *kind.may.items()):
        if key in facts and not field.fits(facts[key]):
            raise CaptureError(f"{where}: {what}: {key!r} is not {field.called}")
    if not _is_plain(facts):
        raise CaptureError(f"{where}: {what}: this holds half a character, or no finite number")


def _is_plain(value: Any) -> bool:
    """Return whether every text in *value* can be written, and every number is one."""
    match value:
        case str():
            return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)
        case float():
            return isfinite(value)
        case dict():
            return all(_is_plain(key) and _is_plain(each) for key, each in value.items())
        case list():
            return all(map(_is_plain, value))
    return True
