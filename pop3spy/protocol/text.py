r"""Wire data as people read and type it.

Rule: nothing that could move a cursor, ring a bell, hide or reorder text passes ``escape``; one
line of the wire is one line on the screen.
"""

import unicodedata

_SIMPLE = {"\\": "\\\\", "\t": "\\t", "\r": "\\r", "\n": "\\n"}
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

MASK = "█" * 8
"""What is shown in place of a secret, whatever its length (U+2588 eight times)."""


def show(data: bytes, masks: tuple[tuple[int, int], ...] = ()) -> str:
    """Return wire data for a person: decoded, escaped, with MASK in place of each masked span."""
    if not masks:
        return escape(decode_text(data))
    pieces, at = [], 0
    for start, end in masks:
        pieces += [escape(decode_text(data[at:start])), MASK]
        at = end
    return "".join([*pieces, escape(decode_text(data[at:]))])


def decode_text(data: bytes) -> str:
    """Return *data* as UTF-8, else as Latin-1; never fail (RFC 6856 names the first)."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def escape(text: str) -> str:
    r"""Return *text* with everything that does not print as itself made visible.

    >>> escape("a\x1b[1m")
    'a\\x1b[1m'
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return text.translate(_ESCAPES)


class _Escapes(dict[int, str]):
    """What each character is shown as, found out when it first comes and then known."""

    def __missing__(self, code: int) -> str:
        shown = _escape_one(chr(code))
        if len(self) < _REMEMBERED:  # a peer may send every character there is
            self[code] = shown
        return shown


_REMEMBERED = 4096
_ESCAPES = _Escapes()


def _escape_one(char: str) -> str:
    if char in _SIMPLE:
        return _SIMPLE[char]
    if unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
