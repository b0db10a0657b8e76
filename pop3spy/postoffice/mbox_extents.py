"""Where the messages of an mbox are.

A message begins behind a line ``From sender date`` that follows an empty line or begins the file
and holds a time; the empty line belongs to it, not to the message before.

The standard library's ``mailbox.mbox`` reads each line in Python to find the messages, and takes
``From here on`` in a text for one.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pop3spy.errors import MaildropError
from pop3spy.postoffice.wire import PIECE

_FROM = re.compile(rb"\nFrom [^\n]{0,400}\d:\d\d[^\n]{0,100}\n")
_LONGEST = 1024
"""More than the longest match and the line end before it."""

_CHANGING = re.compile(
    rb"^(?:status|x-status|x-keywords|x-uid|x-imap|x-imapbase|content-length|lines):"
    rb"[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.IGNORECASE | re.MULTILINE,
)
"""Header fields that mail programs write into an mbox when a message is read."""


@dataclass(frozen=True, slots=True)
class MessageExtent:
    """Where a message is: its ``From`` line, its text, the text's end and the next message."""

    line: int
    text: int
    end: int
    next: int


def extents(file: BinaryIO) -> Iterator[MessageExtent]:
    """Yield where each message is; the file is read in pieces."""
    line = text = -1
    for blank, next_line, next_text in _separators(file):
        if line >= 0:
            yield MessageExtent(line, text, blank, next_line)
        line, text = next_line, next_text
    end = file.seek(0, os.SEEK_END)
    if line >= 0:
        yield MessageExtent(line, text, max(text, end - _empty_line_before(file, end)), end)


def _separators(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Yield for each ``From`` line where the empty line before it, itself and the text begin."""
    file.seek(0)
    first = file.readline(_LONGEST)
    if not first:
        return
    yield 0, 0, len(first)  # it begins the file, so it need not hold a time
    seen, at = 0, max(0, len(first) - 1)
    file.seek(at)
    buffer = b""
    while more := file.read(PIECE):
        buffer += more
        for match in _FROM.finditer(buffer):
            line, blank = match.start() + 1, match.start()
            blank -= buffer[blank - 1 : blank] == b"\r"
            if at + line > seen and buffer[blank - 1 : blank] == b"\n":
                seen = at + line
                yield at + blank, seen, at + match.end()
        kept = buffer[-_LONGEST:]
        at += len(buffer) - len(kept)
        buffer = kept


def _empty_line_before(file: BinaryIO, end: int) -> int:
    """Return how many octets the empty line has that ends at *end*, or 0 if there is none."""
    file.seek(max(0, end - 3))
    tail = file.read(3)
    if tail.endswith(b"\n\n"):
        return 1
    return 2 if tail == b"\n\r\n" else 0


def octets(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Yield what is between two places in pieces; raise MaildropError if it is gone."""
    while start < end:
        file.seek(start)
        piece = file.read(min(PIECE, end - start))
        if not piece:
            raise MaildropError("the mbox was cut short by another program")
        start += len(piece)
        yield piece


def lasting(file: BinaryIO, place: MessageExtent) -> Iterator[bytes]:
    """Yield what of a message stays the same when it is read or another one is removed."""
    yield from octets(file, place.line, place.text)
    pieces = octets(file, place.text, place.end)
    head = next(pieces, b"")
    body = re.search(rb"^\r?\n", head, re.MULTILINE)
    end = body.start() if body else len(head)
    yield _CHANGING.sub(b"", head[:end]) + head[end:]
    yield from pieces
