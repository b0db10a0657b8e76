"""Sessions of one account that get in each other's way, or come too often."""

from typing import Final

from pop3spy.findings.earlier import account_before
from pop3spy.findings.history import KnownAccount, PastSession
from pop3spy.findings.logins import LOGINS, account_of
from pop3spy.findings.observed import Observed
from pop3spy.findings.refusals import means
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import seconds
from pop3spy.session.events import Answered, Finished
from pop3spy.session.finding import AtFault, Severity

_EMPTY: Final = "-- login\nC: STAT\nS: +OK 2 22\nC: QUIT\nS: +OK\n-- client closes\n"


def _checks(times: int, later: str) -> str:
    return f"-- session {later} later\n".join([_EMPTY] * times)


@rule(
    "in-use-self",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.HISTORY,
    rank=1,
    basis="RFC 1939, section 4",
    on=On.REFUSED,
    verbs=LOGINS,
    beats=("in-use", "login-failed", "login-failed-but-worked", "same-password-retried"),
    raises=(
        """
        -- also quit-missing
        -- login
        C: STAT
        S: +OK 2 22
        -- client closes
        -- session 2 min later
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [IN-USE] Mailbox is locked by another POP3 session.
        """,
        """
        -- login
        C: STAT
        S: +OK 2 22
        -- session meanwhile
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR maildrop already locked
        """,
    ),
    silent=(
        """
        -- also in-use
        -- login
        C: QUIT
        S: +OK
        -- client closes
        -- session 2 min later
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [IN-USE] Mailbox is locked by another POP3 session.
        """,
        """
        -- also in-use
        -- also quit-missing
        -- login
        -- client closes
        -- session 20 min later
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [IN-USE] Mailbox is locked by another POP3 session.
        """,
    ),
)
def in_use_self(seen: Observed, event: Answered) -> Claims:
    """The client locked itself out: its own earlier session holds the mailbox.

    POP3 lets one session in at a time.  A session that is still open holds the lock, and one that
    was left without QUIT may hold it until the server's timer runs out.

    To do: let the client end each session with QUIT, and not poll in parallel; until then wait some
    ten minutes.
    """
    status, account = event.exchange.status, account_of(seen, event.exchange)
    if status is None or account is None:
        return
    if status.code != "IN-USE" and not (status.code is None and means(status, "in-use")):
        return
    mine = [one for one in account.open if one is not seen.past and _is_mine(one, seen)]
    holding = next((one for one in mine if one.closed_at is None), None)
    if holding is not None:
        what = f"{holding.reference} is still open"
    else:
        left = account.last
        if left is None or left.quit or left.closed_by != "client" or not _is_mine(left, seen):
            return
        ago = seen.wall() - (left.closed_at or 0.0)
        if not 0 <= ago < seen.thresholds.lock_kept:
            return
        what = f"{left.reference} was left without QUIT {seconds(ago)} ago"
    yield Claim(
        f"The client locked itself out, for {what}; the password is right: let it end each session"
        " with QUIT, and not poll in parallel.",
    )


def _is_mine(past: PastSession, seen: Observed) -> bool:
    """Return whether *past* came from the same host."""
    return past.client == seen.past.client


