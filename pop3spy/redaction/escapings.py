"""The ways in which a server may escape what it repeats, each undone for who searches a line.

Percent-encoding (also of what is encoded already), backslashes (JSON too), doubled quotes, HTML,
quoted-printable, and hex with colons, dashes or blanks between the octets.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html.entities import html5
from typing import Final

Undo = Callable[[re.Match[bytes]], bytes]
Escaping = tuple[re.Pattern[bytes], Undo]
View = tuple[bytes, tuple[Escaping, ...]]
"""Octets without some escapings, and what was undone, in this order."""

_MOST_LAYERS: Final = 3
_MOST_CODE: Final = 0x10FFFF
_SIGNS: Final = (b"%", b"\\", b"&", b"=", b'""', b"''")
"""Without any of these a line has no escaping, but for hex."""
_HEX_OF_FOUR: Final = re.compile(rb"[ :-][0-9A-Fa-f]{2}[ :-][0-9A-Fa-f]{2}[ :-]")
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_PRINTABLE: Final = re.compile(rb"=([0-9A-Fa-f]{2})")
_BACKSLASH: Final = re.compile(
    rb"\\(?:x([0-9A-Fa-f]{2})|([0-3][0-7]{2})"
    rb"|(u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"
    rb"|([^\r\n]))"
)
"""Hex or octal of an octet; of a character, which JSON has in one or two halves; any other."""
_DOUBLED: Final = re.compile(rb"([\"'])\1")
_ENTITY: Final = re.compile(
    rb"&(?:#x([0-9A-Fa-f]{1,6})|#([0-9]{1,7})|([A-Za-z][A-Za-z0-9]{1,30}));?"
)
_HEX: Final = re.compile(
    rb"[ :-](?<=[0-9A-Fa-f]{2}[ :-])(?=[0-9A-Fa-f]{2}(?![0-9A-Za-z]))"  # the sign is found first
)
_CONTROLS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"e": b"\x1b"}


def without_escapings(line: bytes, *, short: bool = False) -> Iterator[View]:
    """Yield *line* without each escaping that it may have, alone and one inside the other.

    Hex of fewer than four octets counts only where a *short* secret is looked for.
    """
    signs = any(map(line.__contains__, _SIGNS))
    if not (signs or short or _HEX_OF_FOUR.search(line)):  # as nearly always
        return
    for escaping in _ESCAPINGS:
        if escaping[0].search(line) is not None:
            yield escaping[0].sub(escaping[1], line), (escaping,)
    yield from _layers(line, _ESCAPINGS)
    yield from _layers(line, _MARKED)  # a backslash or a quote may be the secret's own


def places_in(line: bytes, undone: Iterable[Escaping]) -> Sequence[int]:
    """Return where in *line* each octet of it begins that has no *undone*; its end is last.

    Only who found something asks: this takes much longer than to undo them.
    """
    places: Sequence[int] = range(len(line) + 1)
    for pattern, undo in undone:
        starts: list[int] = []
        pieces: list[bytes] = []
        at = 0
        for match in pattern.finditer(line):
            octets = undo(match)
            pieces += [line[at : match.start()], octets]
            starts += places[at : match.start()]
            starts += [places[match.start()]] * len(octets)
            at = match.end()
        line, places = b"".join([*pieces, line[at:]]), [*starts, *places[at:]]
    return places


def _layers(line: bytes, escapings: tuple[Escaping, ...]) -> Iterator[View]:
    """Yield *line* without one layer of *escapings*, without two, and so on."""
    undone: tuple[Escaping, ...] = ()
    for _ in range(_MOST_LAYERS):
        before = line
        for pattern, undo in escapings:
            line = pattern.sub(undo, line)
        if line == before:
            return
        undone += escapings
        yield line, undone


def _octet(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode())


def _behind_backslash(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return _octet(match)
    if match[2]:
        return bytes([int(match[2], 8)])
    if match[3]:
        return _character(match[3]) or match[3]
    return _CONTROLS.get(match[4], match[4])


def _character(hexadecimal: bytes) -> bytes:
    """Return the character that ``u20ac`` or ``U0001f600`` stands for, empty if none does."""
    code, *low = (int(half[1:], 16) for half in hexadecimal.split(b"\\"))
    if low:
        code = 0x10000 + ((code & 0x3FF) << 10 | low[0] & 0x3FF)
    return _utf8(code)


def _utf8(code: int) -> bytes:
    if code > _MOST_CODE or 0xD800 <= code < 0xE000:  # noqa: PLR2004 - surrogates
        return b""
    return chr(code).encode()


def _quote(match: re.Match[bytes]) -> bytes:
    return match[1]


def _entity(match: re.Match[bytes]) -> bytes:
    if match[3]:
        return html5.get(match[3].decode() + ";", "").encode() or match[0]
    code = int(match[1], 16) if match[1] else int(match[2])
    return (code and _utf8(code)) or match[0]


def _nothing(_: re.Match[bytes]) -> bytes:
    return b""


_MARKED: Final[tuple[Escaping, ...]] = (
    (_PERCENT, _octet),
    (_ENTITY, _entity),
    (_PRINTABLE, _octet),
    (_HEX, _nothing),
)
_ESCAPINGS: Final[tuple[Escaping, ...]] = (
    *_MARKED,
    (_BACKSLASH, _behind_backslash),
    (_DOUBLED, _quote),
)
