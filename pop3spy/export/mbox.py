"""Retrieved messages in one file that mail programs import: mbox, in the variant mboxrd.

A message stands behind a line ``From MAILER-DAEMON date`` and before an empty line; a line of it
that begins with ``From ``, or with that behind any number of ``>``, gets one ``>`` more, and loses
it when it is read (qmail, mbox(5)).  Nothing else is changed, so its lines end in CRLF as they did
on the wire, while those that are not its own end in LF.
"""

import re
from collections.abc import Iterator
from typing import IO, BinaryIO, Final

from pop3spy.export.exporter import ExportSource
from pop3spy.export.messages import ExportedMessage, Messages

_PIECE: Final = 1 << 16
_FROM: Final = b"From "
_QUOTED = re.compile(rb"(\n>*)From ")
_QUOTED_FIRST = re.compile(rb"(>*)From ")


def mbox(stream: BinaryIO, source: ExportSource) -> Messages:
    """Return an exporter that writes each message to *stream* when it is whole."""

    def write(message: ExportedMessage) -> None:
        date = source.date(message.at).ctime()  # English wherever it runs
        stream.write(f"From MAILER-DAEMON {date}\n".encode())
        last = b"\n"
        for piece in quoted(_pieces(message.text)):
            stream.write(piece)
            last = piece[-1:] or last
        stream.write(b"\n" if last == b"\n" else b"\n\n")

    return Messages(source, lambda _: write)


def quoted(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a text with ``>`` put where mboxrd wants it; how it is cut changes nothing.

    A line's beginning that may become ``From `` waits for the next piece, but not the ``>`` before
    it: one more is one more wherever it stands.
    """
    beginning, waiting = True, b""  # nothing but > was read of this line; what waits of it
    for piece in pieces:
        text = waiting + piece
        line_start = text.rfind(b"\n") + 1
        line = text[line_start:].lstrip(b">")
        ready, waiting = text, b""
        may_begin = (line_start > 0 or beginning) and _FROM.startswith(line)
        if may_begin and line != _FROM:
            ready, waiting = text[: len(text) - len(line)], line
        yield _quote(ready, beginning=beginning)
        beginning = may_begin and line != _FROM
    yield waiting


def _quote(text: bytes, *, beginning: bool) -> bytes:
    if beginning and (match := _QUOTED_FIRST.match(text)):
        text = text[: match.end(1)] + b">" + text[match.end(1) :]
    return _QUOTED.sub(rb"\1>From ", text)


def _pieces(text: IO[bytes]) -> Iterator[bytes]:
    while piece := text.read(_PIECE):
        yield piece
