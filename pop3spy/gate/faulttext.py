"""Faults and rewrites as people write them.

    fault    =  NAME { KEY=VALUE } [ "when" filter ]
    rewrite  =  ( "client" | "server" ) s/FROM/TO/ [ "when" filter ]

In a configuration file a fault may be a mapping as well: ``{fault: cut, after: 1K, when: err}``.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from pop3spy.filters.expression import Filter, compile_filter
from pop3spy.filters.terms import Progress
from pop3spy.filters.tokens import FilterError
from pop3spy.filters.units import count_of
from pop3spy.gate.faults import FAULTS, Fault, FaultKind
from pop3spy.gate.rewrite import Rewrite
from pop3spy.protocol.frames import Side
from pop3spy.protocol.text import escape

COMMON: Final = ("side", "chance", "seed")
"""What every fault can be told."""

_SIDES: Final = {"client": Side.CLIENT, "server": Side.SERVER}
_KNOWN: Final = {Side.CLIENT: Progress.ASKED, Side.SERVER: Progress.ANSWERED}
_PIECE = re.compile(
    r"""\s* (?: (?P<key>[\w-]+) = )?
        (?: (?P<quoted> "(?:[^"\\]|\\.)*" | '[^']*' ) | (?P<bare> \S* ) )""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\([\\\"])")
_REWRITE = re.compile(r"\s*(?P<side>\w*)\s+s(?P<rest>.*)", re.DOTALL)


class _FaultToken(NamedTuple):
    key: str
    value: str
    at: int  # where the value begins


def read_fault(given: object) -> Fault:
    """Return the fault that a text or a mapping of texts is; raise ValueError with what is wrong.

    Where a text is wrong, the error is a FilterError, which points at the place.
    """
    if isinstance(given, Fault):
        return given
    if isinstance(given, Mapping):
        return _from_mapping(given)
    if not isinstance(given, str):
        raise ValueError("a fault is a text, or a mapping with the key 'fault'")  # noqa: TRY004 - whoever reads settings catches ValueError
    name, *pieces = _pieces(given)
    if name.key or name.value not in FAULTS:
        word = f"{name.key}={name.value}" if name.key else name.value
        raise FilterError(given, name.at, _unknown(word, FAULTS, "fault"))
    kind = FAULTS[name.value]
    settings: dict[str, str] = {}
    condition = None
    for piece in pieces:
        if not piece.key:
            if piece.value != "when":
                problem = f"a setting is key=value, and a filter stands behind 'when'; {_has(kind)}"
                raise FilterError(given, piece.at, problem)
            condition = piece.at + len("when")
            break
        try:
            _add(settings, kind, piece.key, piece.value)
        except KeyError as error:
            raise FilterError(given, given.rindex(piece.key, 0, piece.at), error.args[0]) from None
        except ValueError as error:
            raise FilterError(given, piece.at, str(error)) from None
    side = _side(kind, settings)
    return _fault(kind, settings, _condition(given, condition, side))


def read_rewrite(given: object) -> Rewrite:
    """Return the rewrite that a text is; raise ValueError, as ``read_fault`` does."""
    if isinstance(given, Rewrite):
        return given
    if not isinstance(given, str):
        raise ValueError("a rewrite is a text, such as: client s/^STAT$/NOOP/")  # noqa: TRY004 - as above
    match = _REWRITE.fullmatch(given)
    if match is None or not match["rest"]:
        problem = "a rewrite is a side and s/FROM/TO/, as in: client s/^STAT$/NOOP/"
        raise FilterError(given, 0, problem)
    if match["side"] not in _SIDES:
        raise FilterError(given, match.start("side"), _unknown(match["side"], _SIDES, "side"))
    side, start = _SIDES[match["side"]], match.start("rest")
    sign = given[start]
    parts = given[start + 1 :].split(sign, 2)
    if sign.isalnum() or sign.isspace() or len(parts) < 3:  # noqa: PLR2004 - s/FROM/TO/
        raise FilterError(given, start, "s needs the same sign three times: s/FROM/TO/")
    old, new, rest = parts
    at = len(given) - len(rest)
    condition = re.match(r"\s*(?:when\b|$)", rest)
    if condition is None:
        raise FilterError(given, at, "a filter stands behind 'when'")
    when = _condition(given, at + condition.end() if rest.strip() else None, side)
    try:
        return Rewrite(
            side, old, new, when, _spelling(f"{match['side']} s{sign}{old}{sign}{new}{sign}", when)
        )
    except ValueError as error:
        raise FilterError(given, start + 1, str(error)) from None


