"""What a session told of its maildrop: what is in it, what was retrieved, what was marked.

It is what the server holds, by the server's own words: a command that a gate kept from the server
tells nothing, and one that it changed counts as what the server heard.  What was not told is not
there; nothing is guessed.
"""

from typing import Final

from pop3spy.protocol.commands import COMMANDS
from pop3spy.protocol.frames import CommandLine, StatusLine
from pop3spy.protocol.replies import number_of, pair_of, unique_id_of
from pop3spy.session.body import Body
from pop3spy.session.listing import MOST, Listing
from pop3spy.session.stat_replies import Stat, StatReplies

_XTND: Final = frozenset(name for name in COMMANDS if name.startswith("XTND"))
_ELSEWHERE: Final = frozenset({"XTND BBOARDS", "XTND ARCHIVE", "XTND X-BBOARDS"})
"""What opens another maildrop (RFC 1082)."""

CHANGING: Final = frozenset({"DELE", "RSET"}) | _XTND
"""Verbs behind which a listing may be another."""

LISTING: Final = frozenset({"LIST", "UIDL"})
"""Verbs that list all messages, if they name none."""

TELLING: Final = LISTING | {"STAT", "RETR", "TOP"} | CHANGING
"""Verbs whose replies say something of the maildrop."""


class SeenMaildrop:
    """The messages of one session by their numbers, at most MOST of them.

    ``first_list``, ``last_list``, ``first_uidl`` and ``last_uidl`` are replies to LIST and UIDL
    without an argument that came to their end, or None.

    ``deleted`` has the exchange of each DELE that is in force; ``undone`` are the messages of which
    RSET took a mark back, whether they were marked again or not; ``pending`` is how many messages a
    QUIT would remove.  ``retrieved`` says how often a message was retrieved whole, ``incomplete``
    how often that broke off, ``refused`` how often it was refused with ``-ERR``, and ``previewed``
    how often TOP gave some of it.

    ``asked`` counts the answers to ``LIST n`` and ``UIDL n``, by verb; ``single_sizes`` and
    ``single_ids`` are what they said.  ``changes`` grows with every DELE, RSET and XTND that the
    server heard, whatever became of it; commands count in the order in which they were said.
    ``since_login`` is whether all that was said since the login was seen.
    """

    __slots__ = (
        *("since_login", "first_list", "last_list", "first_uidl", "last_uidl"),
        *("deleted", "undone", "pending", "retrieved", "incomplete", "refused", "previewed"),
        *("asked", "single_sizes", "single_ids", "changes"),
        *("_at_least", "_elsewhere", "_stats"),
    )

    def __init__(self) -> None:
        self.since_login = False
        self.changes = 0
        self._elsewhere = False
        self._begin()

    def _begin(self) -> None:
        """Know nothing of the messages."""
        self._stats = StatReplies()
        self.first_list: Listing | None = None
        self.last_list: Listing | None = None
        self.first_uidl: Listing | None = None
        self.last_uidl: Listing | None = None
        self.deleted: dict[int, int] = {}
        self.undone: set[int] = set()
        self.pending = 0
        self.retrieved: dict[int, int] = {}
        self.incomplete: dict[int, int] = {}
        self.refused: dict[int, int] = {}
        self.previewed: dict[int, int] = {}
        self.asked: dict[str, int] = {}
        self.single_sizes: dict[int, int] = {}
        self.single_ids: dict[int, bytes] = {}
        self._at_least = 0  # the highest number of a message that may exist

    # -- what is asked of it --------------------------------------------------------------------

    @property
    def stats(self) -> list[Stat]:
        """The first STAT and the last, as far as there were any that gave two numbers."""
        return self._stats.known

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

    def has_shown(self, number: int) -> bool:
        """Return whether the server has said, or proved, that there is such a message."""
        if any(number in proof for proof in self._proofs):
            return True
        return self.size_of(number) is not None or self.id_of(number) is not None

    @property
    def numbers(self) -> set[int]:
        """The numbers of all messages of which the server has said, or proved, that they exist."""
        found: set[int] = set()
        found.update(self.single_sizes, self.single_ids, *self._proofs)
        for listing in self._listings:
            found.update(listing.numbers)
        return found

    @property
    def _proofs(self) -> tuple[dict[int, int], ...]:
        return self.retrieved, self.incomplete, self.previewed, self.deleted

    @property
    def _listings(self) -> list[Listing]:
        """The listings that are kept, each once."""
        found: list[Listing] = []
        for listing in (self.first_list, self.last_list, self.first_uidl, self.last_uidl):
            if listing is not None and listing not in found:
                found.append(listing)
        return found

    @property
    def highest(self) -> int | None:
        """The highest message number that may exist, 0 in an empty maildrop; None if unknown.

        It is unknown until a whole LIST or UIDL told it, or a STAT in front of any DELE; and if the
        login was not seen, since a message without a line may have been marked before.
        """
        if not self.since_login or self._elsewhere:
            return None
        stats = self._stats.known
        known = bool(stats) and stats[0].changes == 0
        highest = max(self._at_least, self._stats.most)
        for listing in self._listings:
            if listing.complete and not listing.malformed:
                known = True
                highest = max(highest, listing.highest)
        return highest if known else None

    @property
    def count(self) -> int | None:
        """How many messages there are, by the last STAT or LIST, or else by the last UIDL."""
        stat, listing = self._last_count()
        if listing is not None:
            return len(listing.numbers)
        if stat is not None:
            return stat.count
        uidl = self.last_uidl
        return len(uidl.numbers) if uidl is not None and _counts(uidl) else None

    @property
    def octets(self) -> int | None:
        """How many octets the messages have, by the last STAT or LIST."""
        stat, listing = self._last_count()
        if listing is not None:
            return listing.octets
        return stat.octets if stat is not None else None

    def _last_count(self) -> tuple[Stat | None, Listing | None]:
        """Return which STAT counted the messages last, or which LIST."""
        stats, listing = self.stats, self.last_list
        stat = stats[-1] if stats else None
        if listing is None or (stat is not None and stat.exchange > listing.exchange):
            return stat, None
        return (None, listing) if _counts(listing) else (stat, None)

    # -- what is told to it ---------------------------------------------------------------------

    def learn(
        self, line: CommandLine, status: StatusLine | None, body: Body | None, at: float
    ) -> None:
        """Take in a command that the server heard, and its reply; None: without a status line."""
        verb = line.command.verb
        if verb in CHANGING:
            self._change(line, status)
        elif status is None:
            return
        elif verb in LISTING:
            self._listed(line, status, body, at)
        elif verb == "STAT":
            if status.ok:
                self._stats.take(line.number, status, at, self.changes, self.pending)
        else:
            self._retrieval(line, status, body)

    def _change(self, line: CommandLine, status: StatusLine | None) -> None:
        self.changes += 1
        verb, number = line.command.verb, _number(line)
        if verb == "DELE" and number is not None and (status is None or status.ok):
            self._at_least = max(self._at_least, number)
        if status is None or not status.ok:
            return
        if verb == "DELE" and number is not None and number not in self.deleted:
            self.pending += 1
            if len(self.deleted) < MOST:
                self.deleted[number] = line.number
        elif verb == "RSET":
            if len(self.undone) < MOST:
                self.undone.update(self.deleted)
            self.pending = 0
            self.deleted = {}
        elif verb in _ELSEWHERE and line.command.args:
            self._elsewhere = True
            self._begin()

    def _listed(self, line: CommandLine, status: StatusLine, body: Body | None, at: float) -> None:
        verb, alone = line.command.verb, not line.command.bare
        if alone:
            self.asked[verb] = self.asked.get(verb, 0) + 1
        if not status.ok:
            return
        if body is None:
            if alone:
                self._single(verb, _number(line), status)
        elif body.complete and body.listed is not None:
            listing = Listing(line, body, at, self.changes)
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

    def _retrieval(self, line: CommandLine, status: StatusLine, body: Body | None) -> None:
        if (number := _number(line)) is None:
            return
        whole = body is not None and body.complete
        if status.ok:
            self._at_least = max(self._at_least, number)
        if line.command.verb == "TOP":
            times = self.previewed if whole else None
        elif status.ok:
            times = self.retrieved if whole else self.incomplete
        else:
            times = self.refused
        if times is not None and _has_room(times, number):
            times[number] = times.get(number, 0) + 1


def _number(line: CommandLine) -> int | None:
    """Return the message that a command names; of an overlong line nobody knows."""
    args = line.command.args
    return number_of(args[0]) if args and not line.truncated else None


def _has_room(known: dict[int, int] | dict[int, bytes], number: int) -> bool:
    return len(known) < MOST or number in known


def _counts(listing: Listing) -> bool:
    """Return whether a listing says how many messages there are."""
    return listing.complete and not listing.malformed and not listing.duplicates
