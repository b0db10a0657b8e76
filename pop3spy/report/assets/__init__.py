"""What reports look like: style sheets, a script, and templates."""

from importlib.resources import files


def asset(name: str) -> str:
    """Return the text of a file of this package."""
    return (files(__name__) / name).read_text(encoding="utf-8")
