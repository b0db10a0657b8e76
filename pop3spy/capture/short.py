r"""Octets in the short form that people write: ``USER bob``, or a block of lines.

Rules: 1. what is written is read as the same octets and masks, or there is no short form of it;
2. any YAML reader takes it for the same text, so ``yes``, ``7`` and ``a: b`` get quotes.
"""

import re
from typing import Final

from pop3spy.protocol.frames import Spans
from pop3spy.protocol.text import MASK

_PLAIN: Final = re.compile(r"(?:\+OK|-ERR|\+(?= )|[A-Za-z]{3,})(?: [^\s#][^\s]*)*")
_TYPED: Final = frozenset({"yes", "true", "false", "off", "null"})
"""Words that YAML takes for something else than text; shorter ones have quotes anyway."""
_ESCAPED: Final = {"\\": "\\\\", '"': '\\"'}
_NOT_IN_BLOCKS: Final = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_BEGINS_BLOCK: Final = re.compile(r"\n*[^ \t\n]")
_INDENT: Final = "    "


def short_line(raw: bytes, masks: Spans) -> str | None:
    r"""Return a line of the wire as what stands behind ``- C: ``, or None.

    >>> short_line(b"USER bob\r\n", ()), short_line(b"yes\r\n", ())
    ('USER bob', '"yes"')
    """
    if not raw.endswith(b"\r\n") or (text := _text(raw[:-2], masks)) is None:
        return None
    if _PLAIN.fullmatch(text) and text.isprintable() and not _mapping(text):
        return text
    return '"' + "".join(map(_quotable, text)) + '"'


def short_block(raw: bytes) -> str | None:
    r"""Return lines of the wire as a block of YAML, from its ``|`` to its last line end, or None.

    >>> short_block(b"Subject: x\\r\\n\\r\\n.\\r\\n")
    '|\n    Subject: x\n\n    .\n'
    """
    if raw.count(b"\r\n") != raw.count(b"\n") or (text := _text(raw, ())) is None:
        return None
    text = text.replace("\r\n", "\n")
    last = text[text.rfind("\n", 0, -1) + 1 : -1]
    if not (text.endswith("\n") and last.strip(" \t") and _BEGINS_BLOCK.match(text)):
        return None
    if _NOT_IN_BLOCKS.search(text):
        return None
    return "|\n" + re.sub(r"(?m)^(?=.)", _INDENT, text)


def _text(raw: bytes, masks: Spans) -> str | None:
    """Return UTF-8 as text with its masks, unless it has what looks like one."""
    pieces, at = [], 0
    try:
        for start, end in masks:
            pieces.append(raw[at:start].decode())
            at = end
        pieces.append(raw[at:].decode())
    except UnicodeDecodeError:
        return None
    return None if any(MASK[0] in piece for piece in pieces) else MASK.join(pieces)


def _mapping(text: str) -> bool:
    return text.lower() in _TYPED or ": " in text or text.endswith(":")


def _quotable(char: str) -> str:
    if char in _ESCAPED:
        return _ESCAPED[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - four digits
