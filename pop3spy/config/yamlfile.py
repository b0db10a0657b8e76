"""The YAML that people write: settings, and users with their passwords.

YAML types nothing here, so ``bob: 0123`` is the password 0123.
"""

from pathlib import Path
from typing import Any

import yaml

from pop3spy.errors import ConfigError
from pop3spy.protocol.text import escape


class _Loader(yaml.BaseLoader):
    """Makes text, lists and mappings: nothing is run, typed, repeated or silently replaced."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # as PyYAML has it
        if isinstance(event, yaml.AliasEvent):
            raise _wrong("what begins with * must stand in quotes", event)
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise _wrong("what begins with & must stand in quotes", event)
        if getattr(event, "tag", None) is not None:
            raise _wrong("what begins with ! must stand in quotes", event)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        keys = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _wrong("a list or a mapping cannot be a key", key)
            if key.value in keys:
                raise _wrong("this key has stood before", key)
            keys.add(key.value)
        return super().construct_mapping(node, deep)


def _wrong(problem: str, where: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=where.start_mark)


def load_yaml(path: Path) -> object:
    """Return what the YAML file at *path* holds: text, lists and mappings, None if it is empty.

    Raise ConfigError, with the line where it is known; it repeats nothing of the file, which may
    hold passwords.
    """
    where = escape(str(path))
    try:
        with path.open(encoding="utf-8") as file:
            return yaml.load(file, _Loader)  # noqa: S506 - it makes nothing but plain data
    except OSError as error:
        raise ConfigError(f"{where}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: this is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = f"{error.problem_mark.line + 1}:" if error.problem_mark else ""
        raise ConfigError(f"{where}:{line} {_harmless(error.problem or '')}") from None
    except yaml.YAMLError:
        raise ConfigError(f"{where}: this is not YAML text") from None
    except RecursionError:
        raise ConfigError(f"{where}: this is nested too deeply") from None


def _harmless(problem: str) -> str:
    """Return what PyYAML says is wrong, unless it quotes the file; a tab is no secret."""
    if problem.startswith("sequence entries"):
        return "what begins with - must stand in quotes"
    if "'" in problem.replace("'\\t'", ""):
        return "this is not YAML"
    return problem.removeprefix("but ")
