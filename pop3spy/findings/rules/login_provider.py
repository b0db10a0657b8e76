"""Logins that a provider refuses because of how the account is set up, whatever the password."""

from typing import Final

from pop3spy.findings.logins import BY_PASSWORD, LOGINS, account_of, mechanism_of, refusal
from pop3spy.findings.observed import Observed
from pop3spy.findings.refusals import has_one_of, means
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import quoted
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange


@rule(
    "app-password-needed",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=1,
    basis="practice",
    on=On.ANSWERED,
    verbs=LOGINS,
    beats=("login-failed", "server-permanent", "server-temporary"),
    raises=(
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] Application-specific password required: https://support.example/185833
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR Please generate an app password
        """,
    ),
    silent="""
        -- also login-failed
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] Username and password not accepted.
    """,
)
def app_password_needed(_: Observed, event: Answered) -> Claims:
    """The provider takes no normal password from mail programs.

    Since two-step sign-in is on for the account, a password of its own has to be made for each
    mail program.  The account's password, however right, is refused.

    To do: make an app password in the account's security settings and enter that in the client, or
    let the client use OAuth.
    """
    status = refusal(event.exchange)
    if status is None or _by_token(event.exchange):
        return
    if means(status, "app-password-needed"):
        text = "The provider refuses the account's normal password for mail programs"
        yield Claim(f"{text}: {quoted(status)}.")


def _by_token(exchange: Exchange) -> bool:
    return mechanism_of(exchange) in ("XOAUTH2", "OAUTHBEARER", "OAUTH10A")


@rule(
    "pop-disabled",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=1,
    basis="practice; RFC 3206, section 4",
    on=On.ANSWERED,
    verbs=("USER", *LOGINS, "STAT", "LIST", "UIDL"),
    beats=("login-failed", "server-permanent", "server-temporary"),
    raises=(
        """
        -- login
        C: STAT
        S: -ERR [SYS/PERM] Your account is not enabled for POP access.
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR POP3 access for this account is disabled
        """,
    ),
    silent=(
        """
        -- login
        C: STAT
        S: +OK 1 11
        """,
        """
        -- also login-failed
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] login failure or POP3 disabled, try later.
        """,
    ),
)
def pop_disabled(seen: Observed, event: Answered) -> Claims:
    """POP is switched off for this mailbox.

    The password is not the problem.  Some providers take it first and refuse the first command
    behind it.

    To do: switch POP access on in the account's settings at the provider, or ask the administrator.
    """
    status = refusal(event.exchange)
    if status is None or not means(status, "pop-disabled"):
        return
    if event.exchange.command.verb in ("STAT", "LIST", "UIDL") and _has_listed(seen):
        return
    text = "POP is switched off for this mailbox, and the password is not the problem"
    yield Claim(f"{text}: {quoted(status)}.")


def _has_listed(seen: Observed) -> bool:
    maildrop = seen.maildrop
    return bool(maildrop.stats or maildrop.first_list or maildrop.first_uidl)


_MICROSOFT: Final = ("outlook.office365.com", "outlook.office.com", "outlook.com", "hotmail.com")
"""Names of servers that take no passwords any more."""


@rule(
    "basic-auth-retired",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=1,
    basis="practice",
    on=On.ANSWERED,
    verbs=("PASS", "AUTH"),
    beats=("login-failed", "server-permanent", "server-temporary", "oauth-refused-no-reason"),
    raises=(
        """
        -- server outlook.office365.com
        S: +OK The Microsoft Exchange POP3 service is ready.
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR Logon failure: unknown user name or bad password.
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR Basic authentication is disabled.
        """,
    ),
    silent=(
        """
        -- server mail.example.org
        -- also login-failed
        S: +OK The Microsoft Exchange POP3 service is ready.
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR Logon failure: unknown user name or bad password.
        """,
        """
        -- server outlook.office365.com
        -- also login-failed
        S: +OK The Microsoft Exchange POP3 service is ready.
        -- login
        C: QUIT
        S: +OK
        -- client closes
        -- session 20 days later
        S: +OK The Microsoft Exchange POP3 service is ready.
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR Logon failure: unknown user name or bad password.
        C: QUIT
        S: +OK
        -- client closes
        """,
    ),
)
def basic_auth_retired(seen: Observed, event: Answered) -> Claims:
    """The service takes no passwords from mail programs any more, right or wrong.

    Microsoft's services want OAuth.  They mostly say the same as for a wrong password, so that it
    is known from the server's name.

    To do: set the client to OAuth2 (XOAUTH2), or use one that can do it.
    """
    exchange = event.exchange
    status = refusal(exchange)
    if status is None or mechanism_of(exchange) not in ("", "PLAIN", "LOGIN"):
        return
    text = "takes passwords from mail programs no more, right or wrong"
    if means(status, "basic-auth-retired"):
        yield Claim(f"This service {text}: {quoted(status)}.")
    elif (
        has_one_of(status, ("logon failure",))
        and _is_microsoft(seen)
        and not _takes_passwords(seen, exchange)
    ):
        host = seen.session.server.host
        yield Claim(f"{host} probably {text}: {quoted(status)}.", evidence={"probable": True})


def _is_microsoft(seen: Observed) -> bool:
    host, greeting = seen.session.server.host.lower().rstrip("."), seen.session.greeting
    known = any(host == name or host.endswith(f".{name}") for name in _MICROSOFT)
    return known and greeting is not None and b"Microsoft Exchange POP3" in greeting.raw


def _takes_passwords(seen: Observed, exchange: Exchange) -> bool:
    """Return whether this account has logged in by a password not long ago."""
    account = account_of(seen, exchange)
    if account is None:
        return False
    worked = [account.worked[way][0] for way in BY_PASSWORD if way in account.worked]
    return bool(worked) and seen.wall() - max(worked) <= seen.thresholds.password_days * 86400.0
