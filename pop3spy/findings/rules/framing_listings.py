"""Listings, and the reply to STAT, that are not what the standard wants."""

from pop3spy.findings.listings import listing_of
from pop3spy.findings.observed import Observed, message_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import asked, count, quoted, quoted_octets
from pop3spy.protocol.replies import pair_of, unique_id_of
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange


@rule(
    "listing-malformed",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.LINE,
    rank=1,
    basis="RFC 1939, sections 5 and 7",
    on=On.ANSWERED,
    verbs=("LIST", "UIDL"),
    raises=(
        """
        -- login
        C: UIDL 6
        S: +OK 00001a14
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 11 / two 22 / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 / .
        """,
        """
        -- login
        C: LIST 2
        S: +OK 1 11
        """,
    ),
    silent=(
        """
        -- login
        C: LIST 6
        S: +OK 6 1200 (from x@y)
        """,
        """
        -- login
        C: LIST
        S: +OK 2 messages / 1 11 / 2 22 (from x@y) / .
        """,
    ),
)
def listing_malformed(seen: Observed, event: Answered) -> Claims:
    """A line of a listing is not a message number and what is said of that message.

    A line of LIST is a number, one blank and a size; one of UIDL a number, one blank and a
    unique-id.  Clients that read the wrong word take a size or an id for another, or give up.

    To do: correct the server; some leave the number out of the reply to UIDL with a number.
    """
    exchange = event.exchange
    if exchange.command.bare:
        listing = listing_of(seen, exchange)
        if listing is not None and listing.malformed:
            place, line = listing.malformed[0]
            yield Claim(
                f"Line {place:,} of the reply to {exchange.command.verb}, {quoted_octets(line)}, is"
                " not in the format of POP3.",
                evidence={"lines": len(listing.malformed), "line": place},
            )
    elif seen.has_raised("pipelining-broken"):
        return  # the replies are in another order than the commands
    elif _is_wrong_entry(exchange) and exchange.status is not None:
        yield Claim(
            f"The reply to {asked(exchange)}, {quoted(exchange.status)}, does not begin with the"
            " number of the message and say what was asked."
        )


def _is_wrong_entry(exchange: Exchange) -> bool:
    status, command = exchange.status, exchange.command
    if status is None or not status.ok or status.masks or exchange.line.masks or exchange.body:
        return False
    number = message_of(exchange)
    if number is None:
        return False
    said = pair_of(status.text) if command.verb == "LIST" else unique_id_of(status.text)
    return said is None or said[0] != number


@rule(
    "listing-duplicate-number",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=3,
    basis="RFC 1939, sections 4 and 5",
    on=On.ANSWERED,
    verbs=("LIST", "UIDL"),
    raises="""
        -- login
        C: LIST
        S: +OK / 1 11 / 1 11 / .
    """,
    silent="""
        -- login
        C: LIST
        S: +OK / 1 11 / 3 11 / .
    """,
)
def listing_duplicate_number(seen: Observed, event: Answered) -> Claims:
    """One listing names the same message twice.

    Each message has a number of its own, from the login until the session ends.  A client cannot
    know which of the two lines is right.

    To do: rebuild the server's index of that mailbox.
    """
    listing = listing_of(seen, event.exchange)
    if listing is not None and (doubled := listing.duplicates):
        more = f", and {count(len(doubled) - 1, 'other number')}" if len(doubled) > 1 else ""
        yield Claim(
            f"{listing.verb} lists message {doubled[0]:,} more than once{more}.",
            evidence={"number": doubled[0], "numbers": len(doubled)},
        )


@rule(
    "stat-malformed",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 5",
    on=On.ANSWERED,
    verbs=("STAT",),
    raises=(
        """
        -- login
        C: STAT
        S: +OK 70000 -1294967296
        """,
        """
        -- login
        C: STAT
        S: +OK you have no mail
        """,
    ),
    silent="""
        -- login
        C: STAT
        S: +OK 2 320 in maildrop
    """,
)
def stat_malformed(_: Observed, event: Answered) -> Claims:
    """The reply to STAT does not begin with two numbers.

    They are the count of messages and their octets, and clients read nothing else.  A negative one
    is a number that has run over, beyond two gigabytes.

    To do: update the server, or make the mailbox smaller until that is done.
    """
    status = event.exchange.status
    if status is None or not status.ok or status.masks or pair_of(status.text) is not None:
        return
    negative = b" -" in status.text or status.text.startswith(b"-")
    why = ": a size has run over" if negative else ""
    yield Claim(f"STAT answered {quoted(status)}, where clients read two numbers{why}.")
