"""What reports look like: style sheets, a script, and templates."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

_KINDS: Final = ("css", "html", "js")


@cache
def assets_of(package: str) -> Mapping[str, str]:
    """Return the text of each style sheet, script and template of the *package* by its name.

    All are read when the first is asked for: a program that gives root up later may not be able to.
    """
    return {
        file.name: file.read_text(encoding="utf-8")
        for file in files(package).iterdir()
        if file.name.rpartition(".")[2] in _KINDS
    }


def asset(name: str) -> str:
    """Return the text of a file of this package."""
    return assets_of(__name__)[name]
