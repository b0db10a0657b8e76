"""Replies of one session that disagree about which message is which."""

from pop3spy.findings.observed import Observed, message_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import quoted_octets
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity


@rule(
    "uidl-list-set-differs",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, sections 5 and 7",
    on=On.ANSWERED,
    verbs=("LIST", "UIDL"),
    raises=(
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 3 11 / .
        C: UIDL
        S: +OK / 1 a / 2 b / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: LIST
        S: +OK / 1 11 / .
        """,
    ),
    silent=(
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 3 11 / .
        C: UIDL
        S: +OK / 1 a / 3 c / .
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 11 / .
        C: DELE 2
        S: +OK
        C: UIDL
        S: +OK / 1 a / .
        """,
    ),
)
def uidl_list_set_differs(seen: Observed, event: Answered) -> Claims:
    """LIST and UIDL do not name the same messages.

    Both list every message that is not marked as deleted.  A client that goes by the one leaves
    out, or asks in vain for, what only the other has.

    To do: correct the server, or rebuild its index of this maildrop.
    """
    number = event.exchange.number
    sizes, ids = seen.maildrop.last_list, seen.maildrop.last_uidl
    if sizes is None or ids is None or number != max(sizes.exchange, ids.exchange):
        return
    if sizes.changes != ids.changes or not (sizes.clean and ids.clean):
        return
    earlier, later = sorted((sizes, ids), key=lambda listing: listing.exchange)
    if earlier.numbers == later.numbers:
        return
    before, after = set(earlier.numbers), set(later.numbers)
    apart = (before ^ after) - seen.maildrop.deleted.keys()
    if not apart or _only_grew(before, after):
        return
    first = min(apart)
    lists = earlier if first in before else later
    yield Claim(
        f"LIST and UIDL disagree about which messages exist: message {first} is in"
        f" {lists.verb} alone.",
        evidence={"message": first, "differences": len(apart)},
    )


@rule(
    "uidl-single-differs",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 7",
    on=On.ANSWERED,
    verbs=("UIDL",),
    raises=(
        """
        -- login
        C: UIDL
        S: +OK / 1 a / .
        C: UIDL 1
        S: +OK 1 b
        """,
        """
        -- login
        C: UIDL 1
        S: +OK 1 b
        C: UIDL
        S: +OK / 1 a / .
        """,
    ),
    silent=(
        """
        -- login
        C: UIDL
        S: +OK / 1 a / .
        C: UIDL 1
        S: +OK 1 a
        """,
        """
        -- login
        C: UIDL 2
        S: +OK 2 b
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: UIDL 1
        S: +OK a
        -- also listing-malformed
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 a / .
        C: UIDL 2
        S: -ERR no such message
        -- also message-number-bad
        """,
    ),
)
def uidl_single_differs(seen: Observed, event: Answered) -> Claims:
    """``UIDL n`` and the listing of all unique-ids give a message different ids.

    A client may use either, and remembers the message by what it was told.  With the other id it
    downloads the message again.

    To do: correct the server.
    """
    listing, singles = seen.maildrop.last_uidl, seen.maildrop.single_ids
    if listing is None or not singles or not event.exchange.ok:
        return
    if seen.has_raised("renumbered-in-session"):
        return
    ids = listing.ids
    if event.exchange.command.bare:
        if listing is not seen.maildrop.first_uidl:  # two listings are compared elsewhere
            return
        differing = [n for n, named in singles.items() - ids.items() if ids.get(n, named) != named]
    else:
        asked = message_of(event.exchange)
        told = asked is not None and asked in singles  # the reply may have said nothing of it
        differing = [n for n in (asked,) if n and told and ids.get(n, singles[n]) != singles[n]]
    if differing:
        number = min(differing)
        yield Claim(
            f"UIDL {number} says {quoted_octets(singles[number])} and the listing"
            f" {quoted_octets(ids[number])}: the server gives message {number} two unique-ids.",
            evidence={"message": number, "messages": len(differing)},
        )


def _only_grew(before: set[int], after: set[int]) -> bool:
    """Return whether new mail explains the difference: it has the highest numbers."""
    return before < after and min(after - before) > max(before, default=0)