@rule(
    "login-delay-ignored",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.HISTORY,
    rank=3,
    basis="RFC 2449, section 6.5",
    on=On.ANSWERED,
    verbs=LOGINS,
    raises="""
        -- login
        C: CAPA
        S: +OK / LOGIN-DELAY 300 / TOP / UIDL / .
        C: QUIT
        S: +OK
        -- client closes
        -- session 60 s later
        -- login
    """,
    silent=(
        """
        -- login
        C: CAPA
        S: +OK / LOGIN-DELAY 300 / TOP / UIDL / .
        C: QUIT
        S: +OK
        -- client closes
        -- session 301 s later
        -- login
        """,
        """
        C: CAPA
        S: +OK / LOGIN-DELAY 300 USER / TOP / UIDL / .
        -- login
        C: QUIT
        S: +OK
        -- client closes
        -- session 60 s later
        C: CAPA
        S: +OK / LOGIN-DELAY 300 USER / TOP / UIDL / .
        -- login
        """,
    ),
)
def login_delay_ignored(seen: Observed, event: Answered) -> Claims:
    """The client logs in more often than the server asks for.

    The server let it in this time.  One day it may not, and the client will report an error.

    To do: set a longer check interval in the client.
    """
    account = account_of(seen, event.exchange)
    if account is None or not event.exchange.ok or not account.login_delay or not account.worked:
        return
    line = seen.capability("LOGIN-DELAY")
    if line is not None and line.params[1:] and line.params[0] == str(account.login_delay):
        return  # a value for all users; that of this one may be shorter
    ago = seen.wall() - max(at for at, _ in account.worked.values())
    if 0 <= ago < account.login_delay and not seen.past.login_at:
        yield Claim(
            f"The client logged in {seconds(ago)} after its last login, and the server asks for"
            f" {seconds(account.login_delay)}: set a longer check interval.",
            evidence={"seconds": round(ago, 3), "asked": account.login_delay},
        )


@rule(
    "concurrent-sessions",
    Severity.INFO,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=3,
    basis="RFC 1939, section 4",
    on=On.ANSWERED,
    verbs=LOGINS,
    raises="""
        -- login
        C: STAT
        S: +OK 2 22
        -- session meanwhile
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
    """,
    silent="""
        -- login
        C: QUIT
        S: +OK
        -- client closes
        -- session
        -- login
    """,
)
def concurrent_sessions(seen: Observed, event: Answered) -> Claims:
    """The server lets two sessions of one user in at the same time.

    It may do so.  What one of them deletes may surprise the other.

    To do: nothing; with Dovecot, pop3_lock_session = yes lets one session in at a time.
    """
    account = account_of(seen, event.exchange)
    if account is None or not event.exchange.ok:
        return
    others = [
        one
        for one in account.open
        if one is not seen.past and one.in_transaction and one.closed_at is None
    ]
    if others:
        yield Claim(
            f"The server let this session in while {others[0].reference} of the same user was open;"
            " deletions in one may surprise the other.",
        )


@rule(
    "polling-too-often",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.HISTORY,
    rank=1,
    basis="RFC 1939, section 7; RFC 2449, section 6.5",
    on=On.FINISHED,
    raises=_checks(10, "30 s"),
    silent=(_checks(10, "12 min"), _checks(9, "30 s")),
)
def polling_too_often(seen: Observed, _: Finished) -> Claims:
    """The client checks for mail very often and finds nothing.

    Each check is a login, which is the expensive part for the server.  Providers slow down or lock
    out clients that do so.

    To do: set a longer check interval, or use IMAP, which tells of new mail by itself.
    """
    account, now = account_before(seen), seen.wall()
    if account is None or seen.past.login_at is None or seen.session.typed:
        return
    limits = seen.thresholds
    before = list(account.sessions)[1 - limits.polls :]
    if len(before) < limits.polls - 1 or now - before[0].opened_at > limits.polls_within:
        return
    count = seen.maildrop.stats[-1].count if seen.maildrop.stats else None
    if count is None or seen.past.retrievals or not _nothing_new(seen, account):
        return
    if all(_is_mine(one, seen) and _found_nothing(one, count) for one in before):
        every = (seen.past.opened_at - before[0].opened_at) / len(before)
        yield Claim(
            f"The client checks every {seconds(every)} and finds nothing:"
            " set a longer check interval, or use IMAP.",
            exchange=0,
            evidence={"sessions": limits.polls, "seconds": round(every, 3)},
        )


def _found_nothing(past: PastSession, count: int) -> bool:
    return past.count == count and not past.new and not past.retrievals


def _nothing_new(seen: Observed, account: KnownAccount) -> bool:
    listing, before = seen.maildrop.last_uidl, account.listing
    return listing is None or before is None or set(listing.ids.values()) <= before.keys()
