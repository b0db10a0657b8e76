"""Messages as they travel: dot-stuffing both ways, and a peek at the headers."""

import re
from contextlib import suppress
from email.errors import MessageError
from email.header import decode_header, make_header

from pop3spy.protocol.text import decode_text

_FIELD = re.compile(rb"(?im)^(subject|from|date|message-id):[ \t]*((?:[^\r\n]|\r?\n[ \t])*)")

_ANY_FIELD = re.compile(rb"(?m)^([!-9;-~]+):[ \t]*((?:[^\r\n]|\r?\n[ \t])*)")


def stuff(text: bytes) -> bytes:
    """Return *text* with a dot put before each line that begins with one (RFC 1939, section 3)."""
    return (b"." if text.startswith(b".") else b"") + text.replace(b"\n.", b"\n..")


def unstuff(text: bytes) -> bytes:
    """Return *text* with the first dot taken from each line that begins with one."""
    return text.removeprefix(b".").replace(b"\n.", b"\n")


def headers_of(head: bytes) -> dict[str, str]:
    """Return subject, sender, date and message-id of a message whose beginning is *head*.

    Names are in lower case, MIME encoded words are decoded, and what cannot be decoded stays as
    it is.  The result is not escaped: it holds what the sender wrote.
    """
    found: dict[str, str] = {}
    for match in _FIELD.finditer(head, 0, _end_of_headers(head)):
        found.setdefault(match[1].decode().lower(), _decoded(match[2]))
    return found


def all_headers_of(head: bytes) -> list[tuple[str, str]]:
    """Return every field of a message's header in order, decoded as ``headers_of`` does it."""
    fields = _ANY_FIELD.finditer(head, 0, _end_of_headers(head))
    return [(match[1].decode(), _decoded(match[2])) for match in fields]


def _end_of_headers(head: bytes) -> int:
    end = re.search(rb"(?m)^\r?\n", head)
    return end.end() if end else len(head)


def _decoded(value: bytes) -> str:
    text = decode_text(re.sub(rb"\r?\n[ \t]+", b" ", value).strip())
    with suppress(ValueError, LookupError, MessageError):  # wrongly encoded: keep it as sent
        text = str(make_header(decode_header(text)))
    return text
