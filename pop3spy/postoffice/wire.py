"""Stored octets as they travel: CRLF at the end of each line, dots stuffed, cut by TOP.

Rules: 1. a message streams in pieces and is never held whole; 2. searching and replacing is left
to ``bytes``, no line is looked at in Python; 3. how the pieces are cut changes nothing.
"""

from collections.abc import Iterable, Iterator

from pop3spy.protocol.message import stuff

PIECE = 1 << 16
"""How many octets are read at once."""


def canonical(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a stored message with CRLF at the end of each line, the last one included.

    A bare LF becomes CRLF and a bare CR is left alone: it is data.  Nothing stays nothing.
    """
    held, last = b"", b"\n"
    for piece in pieces:
        text = held + piece
        held = b"\r" if text.endswith(b"\r") else b""  # the next piece may begin with its LF
        text = text.removesuffix(held)
        if text:
            last = text[-1:]
            yield text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if held or last != b"\n":
        yield held + b"\r\n"


def octets_of(pieces: Iterable[bytes]) -> int:
    """Return how many octets ``canonical`` will yield: the size of RFC 1939, section 11."""
    octets, last = 0, b""
    for piece in pieces:
        octets += len(piece) + piece.count(b"\n") - piece.count(b"\r\n")
        if last == b"\r" and piece.startswith(b"\n"):
            octets -= 1
        last = piece[-1:] or last
    return octets + (0 if last in (b"", b"\n") else 2)


def stuffed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield canonical text with dots stuffed (RFC 1939, section 3)."""
    at_line_start = True
    for piece in pieces:
        yield stuff(piece) if at_line_start else piece.replace(b"\n.", b"\n..")
        at_line_start = piece.endswith(b"\n")


def top(pieces: Iterable[bytes], lines: int) -> Iterator[bytes]:
    """Yield the head of canonical text, the empty line and the first *lines* lines of the body.

    A message without an empty line is all head (RFC 1939, section 7).
    """
    text = iter(pieces)
    tail = b"\r\n"  # an empty line may be the very first
    for piece in text:
        end = (tail + piece).find(b"\r\n\r\n")
        if end >= 0:
            body = end + 4 - len(tail)
            yield piece[:body]
            yield from _first_lines(piece[body:], text, lines)
            return
        yield piece
        tail = (tail + piece)[-3:]


def _first_lines(piece: bytes, rest: Iterator[bytes], lines: int) -> Iterator[bytes]:
    while lines:
        ends = piece.count(b"\n")
        if ends >= lines:
            yield piece[: len(piece) - len(piece.split(b"\n", lines)[-1])]
            return
        yield piece
        lines -= ends
        following = next(rest, None)
        if following is None:
            return
        piece = following
