"""How a page is read: its elements, links and text."""

from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"meta", "br", "link", "img", "input", "hr", "rect", "path", "line", "polygon"}


class Element(NamedTuple):
    """An element with what it says of itself, and the names of those that it is in."""

    name: str
    attributes: dict[str, str]
    inside: tuple[str, ...]


class Page(HTMLParser):
    """A page: its elements, and its text by the element that it stands in."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.elements: list[Element] = []
        self.texts: list[tuple[Element, str]] = []
        self._open: list[Element] = []
        self.feed(source)
        self.close()
        assert self._open == [], "an element has no end"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        element = Element(tag, attributes, tuple(one.name for one in self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes, tuple(one.name for one in self._open)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag, f"{tag} ends what is not open"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.append((self._open[-1], data))

    @property
    def ids(self) -> list[str]:
        return [one.attributes["id"] for one in self.elements if "id" in one.attributes]

    @property
    def links(self) -> list[str]:
        return [one.attributes["href"] for one in self.elements if "href" in one.attributes]

    @property
    def headings(self) -> list[str]:
        """The headings of its parts: what stands in h2, without what is told beside it."""
        return [text.strip() for element, text in self.texts if element.name == "h2"]

    def text(self) -> str:
        """Return all that a person reads."""
        return "".join(text for one, text in self.texts if one.name not in ("style", "script"))

    def inside(self, name: str) -> str:
        """Return the text of the elements of that name."""
        return "".join(text for one, text in self.texts if one.name == name)

    def rows(self) -> list[str]:
        """Return the ids of the exchanges that have a row in a transcript."""
        return [
            one.attributes["id"]
            for one in self.elements
            if one.name == "tr" and one.attributes.get("id", "").startswith("r")
        ]


def policy_hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
