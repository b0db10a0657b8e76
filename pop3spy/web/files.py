"""The files that the page is made of; what is not in the list is not given to anybody."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files as of_package
from typing import Final

from pop3spy.report.assets import asset

_KINDS: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

_TOKENS: Final = "tokens.css"
"""The colours, which reports have as well."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file, and what it is."""

    octets: bytes
    kind: str


@cache
def schema() -> bytes:
    """Return the OpenAPI file."""
    return (of_package("pop3spy.web") / "openapi.yaml").read_bytes()


@cache
def files() -> dict[str, PageFile]:
    """Return every file of the page by its name; ``page/vendor`` is among them."""
    found = {}
    for folder in (of_package("pop3spy.web") / "page", of_package("pop3spy.web") / "vendor"):
        for file in folder.iterdir():
            if kind := _KINDS.get(file.name.rpartition(".")[2]):
                found[file.name] = PageFile(file.read_bytes(), kind)
    found[_TOKENS] = PageFile(asset(_TOKENS).encode(), _KINDS["css"])
    return found
