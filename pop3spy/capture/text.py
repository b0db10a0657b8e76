"""Wire data as a capture holds it: text where it reads as text, base64 where it does not.

Rules: 1. what is written is valid YAML and valid JSON, both; 2. what is written is read as the same
octets and masks; 3. nothing here walks over octets one by one: of a body there are millions.
"""

import binascii
import re
from codecs import utf_8_decode
from collections.abc import Iterable
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, Final

from pop3spy.protocol.frames import Spans
from pop3spy.protocol.text import MASK
from pop3spy.redaction.masking import FILLER

_FILLER: Final = FILLER.decode()
_MASK: Final = MASK.encode()
_LONGEST_LINE: Final = 512
"""Octets of the longest line that is allowed (RFC 2449, section 4): those are always text."""
_LARGE: Final = 1024
"""Octets from which on it is faster to replace what occurs, one kind of octet after the other."""
_CONTROLS: Final = bytes({*range(0x20)} - {*b"\t\r\n"})
_C1: Final = bytes(range(0x80, 0xA0))
_C1_CHARACTERS: Final = _C1.decode("latin-1")
_NOT_IN_YAML: Final = "\u2028\u2029\ufeff\ufffe\uffff"
"""Characters beyond Latin-1 that JSON lets stand and some YAML reader does not."""


def recorded(data: bytes, masks: Spans = ()) -> bytes:
    r"""Return *data* as it stands in a record, with MASK for what *masks* cover.

    >>> recorded(b'say "hi"\r\n')
    b'"say \\"hi\\"\\r\\n"'
    """
    if masks:
        return _masked(data, masks)
    if not data.isascii():
        return _utf_8(data) or _octets(data)
    if len(data) < _LARGE:  # as nearly every line
        return encode_basestring_ascii(data.decode()).encode()
    return b'"%b"' % _escaped(data)


def _masked(data: bytes, masks: Spans) -> bytes:
    pieces, at = [], 0
    for start, end in masks:
        pieces.append(_latin_1(data[at:start]))
        at = end
    return b'"%b"' % _MASK.join([*pieces, _latin_1(data[at:])])


def _utf_8(data: bytes) -> bytes | None:
    """Return *data* as UTF-8 in a record, None if it is no such text or cannot stand there.

    A read may cut a character in two, so up to three octets at each end may be part of one.
    """
    start = 0
    while start < min(3, len(data)) and 0x80 <= data[start] < 0xC0:  # noqa: PLR2004 - RFC 3629
        start += 1
    try:
        text, size = utf_8_decode(data[start:], "strict", False)  # noqa: FBT003 - it may go on
    except UnicodeDecodeError:
        return None
    if b"\xc2" in data and any(map(text.__contains__, _C1_CHARACTERS)):
        return None
    if any(map(text.__contains__, _NOT_IN_YAML)) or (MASK[0] in text and MASK in text):
        return None
    end = start + size
    before, middle, behind = data[:start], _escaped(data[start:end]), data[end:]
    if text.isascii():
        return b'"%b%b%b"' % (_latin_1(before), middle, _latin_1(behind))
    said = b'{"utf8": "%b"}' % middle
    if size == len(data):
        return said
    parts = [b'"%b"' % _latin_1(before), said, b'"%b"' % _latin_1(behind)]
    return b"[%b]" % b", ".join(part for part in parts if part != b'""')


def _octets(data: bytes) -> bytes:
    """Return *data* as text if it is short, or reads as Latin-1, and in base64 otherwise."""
    if len(data) > _LONGEST_LINE and any(map(data.__contains__, _C1)):
        return b'{"base64": "%b"}' % binascii.b2a_base64(data, newline=False)
    return b'"%b"' % _latin_1(data)


def _latin_1(data: bytes) -> bytes:
    """Return *data* as it stands in quotes where octet n is character n."""
    if any(map(data.__contains__, _C1)):  # JSON lets these stand, YAML does not
        return encode_basestring_ascii(data.decode("latin-1"))[1:-1].encode()
    return _escaped(data).decode("latin-1").encode()


def _escaped(data: bytes) -> bytes:
    """Return *data* with its ASCII as it stands in quotes.

    To replace what occurs is four times as fast as JSON's encoder, which looks at each octet, and
    so is searching for each control character in turn: memchr takes 40 GB in a second.
    """
    if len(data) < _LARGE or any(map(data.__contains__, _CONTROLS)):
        data = encode_basestring(data.decode("latin-1"))[1:-1].encode("latin-1")
    else:
        if b"\\" in data:
            data = data.replace(b"\\", b"\\\\")
        if b'"' in data:
            data = data.replace(b'"', b'\\"')
        if b"\t" in data:
            data = data.replace(b"\t", b"\\t")
        data = data.replace(b"\r", b"\\r").replace(b"\n", b"\\n")
    return data.replace(b"\x7f", b"\\u007f") if b"\x7f" in data else data


class NoOctetsError(ValueError):
    """What stands in a record is nothing that was said."""


def octets_of(said: Any) -> tuple[bytes, Spans]:
    """Return what stands in a record for octets: those, and the spans of filler for its masks.

    Raise NoOctetsError if it stands for none.
    """
    if isinstance(said, str) and said.isascii():  # as nearly always
        return said.encode(), ()
    try:
        return _octets_of(said)
    except ValueError:  # no base64, no Latin-1, half a character
        raise NoOctetsError from None


def _octets_of(said: Any) -> tuple[bytes, Spans]:
    match said:
        case str():
            return _of_latin_1(said)
        case {"utf8": str(text)}:
            return _of_utf_8(text)
        case {"base64": str(text)}:
            return binascii.a2b_base64("".join(text.split()), strict_mode=True), ()
        case [*parts] if not any(isinstance(part, list) for part in parts):
            return _joined(map(_octets_of, parts))
    raise ValueError(said)


def octets_of_text(text: str) -> tuple[bytes, Spans]:
    """Return the octets of UTF-8 text, and the spans of filler in place of its masks.

    Raise NoOctetsError if it holds half a character.
    """
    try:
        return _of_utf_8(text)
    except UnicodeEncodeError:
        raise NoOctetsError from None


def _of_utf_8(text: str) -> tuple[bytes, Spans]:
    first, *others = text.encode().split(_MASK)
    return _joined([(first, ()), *((FILLER + each, ((0, len(FILLER)),)) for each in others)])


def _of_latin_1(text: str) -> tuple[bytes, Spans]:
    if "█" not in text:
        return text.encode("latin-1"), ()
    pieces, masks, at, size = [], [], 0, 0
    for match in re.finditer("█+", text):
        pieces += [text[at : match.start()], _FILLER]
        size += match.start() - at + len(_FILLER)
        masks.append((size - len(_FILLER), size))
        at = match.end()
    return "".join([*pieces, text[at:]]).encode("latin-1"), tuple(masks)


def _joined(parts: Iterable[tuple[bytes, Spans]]) -> tuple[bytes, Spans]:
    """Return octets that follow one another as one piece."""
    pieces, masks, size = [], [], 0
    for octets, spans in parts:
        pieces.append(octets)
        masks += [(size + start, size + end) for start, end in spans]
        size += len(octets)
    return b"".join(pieces), tuple(masks)


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
