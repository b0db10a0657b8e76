"""The lines of a scan listing, or of a listing of unique-ids, read all at once.

Their rules are those of RFC 1939, sections 5 and 7: a message number, one blank, and a size or a
unique-id.  What is not like that is told as malformed, never guessed at.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from pop3spy.protocol.replies import number_of

LISTS_SIZES: Final = "LIST"
"""The verb whose lines have sizes; those of UIDL have unique-ids."""

_SIZES: Final = re.compile(rb"(?:[0-9]{1,20} [0-9]{1,20}\r*\n)*")
_IDS: Final = re.compile(rb"(?:[0-9]{1,20} [!-~]+\r*\n)*")


class ListingLines:
    """What the first *most* lines of *raw*, a reply to *verb*, say; one without an end is left out.

    ``numbers`` are the message numbers in the order of the lines.  ``sizes`` and ``ids``, of which
    one is empty, are octets and unique-ids by number; of a number that is listed twice, the last.
    ``malformed`` has lines that say nothing of a message, each with its place, counted from 1;
    ``trailing`` the numbers whose lines have more words than two, and ``duplicates`` those that are
    listed more than once, each once.
    """

    __slots__ = ("duplicates", "ids", "malformed", "numbers", "sizes", "trailing")

    def __init__(self, verb: str, raw: bytes, most: int) -> None:
        raw = raw[: raw.rfind(b"\n") + 1]
        self.numbers: list[int] = []
        self.sizes: dict[int, int] = {}
        self.ids: dict[int, bytes] = {}
        self.malformed: list[tuple[int, bytes]] = []
        self.trailing: list[int] = []
        self.duplicates: list[int] = []
        sizes = verb == LISTS_SIZES
        if (_SIZES if sizes else _IDS).fullmatch(raw):
            self._take_plain(raw.split()[: 2 * most], sizes=sizes)
        elif raw:
            self._take_lines(raw[:-1].split(b"\n", most)[:most], sizes=sizes)
        if len(self.numbers) > max(len(self.sizes), len(self.ids)):
            times = Counter(self.numbers)
            self.duplicates = [number for number, count in times.items() if count > 1]

    def _take_plain(self, words: list[bytes], *, sizes: bool) -> None:
        """Take in what is as it should be, as nearly always: no line of it is looked at alone."""
        self.numbers = list(map(int, words[::2]))
        if sizes:
            self.sizes = dict(zip(self.numbers, map(int, words[1::2]), strict=True))
        else:
            self.ids = dict(zip(self.numbers, words[1::2], strict=True))

    def _take_lines(self, lines: Iterable[bytes], *, sizes: bool) -> None:
        for place, ended in enumerate(lines, 1):
            line = ended.rstrip(b"\r")
            words = line.split(None, 2)
            number = number_of(words[0]) if len(words) > 1 else None
            size = number_of(words[1]) if number is not None and sizes else None
            if number is None or (sizes and size is None):
                self.malformed.append((place, line))
                continue
            self.numbers.append(number)
            if size is not None:
                self.sizes[number] = size
            else:
                self.ids[number] = words[1]
            if len(words) > 2:  # noqa: PLR2004 - a number and what is said of it
                self.trailing.append(number)
