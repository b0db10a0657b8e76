"""Settings from a configuration file.

Where a value is wrong the message names the file, the setting and what would do.
"""

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from pop3spy.config.kinds import LEDGER, PATH, PERSONALITY, PLACE, wrong
from pop3spy.config.settings import SETTINGS, settings_of
from pop3spy.config.shipped import shipped
from pop3spy.config.yamlfile import load_yaml
from pop3spy.errors import ConfigError
from pop3spy.ledger.database import Database
from pop3spy.protocol.text import escape

STDOUT: Final = Path("-")
"""What stands for standard output in place of a path."""


def read_config(path: Path, verb: str) -> dict[str, Any]:
    """Return the values that the YAML file at *path* gives for *verb*, by setting.

    A relative path in it is one from the file's folder.  Raise ConfigError if the file cannot be
    read, or holds a key or value that means nothing.
    """
    loaded = load_yaml(path)
    where = escape(str(path))
    if loaded is None or loaded == "":
        return {}
    if not isinstance(loaded, dict):
        raise ConfigError(f"{where}: a configuration is made of lines like 'upstream: mail:110'")
    known = {setting.name: setting for setting in settings_of(verb)}
    values = {}
    for key, given in loaded.items():
        if key not in known:
            raise ConfigError(f"{where}: {escape(key)}: {_unknown(key, known, verb)}")
        try:
            values[key] = known[key].value(given)
        except ValueError as error:
            raise wrong(f"{where}: {key}", error) from None
        if known[key].kind in (PATH, LEDGER) and not isinstance(values[key], Database):
            values[key] = _beside(path, values[key])
        if known[key].kind is PERSONALITY and values[key] not in shipped():
            values[key] = str(path.parent / values[key])
        if known[key].kind is PLACE:
            values[key] = os.path.join(path.parent, values[key])  # noqa: PTH118 - keeps a last slash
    return values


def _beside(path: Path, value: Path | tuple[Path, ...]) -> Path | tuple[Path, ...]:
    """Return *value* as it is meant in the file *path*: relative to its folder."""
    if isinstance(value, tuple):
        return tuple(path.parent / each for each in value)
    return value if value == STDOUT else path.parent / value


def _unknown(key: str, known: Iterable[str], verb: str) -> str:
    if near := difflib.get_close_matches(key, known, n=1):
        return f"there is no such setting; did you mean {near[0]!r}?"
    if key in SETTINGS:
        return f"this is a setting of {' and '.join(SETTINGS[key].verbs)}, not of {verb}"
    return f"there is no such setting; {verb} has {', '.join(known)}"
