"""The YAML that people write: settings, and users with their passwords.

YAML types nothing here, so ``bob: 0123`` is the password 0123.
"""

from pathlib import Path
from typing import Final

from pop3spy.errors import ConfigError
from pop3spy.plainyaml import PlainYamlError, load_located_yaml, load_plain_yaml
from pop3spy.protocol.text import escape

_DEEPEST: Final = 32
"""More than any setting takes."""


def load_yaml(path: Path, *, located: bool = False) -> object:
    """Return what the YAML file at *path* holds: text, lists and mappings, None if it is empty.

    If it is to be *located*, each text knows its line.  Raise ConfigError, with the line where it
    is known; it repeats nothing of the file, which may hold passwords.
    """
    where = escape(str(path))
    try:
        text = path.read_text("utf-8")
        if located:
            return load_located_yaml(text, deepest=_DEEPEST)
        return load_plain_yaml(text, typed=False, deepest=_DEEPEST)
    except OSError as error:
        raise ConfigError(f"{where}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: this is not UTF-8 text") from None
    except PlainYamlError as error:
        line = f"{error.line}:" if error.line else ""
        raise ConfigError(f"{where}:{line} {_harmless(error.problem)}") from None


def _harmless(problem: str) -> str:
    """Return what PyYAML says is wrong, unless it quotes the file; a tab is no secret."""
    if not problem:
        return "this is not YAML text"
    if problem.startswith("sequence entries"):
        return "what begins with - must stand in quotes"
    if "'" in problem.replace("'\\t'", ""):
        return "this is not YAML"
    return problem.removeprefix("but ")
