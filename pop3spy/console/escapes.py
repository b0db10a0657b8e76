"""Octets that are typed as text with escapes."""

import re
from typing import Final

from pop3spy.console.registry import RefusalError

_SIMPLE: Final = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "e": b"\x1b", "\\": b"\\"}
ESCAPE: Final = re.compile(r"\\(x[0-9A-Fa-f]{2}|[rnt0e\\])|\\")
CRLF: Final = b"\r\n"


def one_line(text: str) -> bytes:
    """Return *text* with escapes as one line of the wire; the end that it has not got is CRLF.

    Raise RefusalError if it is none, or more than one.
    """
    if any(char in text for char in "\r\n\0"):
        raise RefusalError("a text with a line end or NUL in it is not sent")
    line = octets_of(text)
    content = line.removesuffix(b"\n").removesuffix(b"\r")
    if not content.strip():
        raise RefusalError("there is nothing to send; :drop drops what is held")
    if b"\r" in content or b"\n" in content:
        raise RefusalError("one command is one line; nothing was sent")
    return line if line.endswith(b"\n") else content + CRLF


def escaped(text: str) -> str:
    """Return the text with escapes that stands for *text* itself."""
    return text.replace("\\", "\\\\")


def octets_of(text: str) -> bytes:
    r"""Return the octets that *text* with escapes stands for: ``NOOP\r\n`` is six.

    Raise RefusalError for a backslash that begins no escape.
    """
    pieces, at = [], 0
    for match in ESCAPE.finditer(text):
        pieces.append(wire(text[at : match.start()]))
        at = match.end()
        if match[1] is None:
            raise RefusalError(r"a backslash begins \r \n \t \0 \e \\ or \x and two digits")
        pieces.append(_SIMPLE.get(match[1]) or bytes.fromhex(match[1][1:]))
    return b"".join([*pieces, wire(text[at:])])


def wire(text: str) -> bytes:
    """Return the octets of typed text: UTF-8, or those that a script has and that are none."""
    return text.encode("utf-8", "surrogateescape")
