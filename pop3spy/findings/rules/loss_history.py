"""Deletions that the next session shows to have been carried out, or not."""

from typing import Final

from pop3spy.findings.earlier import account_before, last_session, listed_now
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import count, quoted_octets
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity

_SURE: Final = 3
"""So many messages that are gone, and no other, are no coincidence."""


@rule(
    "deletes-not-applied",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=2,
    basis="RFC 1939, section 6",
    on=On.ANSWERED,
    verbs=("UIDL",),
    raises="""
        -- login
        C: UIDL
        S: +OK / 1 u / 2 v / .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 u / 2 v / .
    """,
    silent=(
        """
        -- login
        C: UIDL
        S: +OK / 1 u / 2 v / .
        C: DELE 1
        S: +OK
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 u / 2 v / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 u / 2 v / .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 v / .
        """,
        """
        C: USER ann
        S: +OK
        C: PASS tanstaaf
        S: +OK
        C: UIDL
        S: +OK / 1 u / 2 v / .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 u / 2 v / .
        """,
    ),
)
def deletes_not_applied(seen: Observed, event: Answered) -> Claims:
    """The server confirmed deletions and did not carry them out.

    DELE and QUIT were answered with +OK, and the next session still lists the messages.  The
    client downloads them again, or deletes them every time.

    To do: look for a setting that keeps mail in spite of POP (Gmail has one) or for a mailbox that
    cannot be written; where several servers share it, for one that lags behind.
    """
    account, listing = account_before(seen), listed_now(seen, event)
    last = last_session(account, seen) if account is not None else None
    if listing is None or last is None or not last.quit:
        return
    still = last.deleted & set(listing.ids.values())
    if still:
        soon = seen.past.opened_at - (last.ended_at or 0.0) < seen.thresholds.replicated
        first = min(still)
        yield Claim(
            f"The server confirmed the deletion of {count(len(still), 'message')} in"
            f" {last.reference} and still lists"
            f" {'it' if len(still) == 1 else 'them'} ({quoted_octets(first)}).",
            severity=Severity.WARNING if soon else None,
            evidence={"messages": len(still)},
        )


@rule(
    "deletes-applied-without-quit",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=2,
    basis="RFC 1939, section 6",
    on=On.ANSWERED,
    verbs=("UIDL",),
    raises="""
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / 3 c / 4 d / .
        C: DELE 1
        S: +OK
        C: DELE 2
        S: +OK
        C: DELE 3
        S: +OK
        -- also disconnect-with-deletes
        -- server resets
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 d / .
    """,
    silent=(
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / 3 c / 4 d / .
        C: DELE 1
        S: +OK
        C: DELE 2
        S: +OK
        C: DELE 3
        S: +OK
        C: QUIT
        S: +OK
        -- server closes
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 d / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: DELE 1
        S: +OK
        -- session 5 min later
        -- login
        C: UIDL
        S: +OK / 1 b / .
        """,
    ),
)
def deletes_applied_without_quit(seen: Observed, event: Answered) -> Claims:
    """Messages that were marked are gone, although the session did not end with QUIT.

    A server must not remove anything then: the client may have broken off because it could not
    store the mail.  Only what exactly those messages being gone can prove is said; another client
    may have removed them.

    To do: correct the server: with it, a broken connection can lose mail.
    """
    account, listing = account_before(seen), listed_now(seen, event)
    last = last_session(account, seen) if account is not None else None
    if account is None or listing is None or last is None or not last.left:
        return
    if not last.deleted or account.listing is None or account.listed_in is not last:
        return
    gone = account.listing.keys() - set(listing.ids.values())
    if gone == last.deleted:
        yield Claim(
            f"{count(len(gone), 'message')} that {last.reference} marked for deletion"
            f" {'is' if len(gone) == 1 else 'are'} gone, although it did not end with QUIT.",
            severity=None if len(gone) >= _SURE else Severity.WARNING,
            evidence={"messages": len(gone)},
        )
