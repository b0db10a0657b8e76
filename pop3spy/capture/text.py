"""Wire data as a capture holds it: octet n is character n, a mask is eight of its own.

Rule: what is written is valid inside the quotes of YAML and of JSON, both.
"""

import re
from json.encoder import encode_basestring
from typing import Final

from pop3spy.protocol.frames import Spans
from pop3spy.protocol.text import MASK
from pop3spy.redaction.masking import FILLER

_FILLER: Final = FILLER.decode()
_NOT_IN_YAML: Final = bytes(range(0x7F, 0xA0))
_ESCAPES: Final = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}


def quoted(data: bytes, masks: Spans = ()) -> str:
    r"""Return *data* in quotes, with MASK for what *masks* cover.

    >>> quoted(b'say "hi"\r\n')
    '"say \\"hi\\"\\r\\n"'
    """
    text = data.decode("latin-1")
    if masks:
        pieces, at = [], 0
        for start, end in masks:
            pieces += [text[at:start], MASK]
            at = end
        text = "".join([*pieces, text[at:]])
    text = encode_basestring(text)
    # JSON lets these stand, YAML does not.  Most data has none: to find that out by taking them
    # away is eight times as fast as to search for them.
    some = len(data.translate(None, _NOT_IN_YAML)) < len(data)
    return text.translate(_ESCAPES) if some else text


def octets_of(text: str) -> tuple[bytes, Spans]:
    """Return what *text* stands for: octets, and the spans of filler in place of its masks.

    Raise ValueError if a character stands for no octet.
    """
    if "█" not in text:
        return text.encode("latin-1"), ()
    pieces, masks, at, size = [], [], 0, 0
    for match in re.finditer("█+", text):
        pieces += [text[at : match.start()], _FILLER]
        size += match.start() - at + len(_FILLER)
        masks.append((size - len(_FILLER), size))
        at = match.end()
    return "".join([*pieces, text[at:]]).encode("latin-1"), tuple(masks)


def _without_content(octet: int) -> int:
    char = chr(octet)
    if octet > 0x7F:  # noqa: PLR2004 - no ASCII
        return 0xE9
    return ord("x") if char.isalpha() else ord("0") if char.isdigit() else octet


_MASKED_BODY: Final = bytes(map(_without_content, range(256)))


def masked_body(data: bytes) -> bytes:
    """Return a body without its content: letters are x, digits 0, 8-bit octets one 8-bit octet.

    Line ends, dots and lengths stay, so what is wrong with the framing can still be seen.
    """
    return data.translate(_MASKED_BODY)
