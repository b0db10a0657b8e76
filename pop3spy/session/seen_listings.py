"""What LIST and UIDL told of the messages: all at once, and one by one."""

from typing import Final

from pop3spy.protocol.frames import CommandLine, StatusLine
from pop3spy.protocol.replies import number_of, pair_of, unique_id_of
from pop3spy.session.body import Body
from pop3spy.session.listing import MOST, Listing

LISTING: Final = frozenset({"LIST", "UIDL"})
"""Verbs that list all messages, if they name none."""


class SeenListings:
    """Sizes and unique-ids by message number, at most MOST of each.

    ``first_list``, ``last_list``, ``first_uidl`` and ``last_uidl`` are replies to LIST and UIDL
    without an argument that came to their end, or None.  ``asked`` counts the answers to ``LIST n``
    and ``UIDL n``, by verb; ``single_sizes`` and ``single_ids`` are what they said.
    """

    __slots__ = (
        *("asked", "first_list", "first_uidl", "last_list", "last_uidl"),
        *("single_ids", "single_sizes", "_at_least"),
    )

    def __init__(self) -> None:
        self.forget_listings()

    def forget_listings(self) -> None:
        """Know nothing of any message."""
        self.first_list: Listing | None = None
        self.last_list: Listing | None = None
        self.first_uidl: Listing | None = None
        self.last_uidl: Listing | None = None
        self.asked: dict[str, int] = {}
        self.single_sizes: dict[int, int] = {}
        self.single_ids: dict[int, bytes] = {}
        self._at_least = 0  # the highest number of a message that may exist

    def size_of(self, number: int) -> int | None:
        """Return octets: as the last LIST says, else the last ``LIST n``, else the first LIST."""
        if self.last_list and (size := self.last_list.sizes.get(number)) is not None:
            return size
        if (size := self.single_sizes.get(number)) is not None:
            return size
        return self.first_list.sizes.get(number) if self.first_list else None

    def id_of(self, number: int) -> bytes | None:
        """Return a unique-id: as the last UIDL says, else the last ``UIDL n``, else the first."""
        if self.last_uidl and (unique_id := self.last_uidl.ids.get(number)) is not None:
            return unique_id
        if (unique_id := self.single_ids.get(number)) is not None:
            return unique_id
        return self.first_uidl.ids.get(number) if self.first_uidl else None

    @property
    def listings(self) -> list[Listing]:
        """The listings that are kept, each once."""
        found: list[Listing] = []
        for listing in (self.first_list, self.last_list, self.first_uidl, self.last_uidl):
            if listing is not None and listing not in found:
                found.append(listing)
        return found

    def learn_listing(
        self, line: CommandLine, status: StatusLine, body: Body | None, at: float, changes: int
    ) -> None:
        """Take in a reply to LIST or UIDL; *changes* is as in ``Listing``."""
        verb, alone = line.command.verb, not line.command.bare
        if alone:
            self.asked[verb] = self.asked.get(verb, 0) + 1
        if not status.ok:
            return
        if body is None:
            if alone:
                self._single(verb, number_in(line), status)
        elif body.complete and body.listed is not None:
            listing = Listing(line, body, at, changes)
            if alone:  # it may list all messages, or that one
                self._told_alone(listing.sizes, listing.ids)
            elif verb == "LIST":
                self.first_list, self.last_list = self.first_list or listing, listing
            else:
                self.first_uidl, self.last_uidl = self.first_uidl or listing, listing

    def _single(self, verb: str, number: int | None, status: StatusLine) -> None:
        """Take in what was said of one message, if that is the one that was asked about."""
        if number is None or status.masks:
            return
        if verb == "LIST":
            size = pair_of(status.text)
            if size is not None and size[0] == number:
                self._told_alone({number: size[1]}, {})
        else:
            unique_id = unique_id_of(status.text)
            if unique_id is not None and unique_id[0] == number:
                self._told_alone({}, {number: unique_id[1]})

    def _told_alone(self, sizes: dict[int, int], ids: dict[int, bytes]) -> None:
        """Take in sizes and unique-ids that no listing of all messages tells."""
        if len(self.single_sizes) + len(sizes) <= MOST:
            self.single_sizes.update(sizes)
        if len(self.single_ids) + len(ids) <= MOST:
            self.single_ids.update(ids)
        self._at_least = max(self._at_least, *sizes, *ids, 0)


def number_in(line: CommandLine) -> int | None:
    """Return the message that a command names first; of an overlong line nobody knows."""
    args = line.command.args
    return number_of(args[0]) if args and not line.truncated else None
