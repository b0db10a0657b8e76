"""Unique-ids that stand for more than one message."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from pop3spy.findings.listings import listing_of
from pop3spy.findings.mail import mail_of
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import quoted_octets
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.listing import Listing

_GROUPS: Final = 1000
"""Ids that are given twice of which the messages are compared."""


@rule(
    "uidl-duplicate",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 7",
    beats=("uidl-duplicate-unknown",),
    raises=(
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 99 / .
        C: UIDL
        S: +OK / 1 u / 2 u / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 u / 2 u / .
        C: LIST
        S: +OK / 1 11 / 2 99 / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 u / 2 u / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 2
        S: +OK / A: b / (blank) / y / .
        """,
    ),
    silent=(
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 99 / .
        C: UIDL
        S: +OK / 1 u / 2 U / .
        """,
    ),
)
class UidlDuplicate:
    """Two different messages have the same unique-id.

    A unique-id must name one message.  A client that leaves mail on the server takes the second
    message for the first, which it knows already, and never fetches it.

    To do: correct the server (Dovecot: ``pop3_uidl_duplicates = rename``); until then let the
    client fetch everything and delete it.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._shared: dict[int, bytes] = {}  # the id of each message that shares it
        self._came: dict[bytes, tuple[int, bytes]] = {}  # by id, which came first, and its digest

    @on(On.ANSWERED, "UIDL")
    @on(On.ANSWERED, "LIST")
    def _listed(self, event: Answered) -> Claims:
        """Compare the sizes of messages with one id."""
        listing = self._seen.maildrop.last_uidl
        if listing is None or not event.exchange.command.bare:
            return
        if listing.exchange == event.exchange.number:
            self._shared = {
                number: unique_id for unique_id, group in _groups(listing) for number in group
            }
        sizes: dict[bytes, tuple[int, int]] = {}
        for number, unique_id in self._shared.items():
            size = self._seen.maildrop.size_of(number)
            if size is None:
                continue
            other, its_size = sizes.setdefault(unique_id, (number, size))
            if its_size != size:
                yield _different(other, number, unique_id, listing)
                return

    @on(On.ANSWERED, "RETR")
    def _retrieved(self, event: Answered) -> Claims:
        """Compare a message with the first one that came with its id."""
        listing = self._seen.maildrop.last_uidl
        if not self._shared or listing is None:
            return
        mail = mail_of(self._seen, event.exchange)
        unique_id = self._shared.get(mail.number or 0)
        if unique_id is None or mail.number is None or mail.stable is None:
            return
        other, digest = self._came.setdefault(unique_id, (mail.number, mail.stable))
        if other != mail.number and digest != mail.stable:
            yield _different(other, mail.number, unique_id, listing)


def _different(one: int, other: int, unique_id: bytes, listing: Listing) -> Claim:
    return Claim(
        f"Messages {one} and {other} share the unique-id {quoted_octets(unique_id)}: a client that"
        " leaves mail on the server never fetches one of them.",
        exchange=listing.exchange,
        evidence={"first": one, "second": other},
    )


@rule(
    "uidl-duplicate-unknown",
    Severity.INFO,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 7",
    on=On.ANSWERED,
    verbs=("UIDL",),
    raises=(
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 11 / .
        C: UIDL
        S: +OK / 1 u / 2 u / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 u / 2 u / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        """,
    ),
    silent="""
        -- login
        C: UIDL
        S: +OK / 1 u / 2 v / .
    """,
)
def uidl_duplicate_unknown(seen: Observed, event: Answered) -> Claims:
    """Two messages have the same unique-id, and they may be copies of one mail.

    A server may make the id of what is in the message, so that copies have the same one.  Some
    clients stop at that.

    To do: nothing, if the messages are copies; else correct the server.
    """
    listing = listing_of(seen, event.exchange)
    if listing is None:
        return
    group = next(_groups(listing), None)
    if group is not None:
        unique_id, numbers = group
        yield Claim(
            f"Messages {numbers[0]} and {numbers[1]} have the same unique-id"
            f" {quoted_octets(unique_id)}: they are probably copies of one mail.",
            evidence={"first": numbers[0], "second": numbers[1], "repeated": _repeated(listing)},
        )


def _groups(listing: Listing) -> Iterator[tuple[bytes, list[int]]]:
    """Yield each unique-id that is given twice or more, with its messages; at most _GROUPS."""
    ids = listing.ids
    if not _repeated(listing):
        return
    times = Counter(ids.values())
    groups: dict[bytes, list[int]] = {}
    for number, unique_id in ids.items():
        if times[unique_id] > 1 and (unique_id in groups or len(groups) < _GROUPS):
            groups.setdefault(unique_id, []).append(number)
    yield from groups.items()


def _repeated(listing: Listing) -> int:
    """Return how many messages have an id that another one before them has."""
    return len(listing.ids) - len(set(listing.ids.values()))
