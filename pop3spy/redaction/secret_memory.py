"""Whether a secret or a challenge was seen before, in any session of this process.

Rules: 1. what is remembered is a keyed digest, whose key is made at the start and never leaves; 2.
what leaves is the place where the same was seen last, and how that ended; 3. the oldest goes first.
"""

from datetime import datetime
from hashlib import blake2b
from os import urandom
from typing import Final

MOST: Final = 4096
"""Secrets and challenges that are remembered."""
_SIZE: Final = 16


class SecretMemory:
    """What the sessions of one run have in common; times count from *started*.

    Without that date, or with that of a recording that has none, nobody knows when a token is used.
    """

    def __init__(self, started: datetime | None = None) -> None:
        began = started.timestamp() if started is not None else 0.0
        self._began = began if began > 0 else None
        self._key = urandom(_SIZE)
        self._places: dict[bytes, str] = {}
        self._outcomes: dict[bytes, str] = {}

    def date(self, at: float) -> float | None:
        """Return the seconds since 1970 of *at* seconds after the start, None if nobody knows."""
        return None if self._began is None else self._began + at

    def note(self, place: str, *parts: bytes) -> tuple[bytes, str]:
        """Note that *parts* were seen together at *place*.

        Return what ``settle`` takes, and where they were seen before, empty if nowhere.
        """
        digest = self._digest(parts)
        earlier = self._places.pop(digest, "")
        outcome = self._outcomes.pop(digest, "")
        self._places[digest] = place
        if len(self._places) > MOST:
            oldest = next(iter(self._places))
            del self._places[oldest]
            self._outcomes.pop(oldest, None)
        return digest, f"{earlier} {outcome}" if earlier and outcome else earlier

    def settle(self, digest: bytes, place: str, outcome: str) -> None:
        """Note how what was seen at *place* ended, unless it was seen again since."""
        if self._places.get(digest) == place:
            self._outcomes[digest] = outcome

    def _digest(self, parts: tuple[bytes, ...]) -> bytes:
        told = b"".join([b"%d:%b" % (len(part), part) for part in parts])
        return blake2b(told, key=self._key, digest_size=_SIZE).digest()
