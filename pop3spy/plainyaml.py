"""YAML that is plain: text, lists and mappings, and nothing that does something.

Rules: 1. tags, anchors and aliases are errors, and so is a key that stands twice; 2. how deep it is
nested is known before any of it is built.
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Any

import yaml


class Flaw(Enum):
    """What is wrong with a text that is no plain YAML."""

    SYNTAX = auto()
    REFERENCE = auto()  # a tag, an anchor or an alias
    DEPTH = auto()


class PlainYamlError(Exception):
    """A text is no plain YAML: its ``flaw``, and the ``line`` where that is, if it is known.

    ``problem`` is for people; it may quote the text, and is empty where nothing is known.
    """

    def __init__(self, flaw: Flaw, problem: str = "", line: int | None = None) -> None:
        super().__init__(problem)
        self.flaw = flaw
        self.problem = problem
        self.line = line


class LocatedText(str):
    """A scalar, with the ``line`` of the text that it stands in."""

    __slots__ = ("line",)
    line: int


class LocatedList(list[Any]):
    """A list, with the ``line`` in which it begins."""

    line: int


class LocatedMapping(dict[Any, Any]):
    """A mapping, with the ``line`` in which it begins."""

    line: int


class _KeysOnce:
    """Makes a loader refuse a mapping in which a key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        keys = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _wrong("a list or a mapping cannot be a key", key)
            if (key.tag, key.value) in keys:
                raise _wrong("this key has stood before", key)
            keys.add((key.tag, key.value))
        made: dict[Any, Any] = super().construct_mapping(node, deep)  # type: ignore[misc]  # a loader's
        return made


class _Untyped(_KeysOnce, yaml.BaseLoader):
    """Takes every scalar for text; it is the one in Python, whose errors people can read."""


class _Located(_Untyped):
    """Remembers where everything stands."""

    def construct_scalar(self, node: yaml.ScalarNode) -> LocatedText:
        made = LocatedText(super().construct_scalar(node))
        made.line = node.start_mark.line + 1
        return made

    def construct_sequence(self, node: yaml.SequenceNode, deep: bool = False) -> LocatedList:  # noqa: FBT001, FBT002 - PyYAML's
        made = LocatedList(super().construct_sequence(node, deep))
        made.line = node.start_mark.line + 1
        return made

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> LocatedMapping:  # noqa: FBT001, FBT002 - the same
        made = LocatedMapping(super().construct_mapping(node, deep))
        made.line = node.start_mark.line + 1
        return made


class _Typed(_KeysOnce, yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]  # there are two
    """Knows numbers, flags and dates; the one in C, if there is one, since captures are large.

    What YAML 1.1 takes for a number to the base of 60 is text, as in YAML 1.2: ``1:30``.  A long
    one would cost minutes.
    """

    def construct_yaml_int(self, node: yaml.ScalarNode) -> Any:
        """Return a number, or text if there is a colon in it."""
        return node.value if ":" in node.value else super().construct_yaml_int(node)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> Any:
        """Return a number, or text if there is a colon in it."""
        return node.value if ":" in node.value else super().construct_yaml_float(node)


_Typed.add_constructor("tag:yaml.org,2002:int", _Typed.construct_yaml_int)
_Typed.add_constructor("tag:yaml.org,2002:float", _Typed.construct_yaml_float)


def load_plain_yaml(text: str, *, typed: bool, deepest: int) -> Any:
    """Return what *text* says, None if it is empty; raise PlainYamlError.

    Unless it is *typed*, every scalar is text: ``0123`` is no number.
    """
    return _load(text, _Typed if typed else _Untyped, deepest)


def load_located_yaml(text: str, *, deepest: int) -> Any:
    """Return what *text* says, in which everything knows its ``line``; raise PlainYamlError."""
    return _load(text, _Located, deepest)


def _load(text: str, loader: Any, deepest: int) -> Any:
    try:
        for event, depth in _depths(text, loader):
            if problem := _reference(event):
                raise PlainYamlError(Flaw.REFERENCE, problem, event.start_mark.line + 1)
            if depth > deepest:
                raise PlainYamlError(Flaw.DEPTH, "this is nested too deeply")
        return yaml.load(text, loader)  # noqa: S506 - it makes nothing but plain data
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise PlainYamlError(Flaw.SYNTAX, error.problem or "", line) from None
    except (yaml.YAMLError, ValueError):  # the second of a date that is none
        raise PlainYamlError(Flaw.SYNTAX) from None


def _depths(text: str, loader: Any) -> Iterator[tuple[Any, int]]:
    """Yield what *text* is made of, each with how deep it is nested."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        yield event, depth
        depth -= isinstance(event, yaml.CollectionEndEvent)


def _reference(event: Any) -> str:
    """Return what is to be done about a tag, an anchor or an alias, empty if it is none."""
    if isinstance(event, yaml.AliasEvent):
        return "what begins with * must stand in quotes"
    if not isinstance(event, yaml.NodeEvent):
        return ""
    if event.anchor is not None:
        return "what begins with & must stand in quotes"
    return "" if getattr(event, "tag", None) is None else "what begins with ! must stand in quotes"


def _wrong(problem: str, where: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=where.start_mark)
