"""A whole reply to LIST or UIDL: it is kept as it came, and read when somebody asks."""

from typing import Final

from pop3spy.protocol.frames import CommandLine
from pop3spy.redaction.masking import FILLER
from pop3spy.session.body import LONGEST, Body
from pop3spy.session.listing_lines import ListingLines

MOST: Final = 100_000
"""Lines of a listing that are read, and messages of which something is remembered."""

MOST_MALFORMED: Final = 100
"""Malformed lines of a listing that are remembered."""


class Listing:
    """A reply to ``LIST`` or ``UIDL`` without an argument that came to its end.

    ``exchange`` is its number, ``at`` when its last octet came, in seconds; two listings with the
    same ``changes`` had no command between them that changes what is listed.  ``lines`` counts the
    lines that came.  Of one that is ``cut`` only the beginning is known; with ``hidden``, some of
    it was masked, and lines of which something was are left out.
    """

    __slots__ = (
        *("at", "changes", "cut", "exchange", "hidden", "lines", "verb"),
        *("_highest", "_octets", "_parts", "_read_lines"),
    )

    def __init__(self, line: CommandLine, body: Body, at: float, changes: int) -> None:
        self.verb = line.command.verb
        self.exchange = line.number
        self.at = at
        self.changes = changes
        self.lines = body.lines or 0
        self.cut = body.octets > LONGEST or self.lines > MOST
        self.hidden = body.hidden
        self._parts: list[bytes] = body.listed or []  # until it is read
        self._read_lines: ListingLines | None = None

    @property
    def complete(self) -> bool:
        """Whether all of it is known, so that what it does not list is not there."""
        return not self.cut and not self.hidden

    @property
    def clean(self) -> bool:
        """Whether it says for certain which messages there are, and how many."""
        return self.complete and not self.malformed and not self.duplicates

    @property
    def numbers(self) -> list[int]:
        """The message numbers, in the order in which they are listed."""
        return self._read().numbers

    @property
    def sizes(self) -> dict[int, int]:
        """Octets by message number, as LIST says; of a number that is listed twice, the last."""
        return self._read().sizes

    @property
    def ids(self) -> dict[int, bytes]:
        """Unique-ids by message number, as UIDL says; of a number that is listed twice, the last.

        They are as they came: longer than 70 octets, or with octets that are not allowed.
        """
        return self._read().ids

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
        return self._read().malformed

    @property
    def trailing(self) -> list[int]:
        """The numbers whose lines have more words than two."""
        return self._read().trailing

    @property
    def duplicates(self) -> list[int]:
        """The numbers that are listed more than once, each once."""
        return self._read().duplicates

    def _read(self) -> ListingLines:
        if self._read_lines is not None:
            return self._read_lines
        raw, self._parts = b"".join(self._parts), []
        if self.hidden:
            raw = b"".join(line for line in raw.splitlines(keepends=True) if FILLER not in line)
        read = self._read_lines = ListingLines(self.verb, raw, MOST)
        del read.malformed[MOST_MALFORMED:]
        self._highest = max(read.numbers, default=0)
        self._octets = sum(read.sizes.values())
        return read
