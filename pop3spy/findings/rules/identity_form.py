"""Unique-ids that are not written as they should be."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from pop3spy.findings.listings import listing_of
from pop3spy.findings.observed import Observed, message_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import count, quoted_octets
from pop3spy.protocol.replies import unique_id_of
from pop3spy.redaction.masking import FILLER
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_LONGEST: Final = 70
"""Octets of a unique-id (RFC 1939, section 7)."""
_ODD: Final = re.compile(rb"[^!-~]")
_BLANKS: Final = re.compile(rb"[ \t]\r*\n")


@rule(
    "uidl-malformed",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.LINE,
    rank=2,
    basis="RFC 1939, section 7",
    on=On.ANSWERED,
    verbs=("UIDL",),
    raises=(
        """
        -- login
        C: UIDL
        S: +OK / 1 {x*71} / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 caf\\xe9 / .
        """,
        """
        -- login
        C: UIDL 1
        S: +OK 1 {x*71}
        """,
    ),
    silent=(
        """
        -- login
        C: UIDL
        S: +OK / 1 {x*70} / 2 !~ / .
        """,
        """
        -- login
        C: UIDL 1
        S: +OK 1 {x*70}
        """,
        """
        -- login
        C: UIDL 1
        S: -ERR {x*71}
        """,
    ),
)
def uidl_malformed(seen: Observed, event: Answered) -> Claims:
    """A unique-id is longer than 70 octets, or holds an octet that it must not hold.

    A unique-id is 1 to 70 printable ASCII characters without a blank.  Clients keep it in a file
    or a table that is made for that; with anything else they fail, or download again.

    To do: correct the server, which mostly uses a file name or a Message-ID as it is.
    """
    first = next(_invalid(seen, event.exchange), None)
    if first is not None:
        number, unique_id = first
        what = f"its length is {count(len(unique_id), 'octet')}, where 70 are the most"
        if (odd := _ODD.search(unique_id)) is not None:
            what = f"it holds the octet {unique_id[odd.start()]:02X}"
        yield Claim(
            f"The unique-id of message {number} is not valid: {what}.",
            evidence={"message": number, "octets": len(unique_id)},
        )


def _invalid(seen: Observed, exchange: Exchange) -> Iterator[tuple[int, bytes]]:
    """Yield those of the ids that a reply holds which are not valid, with their messages."""
    named = _named(exchange)
    ids: dict[int, bytes] = dict((named[:2],)) if named else {}
    if (listing := listing_of(seen, exchange)) is not None:
        ids = listing.ids
    if not _all_valid(ids.values()):
        for number, unique_id in ids.items():
            if len(unique_id) > _LONGEST or _ODD.search(unique_id):
                yield number, unique_id


def _all_valid(ids: Iterable[bytes]) -> bool:
    together = list(ids)
    if max(map(len, together), default=0) > _LONGEST:
        return False
    return _ODD.search(b"".join(together)) is None


@rule(
    "uidl-trailing-data",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.LINE,
    rank=2,
    basis="RFC 1939, section 7",
    on=On.ANSWERED,
    verbs=("UIDL",),
    raises=(
        """
        -- login
        C: UIDL
        S: +OK / 1 u1 120 / .
        """,
        """
        -- login
        C: UIDL 1
        S: +OK 1 u1 (120 octets)
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 u1\\x20 / .
        """,
    ),
    silent=(
        """
        -- login
        C: UIDL
        S: +OK 2 messages / 1 u1 / 2 u2 / .
        """,
        """
        -- login
        C: UIDL 1
        S: +OK 1 u1
        """,
    ),
)
def uidl_trailing_data(seen: Observed, event: Answered) -> Claims:
    """The server writes something behind a unique-id.

    Nothing may follow there.  Some clients take all of the line for the id and others its first
    word, so a change of what follows makes some of them download everything again.

    To do: correct the server so that the line ends with the unique-id.
    """
    exchange = event.exchange
    if (named := _named(exchange)) is not None and named[2]:
        yield _trailing(named[0], named[2])
    elif (listing := listing_of(seen, exchange)) is not None:
        if listing.trailing:
            yield _trailing(listing.trailing[0], b"", len(listing.trailing))
        elif exchange.body is not None and _has_blanks(exchange.body.listed or ()):
            yield Claim(
                "The server writes blanks behind unique-ids; clients that do not cut them off"
                " keep them as part of the id.",
                severity=Severity.INFO,
            )


def _trailing(number: int, words: bytes, lines: int = 1) -> Claim:
    what = f" ({quoted_octets(words)})" if words else ""
    return Claim(
        f"There is text behind the unique-id of message {number}{what}: clients differ in what they"
        " store.",
        evidence={"message": number, "lines": lines},
    )


def _named(exchange: Exchange) -> tuple[int, bytes, bytes] | None:
    """Return what a reply of one line says: the message, its id, and what stands behind that."""
    status = exchange.status
    if exchange.command.bare or status is None or not status.ok or status.masks:
        return None
    named = unique_id_of(status.text)
    if exchange.body is not None or named is None or named[0] != message_of(exchange):
        return None
    words = status.text.split(None, 2)
    return *named, words[2] if len(words) > 2 else b""


def _has_blanks(listed: Iterable[bytes]) -> bool:
    raw = b"".join(listed)
    return FILLER not in raw and _BLANKS.search(raw) is not None
