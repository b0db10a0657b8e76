"""What a message is known by: digests of its content, taken while it comes.

Rules: 1. what servers write into messages themselves does not count: Status, X-Status, X-UIDL and
X-Keywords, and line ends at the end; 2. of a message no octet is kept.
"""

import hashlib
import re
from enum import Enum
from typing import Final

from pop3spy.export.unstuff import Unstuffer
from pop3spy.protocol.message import headers_of
from pop3spy.replay.content import Content

MOST_OF_HEADER: Final = 256 << 10
"""Octets within which a header should end; a longer one counts as it came."""

_END: Final = re.compile(rb"(?:\A|\n)\r?\n")
_OF_SERVER: Final = re.compile(
    rb"(?im)^(?:(?:X-)?Status|X-UIDL|X-Keywords)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)"
)
_IDENTITY: Final = ("message-id", "date", "from", "subject")


class ContentOf(Enum):
    """How much of each message is looked at."""

    NONE = "none"
    TOP = "top"  # its header
    FULL = "full"


class MessageDigest:
    """Takes in one message part by part, still stuffed."""

    def __init__(self) -> None:
        self._unstuffer = Unstuffer()
        self._header: bytearray | None = bytearray()  # until its end has come
        self._text = hashlib.sha256()
        self._ends = b""  # of lines, behind the last text
        self._size = 0
        self._lines = 0
        self.identity: str | None = None

    def add(self, part: bytes) -> None:
        """Take in more of it."""
        text = self._unstuffer.feed(part)
        self._size += len(text)
        self._lines += text.count(b"\n")
        if self._header is None:
            self._take(text)
            return
        looked_at = max(0, len(self._header) - 3)
        self._header += text
        end = _END.search(self._header, looked_at)
        if end is not None or len(self._header) > MOST_OF_HEADER:
            self._begin(end.end() if end else 0)

    def content(self) -> Content:
        """Return what it was: ``text`` is the digest of what counts."""
        if self._header is not None:
            self._begin(len(self._header))
        return Content(self._size, self._lines, complete=True, text=self._text.hexdigest())

    def _begin(self, end: int) -> None:
        """Take in the header, which has so many octets, and what came behind it."""
        assert self._header is not None
        data, self._header = bytes(self._header), None
        header = data[:end]
        found = headers_of(header)
        if "message-id" in found or ("date" in found and "from" in found):
            known = "\0".join(found.get(name, "") for name in _IDENTITY)
            self.identity = hashlib.sha256(known.encode("utf-8", "surrogateescape")).hexdigest()
        self._take(_OF_SERVER.sub(b"", header))
        self._take(data[end:])

    def _take(self, text: bytes) -> None:
        written = text.rstrip(b"\r\n")
        if written:
            self._text.update(self._ends)
            self._text.update(written)
            self._ends = b""
        self._ends += text[len(written) :]
