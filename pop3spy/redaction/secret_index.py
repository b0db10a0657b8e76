"""Secrets that were seen, and where they come again.

A secret is looked for in any case, in UTF-8 and in Latin-1, as base64 and hex, and behind every
escaping that servers use; so is each of its words.  Those of fewer than four octets would be found
everywhere; who must not show them asks whether they occur.
"""

import base64
import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from contextlib import suppress

from pop3spy.protocol.frames import Spans
from pop3spy.redaction.escapings import places_in, without_escapings

SHORT = 4
"""Octets below which a word is not looked for."""
MOST = 64
"""Words that are remembered; who has seen more should show nothing."""
MUCH = 65536
"""Octets that these words may have together."""
LONG = 2048
"""Octets of the pieces in which a longer word is looked for."""
_TOKEN = 64
"""Octets beyond which what is not text has no words."""

_BLANKS = b" \t\r\n\v\f\0\1"  # NUL and SOH part the fields of SASL messages
_BETWEEN_WORDS = re.compile(b"[" + _BLANKS + b"]+")
_CONTROL = re.compile(rb"[\x02-\x08\x0e-\x1f\x7f]")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")  # base64 as RFC 4648, section 5 has it
_BASE64 = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789+/")  # in lower case


class SecretIndex:
    """Remembers words and finds them."""

    __slots__ = ("_base64", "_forms", "_known", "_new", "_octets", "_plain", "overflown")

    def __init__(self) -> None:
        self._known: set[bytes] = set()
        self._octets = 0
        self._plain: list[bytes] = []  # forms in lower case, shortest first
        self._base64: list[bytes] = []
        self._forms: list[bytes] = []  # both
        self._new: list[bytes] = []  # words that no forms were made of yet
        self.overflown = False

    def add(self, word: bytes) -> None:
        """Remember *word*."""
        pieces = {word[at : at + LONG] for at in range(0, len(word), LONG)}
        for piece in pieces - self._known:
            if len(piece) < SHORT:
                continue
            self._octets += len(piece)
            if len(self._known) >= MOST or self._octets > MUCH:
                self.overflown = True
                return
            self._known.add(piece)
            self._new.append(piece)  # nearly half of all sessions never have to look for it

    def find(self, data: bytes) -> Spans:
        """Return where in *data* a word stands: spans in order that do not overlap."""
        if not self._known or len(data) < SHORT:
            return ()
        if self._new:
            self._learn_forms()
        lower = data.lower()
        found: list[tuple[int, int]] = []
        if any(map(lower.__contains__, self._forms)):
            found += self._find(lower)
        if b"-" in data or b"_" in data:
            found += self._find_base64(lower.translate(_URL_SAFE))
        for view, undone in without_escapings(data):
            if spans := list(self._find(view.lower())):
                places = places_in(data, undone)
                found += [(places[start], places[end]) for start, end in spans]
        return merged(found) if found else ()  # as nearly always

    def begun(self, data: bytes) -> int | None:
        """Return where at the end of *data* a word begins of which more is missing, if one does."""
        lower = data.lower()
        known = [word.lower() for word in self._known]
        for start in range(len(lower) - SHORT + 1):
            if any(word.startswith(lower[start:]) for word in known):
                return start
        return None

    def _learn_forms(self) -> None:
        spellings = [spelling for word in self._new for spelling in _spellings(word)]
        self._new.clear()
        self._plain = sorted({*self._plain, *_plain_forms(spellings)}, key=len)
        self._base64 = sorted({*self._base64, *_base64_forms(spellings)}, key=len)
        self._forms = self._plain + self._base64

    def _find(self, lower: bytes) -> Iterator[tuple[int, int]]:
        yield from _occurrences(self._plain, lower)
        yield from self._find_base64(lower)

    def _find_base64(self, lower: bytes) -> Iterator[tuple[int, int]]:
        for start, end in _occurrences(self._base64, lower):
            yield _widened(lower, start, end)


def words_of(secret: bytes) -> set[bytes]:
    """Return *secret* without the blanks around it, and its words; a binary token has none."""
    binary = len(secret) > _TOKEN and not secret.isascii() and _CONTROL.search(secret)
    words = () if binary else _BETWEEN_WORDS.split(secret)
    return {secret.strip(_BLANKS), *words} - {b""}


def occurs(words: Iterable[bytes], data: bytes) -> bool:
    """Return whether one of *words*, however short, stands anywhere in *data*."""
    views = {data.lower(), data.lower().translate(_URL_SAFE)}
    views |= {view.lower() for view, _ in without_escapings(data, short=True)}
    forms = (form for word in words for form in _short_forms(word))
    return any(form in view for form in forms for view in views)


def merged(spans: list[tuple[int, int]]) -> Spans:
    """Return *spans* in order, those that touch made one."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return tuple(out)


def _occurrences(forms: list[bytes], lower: bytes) -> Iterator[tuple[int, int]]:
    for form in forms:
        if len(form) > len(lower):
            return
        size = len(form)
        start = lower.find(form)
        while start >= 0:
            end = start + size
            yield start, end
            overlapping = lower.rfind(form, start + 1, end + size - 1)
            start = overlapping if overlapping >= 0 else lower.find(form, end)


def _widened(lower: bytes, start: int, end: int) -> tuple[int, int]:
    """Return a span of base64 with the characters that share bits with it, and with the padding.

    The padding would tell how long the secret is.
    """
    start -= start > 0 and lower[start - 1] in _BASE64
    end += end < len(lower) and lower[end] in _BASE64
    while lower[end : end + 1] == b"=":
        end += 1
    return start, end


def _spellings(word: bytes) -> set[bytes]:
    """Return *word* in either case, and as what UTF-8 and Latin-1 make of one another."""
    found = {word, word.lower(), word.upper()}
    if word.isascii():
        return found
    texts = {word.decode("latin-1")}
    with suppress(UnicodeDecodeError):
        texts.add(word.decode())
    for case in {case for text in texts for case in (text, text.lower(), text.upper())}:
        found.add(case.encode())
        with suppress(UnicodeEncodeError):
            found.add(case.encode("latin-1"))
    return found


def _plain_forms(spellings: Iterable[bytes]) -> Iterator[bytes]:
    for spelling in spellings:
        yield spelling.lower()
        yield spelling.hex().encode()


def _base64_forms(spellings: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what base64 makes of a word, wherever in a longer text it stands."""
    for spelling in spellings:
        for shift, first in ((0, 0), (1, 2), (2, 3)):  # characters that octets before it share
            encoded = b2a_base64(bytes(shift) + spelling)
            core = encoded[first : (shift + len(spelling)) * 8 // 6]
            if len(core) >= SHORT:
                yield core.lower()


def _short_forms(word: bytes) -> Iterator[bytes]:
    for spelling in _spellings(word):
        yield spelling.lower()
        if len(spelling) > 1:
            yield spelling.hex().encode()
        yield base64.b64encode(spelling).lower()
