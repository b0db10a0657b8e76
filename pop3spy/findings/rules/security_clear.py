"""What crosses the network readable by everybody on the way."""

from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.protocol.states import State
from pop3spy.session.events import Answered, Heard
from pop3spy.session.finding import AtFault, Severity


@rule(
    "cleartext-password",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 13; RFC 2595, section 2.3; RFC 8314, sections 4.1 and 5.2",
    on=On.COMMAND,
    verbs=("PASS", "RPOP"),
    about_clear=True,
    needs_start=False,
    raises="""
        -- clear
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +OK
    """,
    silent=(
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +OK
        """,
        """
        -- clear
        C: STLS
        S: +OK
        -- TLS
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +OK
        """,
        """
        -- clear
        C: USER bob
        S: +OK otp-md5 499 ke1234 ext
        C: PASS tanstaaf
        S: +OK
        """,
    ),
)
def cleartext_password(seen: Observed, event: Heard) -> Claims:
    """The password crossed the network readable by anybody on the path.

    PASS without TLS is the password itself, in every hop and in every record of the traffic.

    To do: use SSL/TLS on port 995, or STARTTLS; then change the password.
    """
    exchange = event.exchange
    if exchange is None or not seen.clear or not exchange.command.args or _is_one_time(seen):
        return
    yield Claim("The password crossed the network without TLS, readable by anybody on the path.")


def _is_one_time(seen: Observed) -> bool:
    """Return whether the reply to USER asked for a one-time password (RFC 2289)."""
    before = seen.last_answered
    if before is None or before.command.verb != "USER" or before.status is None:
        return False
    return b"otp-" in before.status.raw.lower()


@rule(
    "cleartext-mail",
    Severity.INFO,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 13; RFC 8314, section 4.1",
    on=On.ANSWERED,
    verbs=("RETR", "TOP"),
    about_clear=True,
    needs_start=False,
    raises="""
        -- clear
        -- also cleartext-password
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / c / .
    """,
    silent="""
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / c / .
    """,
)
def cleartext_mail(seen: Observed, event: Answered) -> Claims:
    """Mail crossed the network without TLS, however the client had logged in.

    Everybody on the path can read it, and change it.

    To do: use SSL/TLS on port 995, or STARTTLS.
    """
    if event.exchange.ok and event.exchange.body and seen.clear and not seen.local:
        yield Claim("Mail crossed the network without TLS, readable by anybody on the path.")


_READABLE: Final = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")
"""Mechanisms in which the secret itself is sent."""


@rule(
    "cleartext-login-offered",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 5034, section 4; RFC 4616, section 5; RFC 8314, section 4.1",
    on=On.ANSWERED,
    verbs=("CAPA",),
    about_clear=True,
    needs_start=False,
    raises="""
        -- clear
        C: CAPA
        S: +OK / STLS / USER / SASL PLAIN CRAM-MD5 / .
    """,
    silent=(
        """
        -- clear
        C: CAPA
        S: +OK / STLS / SASL CRAM-MD5 / .
        """,
        """
        -- clear
        C: CAPA
        S: +OK / USER / SASL PLAIN / .
        """,
    ),
)
def cleartext_login_offered(seen: Observed, event: Answered) -> Claims:
    """The server offers TLS, and all the same invites clients to send passwords without it.

    A client that is not told to insist on TLS takes the first way that is offered.

    To do: let the server offer such logins inside TLS alone, in Dovecot with
    ``disable_plaintext_auth=yes`` or ``auth_allow_cleartext=no``.
    """
    if not event.exchange.ok or event.exchange.state_before.phase is not State.AUTHORIZATION:
        return
    if not seen.clear or seen.local or not seen.offers("STLS"):
        return
    ways = ["USER"] if seen.offers("USER") else []
    ways += [f"SASL {name}" for name in seen.mechanisms() or () if name in _READABLE]
    if ways:
        yield Claim(
            f"The server offers {' and '.join(ways)} without TLS, though it has STLS as well.",
            evidence={"offered": " ".join(ways)},
        )
