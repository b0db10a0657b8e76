"""Facts that are texts or lists of texts: as recordings keep them, and as logs tell them."""

from collections.abc import Iterator, Mapping
from dataclasses import Field, field, fields
from typing import Any, Final

_NAME: Final = "name"
_BETWEEN: Final = "between"


def texts(name: str = "", *, between: str = ", ") -> Any:
    """Return a dataclass's field that is a tuple of texts.

    *name* is that of the fact, if the field has another one; *between* stands between the texts
    where they are joined.
    """
    return field(default=(), metadata={_NAME: name, _BETWEEN: between})


def recorded_facts(known: Any) -> dict[str, object]:
    """Return the fields of a dataclass as a recording keeps them."""
    return {name: getattr(known, each.name) for name, each in _facts(type(known))}


def logged_facts(known: Any) -> dict[str, object]:
    """Return the fields of a dataclass as logs tell them: with the texts of each list joined."""
    return {
        name: each.metadata[_BETWEEN].join(value) if _BETWEEN in each.metadata else value
        for name, each in _facts(type(known))
        for value in [getattr(known, each.name)]
    }


def texts_in(facts: Mapping[str, object], kind: type[Any]) -> dict[str, Any]:
    """Return the fields of the dataclass *kind* that are texts, or lists, as a recording kept them.

    Recordings of earlier versions have the texts of a list joined.
    """
    read: dict[str, Any] = {}
    for name, each in _facts(kind):
        if _BETWEEN in each.metadata:
            read[each.name] = _listed(facts.get(name), each.metadata[_BETWEEN])
        elif each.type is str:
            read[each.name] = str(facts.get(name) or "")
    return read


def _facts(kind: type[Any]) -> Iterator[tuple[str, Field[Any]]]:
    return ((each.metadata.get(_NAME) or each.name, each) for each in fields(kind))


def _listed(value: object, between: str) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(each for each in value if isinstance(each, str))
    return tuple(str(value).split(between)) if value else ()
