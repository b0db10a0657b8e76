"""What the body of a multi-line reply says: sizes, entries and a digest, found while it streams."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pop3spy.protocol.capabilities import parse_capabilities
from pop3spy.protocol.commands import Command, Shape
from pop3spy.protocol.frames import BodyPart
from pop3spy.protocol.message import unstuff
from pop3spy.protocol.text import escape, show
from pop3spy.session.body import Body
from pop3spy.session.listing_lines import ListingLines
from pop3spy.session.seen_listings import LISTING

LISTED = 16 << 20
"""Octets of a listing beyond which its entries are not read, only counted."""
LISTED_LINES = 1_000_000
"""Lines of one, likewise."""

_WITH_ENTRIES: Final = frozenset({Shape.LISTING, Shape.LINE})
"""Shapes of commands whose body is a listing, be it that one line was due."""

Entries = Mapping[int | str, str]
"""What a listing says of each message number, capability or other word."""


@dataclass(frozen=True, slots=True)
class Content:
    """A body without its stuffed dots and its lone dot.

    ``size`` counts octets (RFC 1939, section 11); ``entries`` are there for listings, ``digest``
    (SHA-256) for messages, unless some of the content is not the true one; ``text`` is that of all
    but the ends of lines behind the last text.  With
    ``error_inside`` the last line of a body without an end is ``-ERR``.
    """

    size: int
    lines: int
    complete: bool
    entries: Entries | None = None
    digest: str | None = None
    text: str | None = None
    error_inside: bool = False


class ContentReader:
    """Reads one body part by part; without *contents* its octets are not the true ones."""

    def __init__(self, command: Command, *, contents: bool) -> None:
        self._command = command
        self._true = contents
        self._counted = Body(lines=0)
        self._digest = hashlib.sha256()
        self._text = hashlib.sha256()
        self._ends = b""  # of lines, behind the last text
        self._listing: list[bytes] | None = [] if command.shape in _WITH_ENTRIES else None

    def add(self, part: BodyPart) -> None:
        """Take in more of it."""
        raw = part.raw
        begins = self._counted.at_line_start
        text = unstuff(raw) if begins else raw.replace(b"\n.", b"\n")
        self._counted.add(raw)
        if self._listing is None:
            self._true = self._true and not part.masks
            self._digest.update(text)
            written = text.rstrip(b"\r\n")
            if written:
                self._text.update(self._ends)
                self._text.update(written)
                self._ends = b""
            self._ends += text[len(written) :]
        elif self._counted.size > LISTED:
            self._listing = None
            self._true = False
        else:
            self._listing.append(text)

    def content(self, *, complete: bool) -> Content:
        """Return what it was."""
        counted = self._counted
        counted.complete = complete
        entries = None
        if self._listing is not None and (counted.lines or 0) <= LISTED_LINES:
            entries = entries_of(self._command, self._listing)
        whole = self._command.shape is Shape.MESSAGE and self._true and complete
        digest = self._digest.hexdigest() if whole else None
        text = self._text.hexdigest() if whole else None
        failed = counted.error_inside is not None
        return Content(counted.size, counted.lines or 0, complete, entries, digest, text, failed)


def entries_of(command: Command, text: Iterable[bytes]) -> Entries:
    """Return the entries of a listing; a line that is none stands for itself."""
    raw = b"".join(text)
    if command.verb in LISTING:
        return _by_number(command.verb, raw)
    lines = raw.splitlines()
    return _by_capability(lines) if command.verb == "CAPA" else _words(lines)


def _by_number(verb: str, raw: bytes) -> Entries:
    read = ListingLines(verb, raw, LISTED_LINES)
    found: dict[int | str, str] = {number: str(size) for number, size in read.sizes.items()}
    found |= {number: show(unique_id) for number, unique_id in read.ids.items()}
    found |= {show(line): "" for _, line in read.malformed}
    return found


def _by_capability(lines: list[bytes]) -> Entries:
    return {escape(each.tag): escape(" ".join(each.params)) for each in parse_capabilities(lines)}


def _words(lines: list[bytes]) -> Entries:
    return {show(line): "" for line in lines if line}
