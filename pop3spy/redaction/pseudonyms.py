"""What stands for a name that nobody may learn, the same wherever it comes again.

One object serves all sessions of a run, or of a recording, so that who reads them can still follow
who did what: the first user is ``user-1``, the first host ``host-1.invalid`` (RFC 2606, section 2),
the first unique-id ``id-1``.
"""

import re
from enum import Enum
from hashlib import blake2b
from os import urandom

MOST = 100_000
"""Names of a kind that are numbered; those beyond have a digest in place of a number."""
_NUMBER = rb"(?:\d+|[0-9a-f]{12})"
_OURS = re.compile(rb"user-%b|id-%b|host-%b\.invalid" % (_NUMBER, _NUMBER, _NUMBER), re.IGNORECASE)
_KEPT_BELOW = 10_000
"""Numbers that a strict recording is believed to have used; what is found in it has others."""


class Kind(Enum):
    """What is named."""

    USER = b"user-%b"
    HOST = b"host-%b.invalid"
    ID = b"id-%b"

    __hash__ = object.__hash__  # Enum's own is Python code


class Pseudonyms:
    """Gives each name a pseudonym.

    One of several processes that share a listener numbers *first*, *first* + *step* and so on.
    With *kept*, what is a pseudonym already stays as it is: the names are those of a recording from
    which others were taken before.
    """

    def __init__(self, first: int = 1, step: int = 1, *, kept: bool = False) -> None:
        self._first = first + _KEPT_BELOW if kept else first
        self._step = step
        self._kept = kept
        self._given: dict[Kind, dict[bytes, bytes]] = {kind: {} for kind in Kind}
        self._key = urandom(16)

    def of(self, kind: Kind, name: bytes) -> bytes:
        """Return the pseudonym of *name*; case makes no difference, but in a unique-id."""
        if self._kept and is_pseudonym(name):
            return name
        key = name if kind is Kind.ID else name.lower()
        given = self._given[kind]
        if (known := given.get(key)) is not None:
            return known
        if len(given) >= MOST:
            return kind.value % blake2b(key, key=self._key, digest_size=6).hexdigest().encode()
        made: bytes = kind.value % b"%d" % (self._first + self._step * len(given))
        given[key] = made
        return made

    def counts(self) -> dict[Kind, int]:
        """Return how many names of each kind were given a number."""
        return {kind: len(given) for kind, given in self._given.items()}


def is_pseudonym(name: bytes) -> bool:
    """Return whether *name* has the form of a pseudonym."""
    return _OURS.fullmatch(name) is not None
