"""What STAT says of all messages, compared with what is listed."""

from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import count
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.listing import Listing
from pop3spy.session.stat_replies import Stat

_WORD: Final = 1 << 32
"""Octets that a number of 32 bits cannot count."""


@rule(
    "stat-list-count-mismatch",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 5",
    on=On.ANSWERED,
    verbs=("STAT", "LIST", "UIDL"),
    raises=(
        """
        -- login
        C: STAT
        S: +OK 3 33
        C: LIST
        S: +OK / 1 11 / 2 11 / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: STAT
        S: +OK 1 11
        """,
    ),
    silent=(
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: LIST
        S: +OK / 1 11 / 2 11 / .
        C: UIDL
        S: +OK / 1 a / 2 b / .
        """,
        """
        -- login
        C: CAPA
        S: +OK / PIPELINING / UIDL / .
        C: STAT
        C| DELE 1
        C| LIST
        S: +OK 2 22 / +OK / +OK / 2 11 / .
        """,
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: LIST 1
        S: +OK 1 11
        """,
    ),
)
def stat_list_count_mismatch(seen: Observed, event: Answered) -> Claims:
    """STAT counts other messages than are listed.

    Both count what is not marked as deleted, and nothing was marked between the two.  Clients that
    go by the count leave out mail, or ask for mail that is not there.

    To do: rebuild the server's index of this maildrop.
    """
    told = _told(seen, event)
    if told is None:
        return
    stat, listing = told
    listed = len(listing.numbers)
    if stat.count != listed and not _explained(seen, stat, listing):
        yield Claim(
            f"STAT says {count(stat.count, 'message')} and {listing.verb} shows {listed:,}: clients"
            " will leave out mail, or ask for mail that is not there.",
            evidence={"stat": stat.count, "listed": listed},
        )


@rule(
    "stat-list-size-mismatch",
    Severity.INFO,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 5; RFC 6856, section 2.1",
    on=On.ANSWERED,
    verbs=("STAT", "LIST"),
    raises=(
        """
        -- login
        C: STAT
        S: +OK 2 20
        C: LIST
        S: +OK / 1 11 / 2 11 / .
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 4294967296 / 2 11 / .
        C: STAT
        S: +OK 2 11
        """,
    ),
    silent="""
        -- login
        C: STAT
        S: +OK 2 22
        C: LIST
        S: +OK / 1 11 / 2 11 / .
    """,
)
def stat_list_size_mismatch(seen: Observed, event: Answered) -> Claims:
    """The octets that STAT counts are not the sum of the sizes that LIST shows.

    Nothing was marked between the two.  A server need not be exact here, and little depends on it:
    a client may show its progress wrongly.

    To do: nothing; correct the server if a number of 32 bits overflows.
    """
    told = _told(seen, event)
    if told is None:
        return
    stat, listing = told
    if listing.verb != "LIST" or stat.count != len(listing.numbers):
        return
    listed = sum(listing.sizes.values())
    apart = abs(stat.octets - listed)
    if apart:
        why = ", as a number of 32 bits overflows" if apart % _WORD == 0 else ""
        yield Claim(
            f"STAT counts {count(stat.octets, 'octet')} and the sizes that LIST shows make"
            f" {listed:,}{why}: only what a client shows of its progress suffers.",
            evidence={"stat": stat.octets, "listed": listed},
        )


def _told(seen: Observed, event: Answered) -> tuple[Stat, Listing] | None:
    """Return the last STAT and a listing of the same messages, if *event* completes them.

    Of LIST and UIDL it is LIST, if that was asked.
    """
    maildrop, number = seen.maildrop, event.exchange.number
    stat = maildrop.stats[-1] if maildrop.stats else None
    if stat is None:
        return None
    for listing in (maildrop.last_list, maildrop.last_uidl):
        if listing is not None and listing.changes == stat.changes:
            if number != max(stat.exchange, listing.exchange):
                return None
            return (stat, listing) if listing.clean else None
    return None


def _explained(seen: Observed, stat: Stat, listing: Listing) -> bool:
    """Return whether something else is wrong: deleted messages are told of, or mail came."""
    maildrop = seen.maildrop
    if not maildrop.deleted.keys().isdisjoint(listing.numbers):
        return True
    if 0 < stat.count - len(listing.numbers) <= maildrop.pending:
        return True
    first = maildrop.stats[0]
    if first.changes == stat.changes and first.count != stat.count:
        return True
    earlier = maildrop.first_list if listing.verb == "LIST" else maildrop.first_uidl
    return (
        earlier is not None
        and earlier.changes == listing.changes
        and len(earlier.numbers) != len(listing.numbers)
    )
