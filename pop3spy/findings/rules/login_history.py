"""Logins that earlier ones of the same account tell more about."""

import re
from typing import Final

from pop3spy.findings.history import KnownAccount, PastSession
from pop3spy.findings.logins import (
    BY_PASSWORD,
    account_of,
    is_refused_for_what_was_sent,
    secret_of,
    way_of,
)
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import count, seconds
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity

_WORKED: Final = re.compile(r"([0-9]+):[0-9]+ ok")


@rule(
    "apop-refused-but-offered",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=1,
    basis="practice; RFC 1939, section 7",
    on=On.ANSWERED,
    verbs=("PASS", "AUTH"),
    beats=("login-failed",),
    raises=(
        """
        S: +OK ready <1.2@h>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: -ERR authorization failed
        -- login
        """,
        """
        -- also login-failed
        S: +OK ready <1.2@h>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: -ERR authorization failed
        C: QUIT
        S: +OK
        -- client closes
        -- session 5 min later
        S: +OK ready <1.3@h>
        -- login
        C: QUIT
        S: +OK
        -- client closes
        """,
    ),
    silent=(
        """
        -- also login-failed
        S: +OK ready <1.2@h>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: -ERR
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR
        """,
        """
        -- also login-failed
        S: +OK ready <1.2@h>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: -ERR
        C: QUIT
        S: +OK
        -- client closes
        -- session 2 h later
        S: +OK ready <1.3@h>
        -- login
        C: QUIT
        S: +OK
        -- client closes
        """,
    ),
)
def apop_refused_but_offered(seen: Observed, event: Answered) -> Claims:
    """The greeting offers APOP, which never works for this account.

    The timestamp in the greeting is the offer.  Mostly the server stores no plain passwords, which
    APOP needs, and clients that try nothing else fail.

    To do: switch APOP off in the client (in curl ``--login-options AUTH=PLAIN``, if the server
    lists SASL PLAIN), or let the operator take the timestamp out of the greeting.
    """
    exchange = event.exchange
    if not exchange.ok or way_of(exchange) not in BY_PASSWORD:
        return
    account = account_of(seen, exchange)
    if account is None or "APOP" in account.worked or "APOP" not in account.refused:
        return
    if seen.wall() - account.refused["APOP"] > seen.thresholds.other_way:
        return
    tried = tuple(
        one.number
        for one in seen.logins
        if one.command.verb == "APOP" and one.user == exchange.user
    )
    yield Claim(
        f"{way_of(exchange)} works where APOP was refused, though the greeting offers APOP.",
        covers=tried,
    )


@rule(
    "apop-and-pass-both",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=3,
    basis="RFC 1939, section 13",
    on=On.ANSWERED,
    verbs=("PASS", "APOP"),
    about_clear=True,
    raises="""
        -- clear
        -- also crackable-login-clear
        -- also cleartext-password
        S: +OK ready <1.2@h>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: +OK
        C: QUIT
        S: +OK
        -- client closes
        -- session 20 min later
        S: +OK ready <1.3@h>
        -- login
        C: QUIT
        S: +OK
        -- client closes
    """,
    silent="""
        -- also apop-used
        S: +OK ready <1.2@h>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: +OK
        C: QUIT
        S: +OK
        -- client closes
        -- session 20 min later
        S: +OK ready <1.3@h>
        -- login
        C: QUIT
        S: +OK
        -- client closes
    """,
)
def apop_and_pass_both(seen: Observed, event: Answered) -> Claims:
    """The account accepts plain passwords as well, so that APOP protects nothing.

    A client that can be made to use PASS gives the password away that APOP was to hide.

    To do: let the server take one of the two for each account, or passwords inside TLS alone.
    """
    account = account_of(seen, event.exchange) if event.exchange.ok else None
    if account is None:
        return
    if event.exchange.command.verb == "PASS":
        both = seen.clear and "APOP" in account.worked
    else:
        both = "PASS" in account.worked and account.worked["PASS"][1]
    if both:
        yield Claim("This account logged in by APOP and by PASS without TLS as well.")


@rule(
    "login-failed-but-worked",
    Severity.INFO,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=2,
    basis="practice; RFC 3206, section 3",
    on=On.ANSWERED,
    verbs=("PASS", "AUTH"),
    raises="""
        -- also login-failed
        -- login
        C: QUIT
        S: +OK
        -- client closes
        -- session 5 min later
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR Logon failure
        C: QUIT
        S: +OK
        -- client closes
    """,
    silent=(
        """
        -- also login-failed
        -- login
        C: QUIT
        S: +OK
        -- client closes
        -- session 5 min later
        C: USER bob
        S: +OK
        C: PASS sesame
        S: -ERR Logon failure
        C: QUIT
        S: +OK
        -- client closes
        """,
        """
        -- also login-failed
        -- login
        C: QUIT
        S: +OK
        -- client closes
        -- session 2 h later
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR Logon failure
        C: QUIT
        S: +OK
        -- client closes
        """,
    ),
)
def login_failed_but_worked(seen: Observed, event: Answered) -> Claims:
    """The server refused a password that it had taken a short time before.

    So it is throttling, or an outage of what the server asks, and not the password.  Servers that
    are asked too often were seen to say "bad password" for a while.

    To do: leave the password as it is, wait, and poll less often.
    """
    exchange = event.exchange
    if way_of(exchange) not in BY_PASSWORD or not is_refused_for_what_was_sent(seen, exchange):
        return
    found = _WORKED.fullmatch(secret_of(seen, exchange) or "")
    account = account_of(seen, exchange)
    if found is None or account is None or (past := _session(account, found[1])) is None:
        return
    assert past.login_at is not None
    last = max(at for at, _ in account.worked.values()) if account.worked else past.login_at
    ago = seen.wall() - past.login_at
    if ago <= seen.thresholds.worked and last <= past.login_at:
        yield Claim(
            f"The server refused a password that it took {seconds(ago)} ago: this is throttling or"
            " an outage at the server and not the password.",
            evidence={"ago": round(ago)},
        )


def _session(account: KnownAccount, number: str) -> PastSession | None:
    """Return the newest session with that *number* in which a login by password worked."""
    for past in (*reversed(account.open), *reversed(account.sessions)):
        if past.reference == f"session {number}":
            return past if past.login in BY_PASSWORD and past.login_at is not None else None
    return None


@rule(
    "same-password-retried",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.HISTORY,
    rank=2,
    basis="RFC 3206, sections 3 and 5",
    on=On.ANSWERED,
    verbs=("PASS", "AUTH"),
    raises="""
        -- also login-failed
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] no
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] no
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] no
    """,
    silent="""
        -- also login-failed
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] no
        C: USER bob
        S: +OK
        C: PASS sesame
        S: -ERR [AUTH] no
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] no
    """,
)
def same_password_retried(seen: Observed, event: Answered) -> Claims:
    """The client keeps on trying a password that the server refused.

    It will be refused each time, and servers lock accounts that are tried too often.

    To do: enter the password anew in the client.
    """
    exchange = event.exchange
    if not str(secret_of(seen, exchange)).endswith(" refused"):
        return
    account = account_of(seen, exchange)
    if account is None or not is_refused_for_what_was_sent(seen, exchange):
        return
    now, limits = seen.wall(), seen.thresholds
    tries = 1 + sum(now - at <= limits.retrying for at in account.same_again)
    if tries >= limits.retries:
        yield Claim(
            f"The client tried the same refused password {count(tries, 'time')} within"
            f" {seconds(limits.retrying)}: the account may get locked.",
            evidence={"tries": tries},
        )
