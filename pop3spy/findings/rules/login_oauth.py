"""Logins by a token that were refused, and what the server said of it."""

from typing import Final

from pop3spy.findings.logins import OWN_CODES, auth_of, is_refused_unheard, refusal
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import cut, quoted, seconds
from pop3spy.protocol.frames import Side
from pop3spy.protocol.text import escape
from pop3spy.session.events import Answered, Heard, SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

BY_TOKEN: Final = ("XOAUTH2", "OAUTHBEARER")
"""Mechanisms in which the client sends a bearer token."""
# The challenge below is {"status":"400","schemes":"Bearer"}, as the server says it in base64.


@rule(
    "oauth-rejected",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 7628, section 3.2.2",
    on=On.CHALLENGE,
    beats=("login-failed", "oauth-refused-no-reason"),
    raises=r"""
        C: AUTH XOAUTH2
        S: +\x20
        C: dXNlcj1ib2IBYXV0aD1CZWFyZXIgYWJjZGVmZwEB
        S: + eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=
        C: (blank)
        S: -ERR
    """,
    silent=r"""
        C: AUTH XOAUTH2
        S: +\x20
        C: dXNlcj1ib2IBYXV0aD1CZWFyZXIgYWJjZGVmZwEB
        S: +OK
    """,
)
def oauth_rejected(_: Observed, event: Heard) -> Claims:
    """The server refused the token and says why.

    Its status is one of HTTP or of OAuth; the scope, if there is one, is what a token needs to have
    for this service.

    To do: get a new token, or consent again, with the scope for POP
    (``https://mail.google.com/`` or ``…/POP.AccessAsUser.All``).
    """
    facts = event.frame.facts
    status = facts.get("oauth_status")
    if status is None:
        return
    scope, schemes = facts.get("oauth_scope"), facts.get("oauth_schemes")
    wanted = f", wanted scope {cut(escape(str(scope)))}" if scope else ""
    ways = f", scheme {cut(escape(str(schemes)))}" if schemes else ""
    evidence = {"status": status} | ({"scope": scope} if scope else {})
    yield Claim(
        f"The server refused the token: status {escape(str(status))}{wanted}{ways}.",
        evidence=evidence,
    )


@rule(
    "oauth-refused-no-reason",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=1,
    basis="practice; RFC 7628, section 3.2.2",
    on=On.ANSWERED,
    verbs=("AUTH",),
    beats=("login-failed",),
    raises=r"""
        C: AUTH XOAUTH2
        S: +\x20
        C: dXNlcj1ib2IBYXV0aD1CZWFyZXIgYWJjZGVmZwEB
        S: -ERR Authentication failure: unknown user name or bad password.
    """,
    silent=(
        r"""
        -- also sasl-cancelled
        C: AUTH XOAUTH2
        S: +\x20
        C: *
        S: -ERR
        """,
        """
        -- also login-failed
        C: AUTH XOAUTH2
        S: -ERR no such mechanism
        """,
    ),
)
def oauth_refused_no_reason(seen: Observed, event: Answered) -> Claims:
    """The server refused the token without a reason.

    A text that speaks of a password says nothing here, since none was sent.

    To do: check in this order that POP is on for the mailbox, that the token was asked for the mail
    service with a POP permission, that ``user=`` is the mailbox, and, for an app of its own, that
    the service principal is registered with the mailbox.
    """
    status = refusal(event.exchange)
    if status is None or status.code in OWN_CODES or not is_refused_token(seen, event.exchange):
        return
    sasl = auth_of(seen, event.exchange)
    if sasl is not None and "oauth_status" not in sasl.asked and b"eyJ" not in status.raw:
        yield Claim(f"The server refused the token and does not say why: {quoted(status)}.")


def is_refused_token(seen: Observed, exchange: Exchange) -> bool:
    """Return whether a token was sent in *exchange*, and refused; one that is cancelled is not."""
    sasl = auth_of(seen, exchange)
    if sasl is None or sasl.mechanism not in BY_TOKEN or refusal(exchange) is None:
        return False
    return not sasl.cancelled and not is_refused_unheard(exchange)


@rule(
    "sasl-error-unanswered",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 7628, section 3.2.3",
    raises=(
        r"""
        -- also oauth-rejected
        C: AUTH XOAUTH2
        S: +\x20
        C: dXNlcj1ib2IBYXV0aD1CZWFyZXIgYWJjZGVmZwEB
        S: + eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=
        -- 12 s
        """,
        r"""
        -- also oauth-rejected
        C: AUTH XOAUTH2
        S: +\x20
        C: dXNlcj1ib2IBYXV0aD1CZWFyZXIgYWJjZGVmZwEB
        S: + eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=
        -- 2 s
        -- client closes
        """,
    ),
    silent=r"""
        -- also oauth-rejected
        C: AUTH XOAUTH2
        S: +\x20
        C: dXNlcj1ib2IBYXV0aD1CZWFyZXIgYWJjZGVmZwEB
        S: + eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=
        -- 9 s
        C: (blank)
        S: -ERR
    """,
)
class SaslErrorUnanswered:
    """The server said why it refuses the token, and waits for an answer that never comes.

    The error stands in a challenge, and the client has to answer that with an empty line or ^A
    before the server can end the login.

    To do: let the client answer the error, and then read the refusal.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._asked: int | None = None  # the exchange whose error has no answer yet
        self._asked_at = 0.0

    @on(On.CHALLENGE)
    def _error(self, event: Heard) -> Claims:
        if "oauth_status" in event.frame.facts:
            self._asked, self._asked_at = event.frame.number, event.at
            self._seen.after(self._seen.thresholds.gave_up, self._still_waiting, event.frame.number)
        return ()

    @on(On.SASL)
    def _answered(self, _: Heard) -> Claims:
        self._asked = None
        return ()

    def _still_waiting(self, _: Observed, number: int) -> Claims:
        return self._claim(number)

    @on(On.CLOSED)
    def _closed(self, event: SideClosed) -> Claims:
        if event.side is Side.CLIENT and self._asked is not None:
            yield from self._claim(self._asked)

    def _claim(self, number: int) -> Claims:
        if self._asked == number and self._seen.closed_by(Side.SERVER) is None:
            self._asked = None
            waited = seconds(self._seen.now - self._asked_at)
            yield Claim(
                "The server said why it refuses the token, and the client did not answer that for"
                f" {waited}.",
                exchange=number,
            )
