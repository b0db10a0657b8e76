"""Which personality a post office has: one that comes with pop3spy, or one of a file."""

import difflib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from pop3spy.config.shipped import shipped
from pop3spy.config.yamlfile import load_yaml
from pop3spy.errors import ConfigError
from pop3spy.postoffice.personality import Personality
from pop3spy.postoffice.personality_file import personality_from
from pop3spy.protocol.text import escape


def read_personality(name: str, asked_by: str = "--personality") -> Personality:
    """Return the personality that has this name, or that the file of this name has.

    *asked_by* is what an error calls whoever gave the name.

    Raise ConfigError if there is neither, or if what the file says cannot be done.
    """
    files = shipped()
    if name in files:
        with resources.as_file(files[name]) as path:
            return personality_from(load_yaml(path, located=True), name)
    path = Path(name)
    if not path.exists():
        near = difflib.get_close_matches(name, files, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(f"{asked_by}: {escape(name)!r} is no file, nor {_either(files)}{hint}")
    return personality_from(load_yaml(path, located=True), escape(name))


def _either(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}"
