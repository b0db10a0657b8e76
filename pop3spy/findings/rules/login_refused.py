"""Logins that were refused: what the server said, and what it may have meant by it."""

from pop3spy.findings.logins import LOGINS, OWN_CODES, is_cancelled, is_refused_unheard, refusal
from pop3spy.findings.observed import Observed
from pop3spy.findings.refusals import (
    PROXY_WORDS,
    UNKNOWN_COMMAND,
    has_one_of,
    known_refusal,
    means,
)
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import asked, quoted
from pop3spy.protocol.states import State
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity


@rule(
    "login-failed",
    Severity.WARNING,
    (AtFault.CLIENT, AtFault.CONFIG),
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 1939, section 7; RFC 3206, section 5; RFC 2449, section 8.1",
    on=On.ANSWERED,
    verbs=LOGINS,
    raises=(
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] Authentication failed.
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR no
        """,
        """
        -- also capability-unadvertised-used
        C: CAPA
        S: +OK / SASL PLAIN / .
        C: AUTH CRAM-MD5
        S: -ERR no such mechanism
        """,
    ),
    silent="""
        -- login
        C: QUIT
        S: +OK
    """,
)
def login_failed(seen: Observed, event: Answered) -> Claims:
    """The server refused a login, and nothing tells more exactly why.

    Servers say little here, so that nobody can find out which names exist.  With the response code
    AUTH it was the name, the password or the account; without a code it may be anything.

    To do: check the form of the user name (user or user@domain), enter the password anew, and look
    whether the provider wants an app password or has POP switched off.
    """
    status = refusal(event.exchange)
    if status is None or status.code in OWN_CODES or is_cancelled(seen, event.exchange):
        return
    exchange, row = event.exchange, known_refusal(status)
    hint = f"; {row.means}" if row is not None and row.finding == "login-failed" else ""
    code = {"code": status.code} if status.code else {}
    if is_refused_unheard(exchange):
        text = f"The server refused {asked(exchange)} before it was given any credentials"
        remedy = "let the client use a way to log in that the server has: CAPA lists them."
        yield Claim(f"{text}: {quoted(status)}.", remedy=remedy, evidence=code)
    elif status.code == "AUTH":
        text = f"The server refused user name or password: {quoted(status)}{hint}."
        remedy = (
            "check the form of the user name (user or user@domain), and enter the password anew"
            " in the client."
        )
        yield Claim(text, remedy=remedy, evidence=code)
    else:
        text = f"The server refused the login without a response code: {quoted(status)}{hint}."
        yield Claim(text, evidence=code)


@rule(
    "tls-required",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=1,
    basis="practice; RFC 2595, section 2.3; RFC 3206, section 5",
    on=On.ANSWERED,
    verbs=("USER", *LOGINS),
    beats=(
        *("login-failed", "capability-refused", "code-on-user", "user-enumeration"),
        "auth-code-missing",
    ),
    raises=(
        """
        -- clear
        C: USER bob
        S: -ERR [AUTH] USER command only available under a layer
        """,
        """
        -- clear
        -- also cleartext-password
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.
        """,
        """
        -- clear
        C: USER bob
        S: -ERR [PRIVACYREQUIRED] not like this
        """,
    ),
    silent=(
        """
        C: USER bob
        S: -ERR TLS required
        """,
        """
        -- clear
        C: USER bob
        S: -ERR no
        """,
    ),
)
def tls_required(seen: Observed, event: Answered) -> Claims:
    """The server wants TLS before any login.

    It has not looked at the password, so nothing is known of that.  A client that sent it all the
    same has shown it to everybody on the way.

    To do: set the client to SSL/TLS on port 995, or to STARTTLS on port 110.
    """
    status = refusal(event.exchange)
    if status is None or not seen.clear:
        return
    if status.code == "PRIVACYREQUIRED" or means(status, "tls-required"):
        text = "The server wants TLS before any login and has not looked at the password"
        crossed = event.exchange.command.verb == "PASS"
        also = ", which crossed the network readable" if crossed else ""
        yield Claim(f"{text}{also}: {quoted(status)}.")


@rule(
    "login-failed-at-proxy",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=2,
    basis="practice",
    on=On.ANSWERED,
    verbs=LOGINS,
    beats=("login-failed", "unsolicited-response", "parting-line"),
    raises=(
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR Re-Authentication Failure
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR Unknown command. / +OK ready
        """,
    ),
    silent="""
        -- also capability-refused
        C: CAPA
        S: +OK / SASL PLAIN / .
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg==
        S: -ERR Unknown command.
    """,
)
def login_failed_at_proxy(_: Observed, event: Answered) -> Claims:
    """A proxy in front of the mail server refused the login, or could not pass it on.

    The password may be right.  A server that knows USER knows PASS as well, so where PASS is an
    unknown command, what was refused is a line that a proxy sent.

    To do: let the operator look at the link between the proxy and the mail server.
    """
    exchange = event.exchange
    status = refusal(exchange)
    if status is None or status.code == "AUTH" or status.code in OWN_CODES:
        return
    text = "A proxy in front of the mail server refused the login or could not pass it on"
    behind_user = exchange.command.verb == "PASS" and exchange.state_before is State.USER_GIVEN
    if has_one_of(status, PROXY_WORDS):
        yield Claim(f"{text}: {quoted(status)}.")
    elif behind_user and has_one_of(status, UNKNOWN_COMMAND):
        yield Claim(f"{text}, since PASS cannot be unknown behind USER: {quoted(status)}.")
