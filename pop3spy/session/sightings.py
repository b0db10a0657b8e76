"""Secrets that were seen, and where they come again.

A secret is looked for as it is, in any case, and as base64, hex or percent-encoding; so is each of
its words of four octets or more.  Shorter ones would be found everywhere; who must not show them
asks ``is_short``.
"""

import base64
from collections.abc import Iterator
from urllib.parse import quote_from_bytes

from pop3spy.protocol.frames import Spans

SHORT = 4
"""Octets below which a secret is not looked for."""
MOST = 64
"""Secrets that are remembered; who has seen more should show nothing."""
LONG = 8192
"""Octets beyond which a secret is not remembered, which counts as having seen too many."""


class Sightings:
    """Remembers secrets and finds them."""

    __slots__ = ("_forms", "_known", "overflown")

    def __init__(self) -> None:
        self._known: set[bytes] = set()
        self._forms: list[bytes] = []  # lower case, shortest first
        self.overflown = False

    def add(self, secret: bytes) -> None:
        """Remember *secret* and its words."""
        if self.overflown:
            return
        words = {word for word in (secret.strip(), *secret.split()) if len(word) >= SHORT}
        for word in words - self._known:
            if len(self._known) >= MOST or len(word) > LONG:
                self.overflown = True
                return
            self._known.add(word)
            forms = {form.lower() for form in _forms(word)}
            self._forms = sorted({*self._forms, *forms}, key=len)

    def find(self, data: bytes) -> Spans:
        """Return where in *data* a secret stands: spans in order that do not overlap."""
        if not self._forms or len(data) < len(self._forms[0]):
            return ()
        found: list[tuple[int, int]] = []
        lower = data.lower()
        for form in self._forms:
            if len(form) > len(lower):
                break
            start = lower.find(form)
            while start >= 0:
                found.append((start, start + len(form)))
                start = lower.find(form, start + 1)
        return merged(found)


def merged(spans: list[tuple[int, int]]) -> Spans:
    """Return *spans* in order, those that touch made one."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return tuple(out)


def _forms(word: bytes) -> Iterator[bytes]:
    for variant in {word, word.lower(), word.upper()}:
        yield variant
        yield variant.hex().encode()
        yield quote_from_bytes(variant, safe="").encode()
        yield from _inside_base64(variant)


def _inside_base64(word: bytes) -> Iterator[bytes]:
    """Yield what base64 makes of *word*, wherever in a longer text it stands."""
    for shift, first in ((0, 0), (1, 2), (2, 3)):  # characters that the octets before it share
        encoded = base64.b64encode(bytes(shift) + word)
        core = encoded[first : (shift + len(word)) * 8 // 6]
        if len(core) >= SHORT:
            yield core
