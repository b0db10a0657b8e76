"""What a session told of its maildrop: what is in it, what was retrieved, what was marked.

It is what the server holds, by the server's own words: a command that a gate kept from the server
tells nothing, and one that it changed counts as what the server heard.  What was not told is not
there; nothing is guessed.
"""

from typing import Final

from pop3spy.protocol.commands import COMMANDS
from pop3spy.protocol.frames import CommandLine, StatusLine
from pop3spy.session.body import Body
from pop3spy.session.listing import MOST, Listing
from pop3spy.session.seen_listings import LISTING, SeenListings, number_in
from pop3spy.session.stat_replies import Stat, StatReplies

_XTND: Final = frozenset(name for name in COMMANDS if name.startswith("XTND"))
_ELSEWHERE: Final = frozenset({"XTND BBOARDS", "XTND ARCHIVE", "XTND X-BBOARDS"})
"""What opens another maildrop (RFC 1082)."""

CHANGING: Final = frozenset({"DELE", "RSET"}) | _XTND
"""Verbs behind which a listing may be another."""

TELLING: Final = LISTING | {"STAT", "RETR", "TOP"} | CHANGING
"""Verbs whose replies say something of the maildrop."""


class SeenMaildrop(SeenListings):
    """The messages of one session by their numbers, at most MOST of them.

    What was listed, ``SeenListings`` has: ``last_list``, ``size_of`` and the like.

    ``deleted`` has the exchange of each DELE that is in force; ``undone`` are the messages of which
    RSET took a mark back, whether they were marked again or not; ``pending`` is how many messages a
    QUIT would remove.  ``retrieved`` says how often a message was retrieved whole, ``incomplete``
    how often that broke off, ``refused`` how often it was refused with ``-ERR``, and ``previewed``
    how often TOP gave some of it.

    ``changes`` grows with every DELE, RSET and XTND that the server heard, whatever became of it;
    commands count in the order in which they were said.  ``since_login`` is whether all that was
    said since the login was seen.
    """

    __slots__ = (
        *("changes", "deleted", "incomplete", "pending", "previewed", "refused", "retrieved"),
        *("since_login", "undone", "_elsewhere", "_stats"),
    )

    def __init__(self) -> None:
        super().__init__()
        self.since_login = False
        self.changes = 0
        self._elsewhere = False
        self._begin()

    def _begin(self) -> None:
        """Know nothing of what was done with messages."""
        self._stats = StatReplies()
        self.deleted: dict[int, int] = {}
        self.undone: set[int] = set()
        self.pending = 0
        self.retrieved: dict[int, int] = {}
        self.incomplete: dict[int, int] = {}
        self.refused: dict[int, int] = {}
        self.previewed: dict[int, int] = {}

    # -- what is asked of it --------------------------------------------------------------------

    @property
    def stats(self) -> list[Stat]:
        """The first STAT and the last, as far as there were any that gave two numbers."""
        return self._stats.known

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
        for listing in self.listings:
            found.update(listing.numbers)
        return found

    @property
    def _proofs(self) -> tuple[dict[int, int], ...]:
        return self.retrieved, self.incomplete, self.previewed, self.deleted

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
        for listing in self.listings:
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
        return len(uidl.numbers) if uidl is not None and uidl.clean else None

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
        return (None, listing) if listing.clean else (stat, None)

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
            self.learn_listing(line, status, body, at, self.changes)
        elif verb == "STAT":
            if status.ok:
                self._stats.take(line.number, status, at, self.changes, self.pending)
        else:
            self._retrieval(line, status, body)

    def _change(self, line: CommandLine, status: StatusLine | None) -> None:
        self.changes += 1
        verb, number = line.command.verb, number_in(line)
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
            self.forget_listings()
            self._begin()

    def _retrieval(self, line: CommandLine, status: StatusLine, body: Body | None) -> None:
        if (number := number_in(line)) is None:
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


def _has_room(known: dict[int, int] | dict[int, bytes], number: int) -> bool:
    return len(known) < MOST or number in known
