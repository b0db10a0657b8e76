"""Messages that were marked as deleted, and go on all the same."""

from typing import Final

from pop3spy.findings.listings import whole_listing
from pop3spy.findings.observed import Observed, message_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import asked
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_REFERS: Final = ("RETR", "TOP", "LIST", "UIDL", "DELE")


def _deleted_before(seen: Observed, exchange: Exchange) -> int | None:
    """Return the message that *exchange* names, if it had been marked before."""
    deleted = seen.maildrop.deleted
    number = message_of(exchange) if deleted else None
    marked = None if number is None else deleted.get(number)
    return None if marked is None or marked >= exchange.number else number


@rule(
    "deleted-message-used",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 1939, section 5",
    on=On.REFUSED,
    verbs=_REFERS,
    beats=("message-number-bad", "retr-refused"),
    raises=(
        """
        -- login
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        C: DELE 2
        S: +OK
        C: RETR 2
        S: -ERR Message is deleted.
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        C: DELE 2
        S: +OK
        C: DELE 2
        S: -ERR Message is deleted.
        C: QUIT
        S: +OK
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        C: DELE 2
        S: +OK
        C: RSET
        S: +OK
        C: LIST 2
        S: -ERR not now
        C: QUIT
        S: +OK
        -- also deletes-undone
        """,
        """
        -- login
        C: DELE 2
        S: -ERR not now
        C: LIST 2
        S: -ERR not now
        C: QUIT
        S: +OK
        """,
    ),
)
def deleted_message_used(seen: Observed, event: Answered) -> Claims:
    """The client names a message that it has marked as deleted before.

    A message that was deleted is gone for the rest of the session, unless RSET brings it back, and
    the server has to refuse each command about it.

    To do: correct the client, which has to remember what it has deleted.
    """
    number = _deleted_before(seen, event.exchange)
    if number is not None:
        yield Claim(
            f"Message {number:,} was deleted already in this session, so"
            f" {event.exchange.command.verb} cannot reach it.",
            evidence={"number": number, "deleted": seen.maildrop.deleted[number]},
        )


@rule(
    "deleted-message-served",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 1939, section 5",
    on=On.ANSWERED,
    verbs=(*_REFERS, "STAT"),
    beats=("count-changed-in-session",),
    raises=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: LIST
        S: +OK / 1 11 / 2 11 / .
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: STAT
        S: +OK 2 22
        C: QUIT
        S: +OK
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: LIST
        S: +OK / 2 11 / .
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: RSET
        S: +OK
        C: STAT
        S: +OK 2 22
        C: QUIT
        S: +OK
        -- also deletes-undone
        """,
    ),
)
def deleted_message_served(seen: Observed, event: Answered) -> Claims:
    """The server goes on with a message that it has accepted as deleted.

    Once DELE was accepted, no listing may name the message, STAT may not count it, and each command
    about it has to be refused.  Clients that trust the listing fetch or delete it again.

    To do: correct the server; some ignore DELE by policy, which is a setting of the account.
    """
    exchange, maildrop = event.exchange, seen.maildrop
    if not exchange.ok or not maildrop.deleted:
        return
    number = _deleted_before(seen, exchange)
    how = f"answered {asked(exchange)}"
    if exchange.command.verb == "STAT":
        number = _still_counted(seen, exchange)
        how = "counts it in STAT"
    elif exchange.command.bare and exchange.command.verb in ("LIST", "UIDL"):
        listing = whole_listing(seen, exchange)
        still = maildrop.deleted.keys() & set(listing.numbers) if listing else set()
        number = min(still, default=None)
        how = f"lists it in {exchange.command.verb}"
    if number is not None:
        yield Claim(
            f"The server accepted DELE for message {number:,} and still {how}.",
            evidence={"number": number, "deleted": maildrop.deleted[number]},
        )


def _still_counted(seen: Observed, exchange: Exchange) -> int | None:
    """Return a deleted message that STAT counts: nothing has changed since before any DELE."""
    maildrop = seen.maildrop
    stats = maildrop.stats
    if len(stats) < 2 or stats[-1].exchange != exchange.number or stats[0].changes:
        return None
    same = (stats[0].count, stats[0].octets) == (stats[-1].count, stats[-1].octets)
    return min(maildrop.deleted) if same and stats[0].count else None