def _pieces(text: str) -> Iterable[_FaultToken]:
    """Return the words of *text*; those behind ``when`` are the filter's business."""
    at, end = 0, len(text.rstrip())
    found: list[_FaultToken] = []
    while at < end or not found:
        match = _PIECE.match(text, at)
        assert match
        value, start = match["bare"], match.start("bare")
        if (quoted := match["quoted"]) is not None:
            value, start = quoted[1:-1], match.start("quoted")
            if quoted[0] == '"':
                value = _ESCAPED.sub(r"\1", value)
        elif value[:1] in ("'", '"'):
            raise FilterError(text, start, "this quote has no end")
        found.append(_FaultToken(match["key"] or "", value, start))
        at = max(match.end(), at + 1)
        if found[-1][:2] == ("", "when"):
            break
    return found


def _from_mapping(given: Mapping[Any, Any]) -> Fault:
    rest = dict(given)
    name, when = rest.pop("fault", None), rest.pop("when", None)
    if not isinstance(name, str) or name not in FAULTS:
        raise ValueError(_unknown(str(name or ""), FAULTS, "fault"))
    kind = FAULTS[name]
    settings: dict[str, str] = {}
    for key, value in rest.items():
        try:
            if not isinstance(value, str):
                raise ValueError("one value belongs here")  # noqa: TRY004, TRY301 - it is told with the others
            _add(settings, kind, str(key), value)
        except KeyError as error:
            raise ValueError(f"{name}: {error.args[0]}") from None
        except ValueError as error:
            raise ValueError(f"{name}: {escape(str(key))}: {error}") from None
    if when is not None and not isinstance(when, str):
        raise ValueError(f"{name}: when: a filter is a text")
    side = _side(kind, settings)
    return _fault(kind, settings, compile_filter(when, _KNOWN[side]) if when else None)


def _add(settings: dict[str, str], kind: FaultKind, key: str, value: str) -> None:
    """Take a setting in; raise KeyError if its name is wrong, ValueError if its value is."""
    params = {param.name: param for param in kind.params}
    if key in settings:
        raise KeyError("this has been set before")
    if key in params:
        params[key].read(value)
    elif key == "side":
        if value not in _SIDES or _SIDES[value] not in kind.sides:
            sides = " or ".join(word for word, side in _SIDES.items() if side in kind.sides)
            raise ValueError(f"{kind.name} is about the octets of the {sides}")
    elif key == "chance":
        _chance(value)
    elif key == "seed":
        count_of(value)
    else:
        raise KeyError(_unknown(key, [*params, *COMMON], f"setting of {kind.name}"))
    settings[key] = value


def _fault(kind: FaultKind, settings: Mapping[str, str], when: Filter | None) -> Fault:
    values = tuple(
        (each.name, each.read(settings.get(each.name, each.default))) for each in kind.params
    )
    order = [*(param.name for param in kind.params), *COMMON]
    told = [f"{key}={_quoted(settings[key])}" for key in order if key in settings]
    seed = count_of(settings["seed"]) if "seed" in settings else None
    chance = _chance(settings.get("chance", "1"))
    text = _spelling(" ".join([kind.name, *told]), when)
    return Fault(kind, _side(kind, settings), values, when, chance, seed, text)


def _side(kind: FaultKind, settings: Mapping[str, str]) -> Side:
    return _SIDES[settings["side"]] if "side" in settings else kind.side


def _chance(text: str) -> float:
    try:
        chance = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        chance = -1.0
    if not 0 <= chance <= 1:
        raise ValueError(f"{text!r} is no chance; write 0.5 or 50%")
    return chance


def _condition(text: str, at: int | None, side: Side) -> Filter | None:
    """Return the filter that stands in *text* from *at* on; a mistake is told with its place."""
    if at is None:
        return None
    try:
        return compile_filter(text[at:], _KNOWN[side])
    except FilterError as error:
        raise FilterError(text, at + error.column - 1, error.problem) from None


def _spelling(text: str, when: Filter | None) -> str:
    return f"{text} when {when}" if when else text


def _quoted(value: str) -> str:
    if value and not re.search(r"[\s\"'\\]", value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _has(kind: FaultKind) -> str:
    return f"{kind.name} has {', '.join([*(param.name for param in kind.params), *COMMON])}"


def _unknown(word: str, names: Iterable[str], what: str) -> str:
    names = list(names)
    near = difflib.get_close_matches(word, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
    return f"there is no such {what}; {hint}"
