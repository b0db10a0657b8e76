"""Logins that are refused though nothing is wrong with the password."""

from pop3spy.findings.logins import LOGINS
from pop3spy.findings.observed import Observed
from pop3spy.findings.refusals import has_one_of, means
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import seconds
from pop3spy.protocol.frames import StatusLine
from pop3spy.protocol.replies import number_of
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity


@rule(
    "login-delay-refused",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 2449, sections 6.5 and 8.1.1",
    on=On.REFUSED,
    verbs=LOGINS,
    beats=("login-failed", "login-failed-but-worked", "same-password-retried"),
    raises=(
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [LOGIN-DELAY] wait
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR logins must be 15 minutes apart
        """,
    ),
    silent="""
        C: USER bob
        S: +OK
        C: NOOP
        S: -ERR too often
    """,
)
def login_delay_refused(seen: Observed, event: Answered) -> Claims:
    """The client logged in again sooner than the server allows.

    Some servers want minutes between two logins of one account.  They refuse a login that comes
    sooner without a look at the password, so people change a password that was right.

    To do: set a longer check interval in the client.
    """
    status = event.exchange.status
    if status is None:
        return
    told = status.code == "LOGIN-DELAY"
    if not told and not _says_too_early(status, codes=seen.offers("RESP-CODES") is True):
        return
    delay = seen.capability("LOGIN-DELAY")
    wanted = number_of(delay.params[0].encode(errors="replace")) if delay and delay.params else None
    asked_for = f", which wants {seconds(wanted)} between logins" if wanted is not None else ""
    yield Claim(
        f"The login came too early for this server{asked_for}:"
        " set a longer check interval in the client; the password is not to blame.",
        severity=None if told else Severity.INFO,
        evidence={"code": status.code or ""},
    )


def _says_too_early(status: StatusLine, *, codes: bool) -> bool:
    """Return whether a refusal without a code says so; *codes*: the server has one for that."""
    if status.code is not None or not means(status, "login-delay-refused"):
        return False
    if has_one_of(status, ("password",)):
        return False
    return not codes or has_one_of(status, ("between", "apart"))


@rule(
    "in-use",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 2449, section 8.1.2; RFC 1939, section 7",
    on=On.REFUSED,
    verbs=LOGINS,
    beats=("login-failed", "login-failed-but-worked", "same-password-retried"),
    raises=(
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [IN-USE] Mailbox is locked by another POP3 session.
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR maildrop already locked
        """,
    ),
    silent="""
        -- login
        C: RETR 7
        S: -ERR [IN-USE] locked
    """,
)
def in_use(_: Observed, event: Answered) -> Claims:
    """Another session holds the mailbox, so the server refuses this one.

    POP3 lets one session in at a time.  The server looks at the lock behind the password, so the
    password is right.  A session that was left without QUIT may keep the lock for ten minutes.

    To do: close the other client or device, or wait until the server gives the lock up.
    """
    status = event.exchange.status
    if status is None:
        return
    told = status.code == "IN-USE"
    if told or (status.code is None and means(status, "in-use")):
        yield Claim(
            f"{'A' if told else 'Probably a'}nother session holds the mailbox and the password is"
            " right: close the other client or device, or wait some ten minutes.",
            evidence={"code": status.code or ""},
        )
