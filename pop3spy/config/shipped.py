"""The personalities that come with pop3spy, by their names."""

from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

_SUFFIX: Final = ".yaml"


def shipped() -> dict[str, Traversable]:
    """Return the files of the personalities, each by its name."""
    folder = resources.files("pop3spy.config") / "personalities"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {file.name.removesuffix(_SUFFIX): file for file in files if file.name.endswith(_SUFFIX)}
