r"""Wire data as people read and type it.

Rule: nothing that could move a cursor, ring a bell, hide or reorder text passes ``escape``; one
line of the wire is one line on the screen.
"""

import unicodedata

_SIMPLE = {"\\": "\\\\", "\t": "\\t", "\r": "\\r", "\n": "\\n"}
_NO_OCTET = 0xDC00
_OCTETS = range(_NO_OCTET + 0x80, _NO_OCTET + 0x100)
"""The characters that stand for octets that are not UTF-8."""
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
    r"""Return *data* as UTF-8 (RFC 6856); never fail.

    An octet that is no part of UTF-8 becomes a character that stands for it alone (PEP 383), and
    ``escape`` shows that as the octet: ``\xe9``.
    """
    return data.decode("utf-8", "surrogateescape")


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 line``, ``1,234 lines``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def escape(text: str) -> str:
    r"""Return *text* with everything that does not print as itself made visible.

    >>> escape("a\x1b[1m")
    'a\\x1b[1m'
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return text.translate(_ESCAPES)


def escape_rest(text: str) -> str:
    r"""Return *text*, of which parts are escaped already, with all else made visible as well.

    >>> escape_rest("\\x1b and \x1b")
    '\\x1b and \\x1b'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else escape(char) for char in text)


def escape_lines(text: str) -> str:
    """Return *text* as ``escape`` does, but for the ends of its lines, which stay."""
    if "\\" in text or not text.replace("\n", "").isprintable():
        return text.translate(_LINE_ESCAPES)
    return text


class _Escapes(dict[int, str]):
    """What each character is shown as, found out when it first comes and then known."""

    def __missing__(self, code: int) -> str:
        shown = _escape_one(chr(code))
        if len(self) < _REMEMBERED:  # a peer may send every character there is
            self[code] = shown
        return shown


_REMEMBERED = 4096
_ESCAPES = _Escapes()
_LINE_ESCAPES = _Escapes({ord("\n"): "\n"})


def _escape_one(char: str) -> str:
    if char in _SIMPLE:
        return _SIMPLE[char]
    if unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    if code in _OCTETS:
        code -= _NO_OCTET
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
