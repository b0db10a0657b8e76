"""Keyed digests: they tell whether a mail is the same, and without the key nothing else."""

from hashlib import blake2b
from typing import Final

DIGESTED: Final = 1 << 16
"""How many octets behind a header go into a digest: to digest all takes longer than to relay."""

_SIZE: Final = 16


def keyed_digest(octets: bytes, key: bytes) -> bytes:
    """Return the digest of *octets* under *key*, which is at most 64 octets."""
    return blake2b(octets, key=key, digest_size=_SIZE).digest()


class ContentDigest:
    """The digest of what stands behind a header, without the dots that were stuffed.

    It covers the first DIGESTED octets of the wire; ``whole`` is whether there were no more.
    """

    __slots__ = ("_at_line_start", "_hash", "_left", "whole")

    def __init__(self, key: bytes) -> None:
        self.whole = True
        self._hash = blake2b(key=key, digest_size=_SIZE)
        self._left = DIGESTED
        self._at_line_start = True

    def add(self, octets: bytes, *, dotted: bool) -> None:
        """Digest more *octets*; *dotted*: a line that begins in them may begin with a dot."""
        if not self._left:
            self.whole = self.whole and not octets
            return
        if len(octets) > self._left:
            self.whole = False
            octets = octets[: self._left]
        self._left -= len(octets)
        unstuffed = octets.replace(b"\n.", b"\n") if dotted else octets
        if self._at_line_start and octets.startswith(b"."):
            unstuffed = unstuffed[1:]
        if octets:
            self._at_line_start = octets.endswith(b"\n")
        self._hash.update(unstuffed)

    def value(self) -> bytes:
        """Return the digest of what has been added."""
        return self._hash.digest()
