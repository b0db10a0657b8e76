"""In which charset a line of a server makes sense, where it is not ASCII.

Nothing on the wire says it.  A reading is offered where the octets speak for it, and whoever
knows the language sees at once whether it is right.
"""

import re
from typing import Final

_HIGH: Final = re.compile(rb"[\x80-\xff]+")
_CHINESE: Final = re.compile(rb"(?:[\xa1-\xf7][\xa1-\xfe])+")  # GB 2312, as GB 18030 has it
_CYRILLIC: Final = re.compile(rb"[\xa3\xa8\xb3\xb8\xc0-\xff]+")  # of KOI8-R and Windows-1251
_BELOW_CYRILLIC: Final = re.compile(rb"[\xa1\xa2\xa4-\xa7\xa9-\xb2\xb4-\xb7\xb9-\xbf]")
_JAPANESE: Final = re.compile(r"[\u3041-\u30fe]")
_WORD: Final = 3
"""Letters in a row that make a word of another alphabet, not accents inside one."""

_NO_BREAK: Final = 0xA0
"""The first printable octet beyond ASCII in Latin-1."""
_RUSSIAN: Final = (("KOI8-R", "koi8-r"), ("Windows-1251", "cp1251"))


def reading_of(line: bytes) -> tuple[str, str] | None:
    """Return the charset in which *line* makes sense, and its text; None where nothing fits.

    It is UTF-8, GB 18030, Shift_JIS, KOI8-R, Windows-1251 or Latin-1, the first that fits.
    """
    if (text := _decoded(line, "utf-8")) is not None:
        return "UTF-8", text
    runs = _HIGH.findall(line)
    if all(map(_CHINESE.fullmatch, runs)) and any(map(_BELOW_CYRILLIC.search, runs)):
        text = _decoded(line, "gb18030")
        if text is not None and max(map(len, runs)) > _WORD:
            return "GB 18030", text
    text = _decoded(line, "shift_jis")
    if text is not None and _JAPANESE.search(text):
        return "Shift_JIS", text
    if max(map(len, runs)) < _WORD:
        return ("Latin-1", line.decode("latin-1")) if min(b"".join(runs)) >= _NO_BREAK else None
    return _cyrillic(line) if all(map(_CYRILLIC.fullmatch, runs)) else None


def _cyrillic(line: bytes) -> tuple[str, str]:
    """Return *line* in KOI8-R or Windows-1251: that in which there are more small letters."""
    readings = [(name, line.decode(codec, "replace")) for name, codec in _RUSSIAN]
    return max(readings, key=lambda reading: sum(map(str.islower, reading[1])))


def _decoded(line: bytes, codec: str) -> str | None:
    try:
        return line.decode(codec)
    except UnicodeDecodeError:
        return None
