"""What a whole scan listing, or listing of unique-ids, says: read when somebody asks, not before.

The rules of its lines are those of RFC 1939, sections 5 and 7: a message number, one blank, and a
size or a unique-id.  What is not like that is told as malformed, never guessed at.
"""

import re
from collections import Counter
from typing import Final

from pop3spy.protocol.frames import CommandLine
from pop3spy.protocol.replies import number_of
from pop3spy.redaction.masking import FILLER
from pop3spy.session.body import LONGEST, Body

MOST: Final = 100_000
"""Lines of a listing that are read, and messages of which something is remembered."""

MOST_MALFORMED: Final = 100
"""Malformed lines of a listing that are remembered."""

_LISTS_SIZES: Final = "LIST"
_SIZES: Final = re.compile(rb"(?:[0-9]{1,20} [0-9]{1,20}\r*\n)*")
_IDS: Final = re.compile(rb"(?:[0-9]{1,20} [!-~]+\r*\n)*")


class Listing:
    """A complete reply to ``LIST`` or ``UIDL`` without an argument.

    ``exchange`` is its number, ``at`` when its last octet came, in seconds; two listings with the
    same ``changes`` had no command between them that changes what is listed.  ``lines`` counts the
    lines that came.  Of one that is ``cut`` only the beginning is known; with ``hidden``, some of
    it was masked, and what was is left out.
    """

    __slots__ = (
        *("at", "changes", "cut", "exchange", "hidden", "lines", "verb"),
        *(
            "_duplicates",
            "_highest",
            "_octets",
            "_ids",
            "_malformed",
            "_numbers",
            "_parts",
            "_sizes",
            "_trailing",
        ),
    )

    def __init__(self, line: CommandLine, body: Body, at: float, changes: int) -> None:
        self.verb = line.command.verb
        self.exchange = line.number
        self.at = at
        self.changes = changes
        self.lines = body.lines or 0
        self.cut = body.octets > LONGEST or self.lines > MOST
        self.hidden = body.hidden
        self._parts: list[bytes] | None = body.listed  # until it is read

    @property
    def complete(self) -> bool:
        """Whether all of it is known, so that what it does not list is not there."""
        return not self.cut and not self.hidden

    @property
    def numbers(self) -> list[int]:
        """The message numbers, in the order in which they are listed."""
        self._read()
        return self._numbers

    @property
    def sizes(self) -> dict[int, int]:
        """Octets by message number, as LIST says; of a number that is listed twice, the last."""
        self._read()
        return self._sizes

    @property
    def ids(self) -> dict[int, bytes]:
        """Unique-ids by message number, as UIDL says; of a number that is listed twice, the last.

        They are as they came: longer than 70 octets, or with octets that are not allowed.
        """
        self._read()
        return self._ids

    @property
    def highest(self) -> int:
        """The highest of its numbers, 0 without any."""
        self._read()
        return self._highest

    @property
    def octets(self) -> int:
        """The sum of the sizes that LIST says."""
        self._read()
        return self._octets

    @property
    def malformed(self) -> list[tuple[int, bytes]]:
        """Lines without a number and a size, or a unique-id: which line it is, and the line.

        Lines are counted from 1; at most MOST_MALFORMED are told.
        """
        self._read()
        return self._malformed

    @property
    def trailing(self) -> list[int]:
        """The numbers whose lines have more words than two."""
        self._read()
        return self._trailing

    @property
    def duplicates(self) -> list[int]:
        """The numbers that are listed more than once, each once."""
        self._read()
        return self._duplicates

    def _read(self) -> None:
        if self._parts is None:
            return
        raw, self._parts = b"".join(self._parts), None
        self._numbers: list[int] = []
        self._sizes: dict[int, int] = {}
        self._ids: dict[int, bytes] = {}
        self._malformed: list[tuple[int, bytes]] = []
        self._trailing: list[int] = []
        self._duplicates: list[int] = []
        raw = raw[: raw.rfind(b"\n") + 1]  # a line that was cut says nothing
        plain = _SIZES if self.verb == _LISTS_SIZES else _IDS
        if not self.hidden and plain.fullmatch(raw):
            self._read_plain(raw)
        else:
            self._read_lines(raw)
        self._highest = max(self._numbers, default=0)
        self._octets = sum(self._sizes.values())
        if len(self._numbers) > max(len(self._sizes), len(self._ids)):
            times = Counter(self._numbers)
            self._duplicates = [number for number, count in times.items() if count > 1]

    def _read_plain(self, raw: bytes) -> None:
        """Read what is as it should be, as nearly always: no line of it is looked at alone."""
        words = raw.split()[: 2 * MOST]
        self._numbers = list(map(int, words[::2]))
        if self.verb == _LISTS_SIZES:
            self._sizes = dict(zip(self._numbers, map(int, words[1::2]), strict=True))
        else:
            self._ids = dict(zip(self._numbers, words[1::2], strict=True))

    def _read_lines(self, raw: bytes) -> None:
        lines = raw[:-1].split(b"\n", MOST)[:MOST] if raw else []
        for place, ended in enumerate(lines, 1):
            line = ended.rstrip(b"\r")
            if self.hidden and FILLER in line:
                continue
            words = line.split(None, 2)
            if not self._take(words) and len(self._malformed) < MOST_MALFORMED:
                self._malformed.append((place, line))

    def _take(self, words: list[bytes]) -> bool:
        """Take in the *words* of a line; return whether they say something of a message."""
        number = number_of(words[0]) if len(words) > 1 else None
        if number is None:
            return False
        if self.verb != _LISTS_SIZES:
            self._ids[number] = words[1]
        elif (size := number_of(words[1])) is not None:
            self._sizes[number] = size
        else:
            return False
        self._numbers.append(number)
        if len(words) > 2:  # noqa: PLR2004 - a number and what is said of it
            self._trailing.append(number)
        return True
