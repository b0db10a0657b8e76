"""Messages that are gone, and who had them."""

from collections.abc import Set as AbstractSet

from pop3spy.findings.earlier import account_before, last_session, listed_now
from pop3spy.findings.history import SESSIONS, PastSession
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import count, quoted_octets
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity


@rule(
    "vanished-after-retr",
    Severity.INFO,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=1,
    basis="RFC 1939, section 8; RFC 2449, section 6.7",
    on=On.ANSWERED,
    verbs=("UIDL",),
    beats=("gmail-recent-mode",),
    raises="""
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 b / .
    """,
    silent=(
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 b / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        -- session 5 min later
        -- login
        C: DELE 1
        S: +OK
        C: UIDL
        S: +OK / 2 b / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / 3 c / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 c / .
        """,
    ),
)
def vanished_after_retr(seen: Observed, event: Answered) -> Claims:
    """Messages that were downloaded and not deleted are not listed any more.

    What was not downloaded is still there.  So it is the server that hides or removes a message
    once it was fetched: a second device, or a client that leaves mail on the server, misses it.

    To do: look for that setting of the account (Gmail: what becomes of messages that are fetched
    with POP, and ``recent:`` in front of the user name); or use IMAP where devices share a mailbox.
    """
    account, listing = account_before(seen), listed_now(seen, event)
    last = last_session(account, seen) if account is not None else None
    if account is None or listing is None or last is None or not last.quit:
        return
    if account.listing is None or account.listed_in is not last:
        return
    left, others = _left_there(last, account.listing.keys())
    now = set(listing.ids.values())
    if left and others and left.isdisjoint(now) and others <= now:
        expire = seen.capability("EXPIRE")
        told = expire is not None and expire.params[:1] == ("0",)
        announced = ", as its EXPIRE 0 announces" if told else ""
        yield Claim(
            f"The server hides or deletes mail once it was downloaded{announced}:"
            f" {count(len(left), 'message')} that {last.reference} fetched and left there"
            f" {'is' if len(left) == 1 else 'are'} gone.",
            exchange=0,
            evidence={"messages": len(left), "others": len(others)},
        )


@rule(
    "dele-never-downloaded",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.HISTORY,
    rank=2,
    basis="practice",
    on=On.ANSWERED,
    verbs=("QUIT",),
    raises="""
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: DELE 2
        S: +OK
        C: QUIT
        S: +OK
    """,
    silent=(
        """
        -- login
        C: UIDL
        S: +OK / 1 a / .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: QUIT
        S: +OK
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: TOP 2 0
        S: +OK / A: b / (blank) / .
        C: DELE 2
        S: +OK
        C: QUIT
        S: +OK
        """,
    ),
)
def dele_never_downloaded(seen: Observed, event: Answered) -> Claims:
    """The client removed a message that nobody downloaded through this proxy.

    It may have gone by a filter or a limit on sizes, or another device has the message.  This
    explains mail that is missing.

    To do: look at the client's rules for deleting, if the mail is missed.
    """
    account, maildrop = account_before(seen), seen.maildrop
    if account is None or not event.exchange.ok or len(account.sessions) == SESSIONS:
        return
    if any(past.retrievals > len(past.retrieved) for past in account.sessions):
        return  # nobody knows under which ids these were
    looked_at = maildrop.retrieved.keys() | maildrop.previewed.keys()
    unseen: list[bytes] = []
    for number in maildrop.deleted.keys() - looked_at:
        unique_id = maildrop.id_of(number)
        known = account.messages.get(unique_id) if unique_id is not None else None
        if unique_id is None or known is None or known.first_listed_at is None:
            continue
        if known.downloaded_at is None:
            unseen.append(unique_id)
    if unseen:
        unseen.sort()
        more = f" and {len(unseen) - 1:,} more" if len(unseen) > 1 else ""
        yield Claim(
            f"The client deleted {quoted_octets(unseen[0])}{more} without ever downloading it"
            " through this proxy.",
            evidence={"messages": len(unseen)},
        )


def _left_there(last: PastSession, listed: AbstractSet[bytes]) -> tuple[set[bytes], set[bytes]]:
    """Return which of the *listed* ids were downloaded and left there, and which only left."""
    stayed = listed - last.deleted
    return set(stayed & last.retrieved), set(stayed - last.retrieved)
