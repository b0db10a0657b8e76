"""Where rules come from: the modules of ``pop3spy.findings.rules``, packages, and users' files."""

import sys
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import iter_modules
from traceback import extract_tb
from typing import Final

from pop3spy.findings import rules
from pop3spy.findings.rule import RULES, Rule, RuleError
from pop3spy.installed import offered
from pop3spy.protocol.text import escape

ENTRY_POINT: Final = "pop3spy.rules"
"""The group in which an installed package names a module that has rules."""


@cache
def own_rules() -> dict[str, Rule]:
    """Return the rules that come with the program, by id; they are loaded when first asked for."""
    for module in iter_modules(rules.__path__):
        import_module(f"{rules.__name__}.{module.name}")
    return RULES


def all_rules(paths: Iterable[Path] = ()) -> dict[str, Rule]:
    """Return the rules of the program, of installed packages, and of the Python files *paths*.

    A path may also be the folder of a package.  What is in a file is run.  Raise RuleError, in one
    line, if something of that cannot be loaded.
    """
    own_rules()
    for point in offered(ENTRY_POINT):
        try:
            point.load()
        except Exception as error:  # noqa: BLE001 - it is somebody else's code
            where = escape(point.value)
            raise RuleError(f"cannot load the rules of {where}: {_said(error)}") from None
    for path in paths:
        _load(path)
    return RULES


def _load(path: Path) -> None:
    """Run the Python file or package *path*, once."""
    name = f"pop3spy_rules_{path.resolve().as_posix().replace('/', '_')}"
    if name in sys.modules:
        return
    file = path / "__init__.py" if path.is_dir() else path
    shown = escape(str(path))
    if not file.is_file():
        raise RuleError(f"there are no rules at {shown}: name a Python file, or a package's folder")
    places = [str(path)] if path.is_dir() else None
    spec = spec_from_file_location(name, file, submodule_search_locations=places)
    if spec is None or spec.loader is None:
        raise RuleError(f"{shown} is no Python file: its name must end in .py")
    module = module_from_spec(spec)
    sys.modules[name] = module
    before = len(RULES)
    try:
        spec.loader.exec_module(module)
    except RuleError as error:
        del sys.modules[name]
        raise RuleError(f"{shown}: {error}") from None
    except Exception as error:  # noqa: BLE001 - it is somebody else's code
        del sys.modules[name]
        line = _line_in(error, file)
        raise RuleError(f"cannot load the rules in {shown}{line}: {_said(error)}") from None
    if len(RULES) == before:
        raise RuleError(f"{shown} has no rules; see docs/extending.md")


def _line_in(error: Exception, file: Path) -> str:
    """Return where in *file* it went wrong, if that is known."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    frames = extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    return f", line {lines[-1]}" if lines else ""


def _said(error: Exception) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return escape(f"{type(error).__name__}: {text}")
