"""Unique-ids of the messages in one maildrop (RFC 1939, section 7).

A message is called by its name or by its content.  Where several are called the same, the second
has ``-2`` behind that, the next ``-3``: the RFC lets copies share one, but clients lose mail or
stop over it.
"""

import hashlib
import re
from collections import Counter, deque
from collections.abc import Collection, Iterable
from typing import Final

_UNIQUE_ID: Final = re.compile(rb"[\x21-\x7e]{1,70}")


def fit_for_unique_id(name: bytes) -> bytes:
    """Return *name* if it may be a unique-id (1 to 70 of 0x21 to 0x7E), else a hash of it."""
    return name if _UNIQUE_ID.fullmatch(name) else fingerprint([name])


def fingerprint(pieces: Iterable[bytes]) -> bytes:
    """Return 32 hexadecimal digits that only equal octets share."""
    digest = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest().encode()


class UniqueIds:
    """Gives unique-ids, the same in every run as long as no copy was removed.

    A copy keeps the number that it has until the program ends, and none is given twice.  After
    that nobody can tell which of them has gone, since those that are left look the same.
    """

    def __init__(self) -> None:
        self._last: dict[bytes, int] = {}  # the number of the last copy, by what copies are called
        self._given: dict[bytes, list[bytes]] = {}

    def give(self, names: Iterable[bytes]) -> list[bytes]:
        """Return the ids of messages that are called *names*, in order; each may be an id."""
        wanted = list(names)
        taken = set(wanted)
        times = Counter(wanted)  # in order
        copied = [name for name, count in times.items() if count > 1 or name in self._last]
        left = {
            name: deque(i for i in self._given.get(name, ()) if i == name or i not in taken)
            for name in copied
        }
        taken.update(*left.values())
        self._given = {
            name: [self._next(name, left[name], taken) for _ in range(times[name])]
            for name in copied
        }
        turns = {name: iter(ids) for name, ids in self._given.items()}
        return [next(turns[name]) if name in turns else name for name in wanted]

    def forget(self, unique_ids: Collection[bytes]) -> None:
        """Know that the messages with these ids were removed."""
        for name, ids in self._given.items():
            self._given[name] = [each for each in ids if each not in unique_ids]

    def _next(self, name: bytes, left: deque[bytes], taken: set[bytes]) -> bytes:
        """Return the id of the next message called *name*: one that is *left*, or a new one."""
        if left:
            return left.popleft()
        choice, number = name, self._last.get(name, 0) + 1
        while number > 1:
            choice = fit_for_unique_id(b"%s-%d" % (name, number))
            if choice not in taken:
                break
            number += 1
        self._last[name] = number
        taken.add(choice)
        return choice
