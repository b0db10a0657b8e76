"""Response codes that a server uses without having announced them, or the other way round."""

from typing import Final

from pop3spy.findings.logins import is_refused_unheard, lists_mechanisms
from pop3spy.findings.observed import Observed
from pop3spy.findings.refusals import UNSUPPORTED, has_one_of, means
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import asked, quoted
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity

_CODES: Final = frozenset(
    {"IN-USE", "LOGIN-DELAY", "SYS/TEMP", "SYS/PERM", "AUTH", "UTF8"},
)
_OF_LOGINS: Final = _CODES - {"UTF8"}
_OF_THE_EXCHANGE: Final = ("cancel", "abort", "base64", "mechanism", "encoding", "malformed")
"""What a refusal speaks of that is not about the credentials."""


@rule(
    "response-code-unadvertised",
    Severity.INFO,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=3,
    basis="RFC 2449, sections 6.4 and 8; RFC 3206, section 5",
    on=On.REFUSED,
    raises="""
        -- also login-failed
        C: CAPA
        S: +OK / USER / UIDL / .
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] no
    """,
    silent=(
        """
        -- also login-failed
        C: CAPA
        S: +OK / RESP-CODES / .
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] no
        """,
        """
        -- also login-failed
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] no
        """,
    ),
)
def response_code_unadvertised(seen: Observed, event: Answered) -> Claims:
    """The server uses response codes and does not list RESP-CODES.

    Without that a client must not take what stands in brackets for a code, so it shows the text and
    does not know what kind of refusal it was.

    To do: let the operator add RESP-CODES to the capabilities.
    """
    status = event.exchange.status
    if status is not None and status.code in _CODES and seen.offers("RESP-CODES") is False:
        yield Claim(
            f"The server uses the response code {status.code} and does not list RESP-CODES, so"
            " clients have to ignore it.",
            evidence={"code": status.code or ""},
        )


@rule(
    "auth-code-missing",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 3206, section 6",
    on=On.REFUSED,
    verbs=("PASS", "APOP", "AUTH"),
    raises="""
        -- also login-failed
        C: CAPA
        S: +OK / RESP-CODES / AUTH-RESP-CODE / .
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR Login failed.
    """,
    silent=(
        """
        -- also server-temporary
        C: CAPA
        S: +OK / RESP-CODES / AUTH-RESP-CODE / .
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [SYS/TEMP] try later
        """,
    ),
)
def auth_code_missing(seen: Observed, event: Answered) -> Claims:
    """The server promised to mark refused credentials with a code, and did not.

    With AUTH-RESP-CODE a client asks for a new password only where it sees AUTH.  Without the code
    it tries the old one again and again.

    To do: correct the server, or the proxy in front of it that words the refusal.
    """
    exchange, status = event.exchange, event.exchange.status
    if status is None or status.code in _OF_LOGINS or not seen.offers("AUTH-RESP-CODE"):
        return
    if lists_mechanisms(exchange) or is_refused_unheard(exchange):
        return  # no credentials were given
    if has_one_of(status, _OF_THE_EXCHANGE) or has_one_of(status, UNSUPPORTED):
        return
    if not means(status, "tls-required"):
        yield Claim(
            f"The server promised to mark refused credentials with [AUTH] but answered"
            f" {asked(exchange)} with {quoted(status)}: clients will not ask for a new password.",
        )
