"""What the server's lines mean: status indicators, response codes, numbers."""

import re

from pop3spy.protocol.commands import line_of

_STATUS = re.compile(rb"(?:\+ ?(OK)|- ?ERR)(?![0-9])", re.IGNORECASE)
_STRICT_STATUS = re.compile(rb"(?:\+(OK)|-ERR)(?![0-9])", re.IGNORECASE)
_USUAL = (b"+OK ", b"+OK\r")
_USUAL_LINES = (b"+OK ", b"+OK")
_CODE = re.compile(rb"\[([A-Za-z0-9][^\]\s\x00-\x1f\x7f-\xff]*)\]")
_TIMESTAMP = re.compile(rb"<[\x21-\x3b\x3d\x3f\x41-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+>")

DIGITS = 20
"""A number with more digits than this is malformed, not large."""


def status_of(raw: bytes, *, in_sasl: bool = False) -> bool | None:
    """Return True for ``+OK``, False for ``-ERR``, None for anything else.

    Case is not compared, and one space behind the sign is taken, as RFC 1082 prints it, except
    inside AUTH, where ``+ `` begins a challenge.  ``+OK2 300`` has no status indicator: what would
    be its text is a number that lost its blank.
    """
    if raw.startswith(_USUAL):
        return True
    match = (_STRICT_STATUS if in_sasl else _STATUS).match(raw)
    return None if match is None else match[1] is not None


def text_of(raw: bytes) -> bytes:
    """Return what stands behind the status indicator, without one blank and the line end."""
    line = line_of(raw)
    if line[:4] in _USUAL_LINES:  # as nearly always
        return line[4:]
    match = _STATUS.match(line)
    rest = line[match.end() :] if match else line
    return rest[1:] if rest[:1] in (b" ", b"\t") else rest


def code_of(text: bytes) -> str | None:
    """Return the response code that *text* begins with, in upper case (RFC 2449, section 8)."""
    match = _CODE.match(text)
    return match[1].decode("ascii").upper() if match else None


def number_of(word: bytes) -> int | None:
    """Return a decimal number without sign, or None if *word* is none of at most 20 digits."""
    return int(word) if word.isdigit() and len(word) <= DIGITS else None


def pair_of(text: bytes) -> tuple[int, int] | None:
    """Return the two numbers that *text* begins with, as in a STAT reply or a scan listing."""
    words = text.split(None, 2)
    if len(words) < 2:
        return None
    first, second = number_of(words[0]), number_of(words[1])
    return None if first is None or second is None else (first, second)


def unique_id_of(text: bytes) -> tuple[int, bytes] | None:
    """Return message number and unique-id of a line of a UIDL reply (RFC 1939, section 7)."""
    words = text.split(None, 2)
    if len(words) < 2:
        return None
    number = number_of(words[0])
    return None if number is None else (number, words[1])


def is_listing_line(text: bytes) -> bool:
    """Return whether *text* is ``number token``, as every line of LIST and UIDL is."""
    return unique_id_of(text) is not None


def timestamp_of(greeting: bytes) -> bytes | None:
    """Return the timestamp of a greeting that offers APOP, brackets included, or None.

    It has the syntax of a msg-id, ``<left@right>`` in printable ASCII (RFC 1939, section 7);
    insisting on that is the counter-measure against CVE-2007-1558.
    """
    match = _TIMESTAMP.search(greeting)
    return match[0] if match else None


def line_end_of(raw: bytes) -> bytes:
    """Return how *raw* ends: CRLF, LF, or CRLF with its CR doubled; CRLF if it has no end."""
    if raw.endswith(b"\r\r\n"):
        return b"\r\r\n"
    return b"\n" if raw.endswith(b"\n") and not raw.endswith(b"\r\n") else b"\r\n"
