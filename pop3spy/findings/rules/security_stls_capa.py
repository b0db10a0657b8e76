"""Capabilities and STLS: what a server lists in clear text counts no more inside TLS."""

from pop3spy.findings.logins import is_refused_unheard, mechanism_of, refusal
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.protocol.frames import CommandLine
from pop3spy.session.events import Answered, Heard
from pop3spy.session.finding import AtFault, Severity


@rule(
    "stls-no-recapa",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 2595, sections 4 and 9",
    on=On.COMMAND,
    verbs=("USER", "APOP", "AUTH"),
    raises="""
        -- clear
        C: CAPA
        S: +OK / STLS / TOP / .
        C: STLS
        S: +OK
        -- TLS
        C: USER bob
        S: +OK
    """,
    silent=(
        """
        -- clear
        C: CAPA
        S: +OK / STLS / TOP / .
        C: STLS
        S: +OK
        -- TLS
        C: CAPA
        S: +OK / TOP / .
        C: USER bob
        S: +OK
        """,
        """
        -- clear
        C: STLS
        S: +OK
        -- TLS
        C: USER bob
        S: +OK
        """,
    ),
)
def stls_no_recapa(seen: Observed, event: Heard) -> Claims:
    """The client trusts the list of capabilities that it got before TLS.

    What was said in clear text may have been changed on the way, so that the client takes a weaker
    login than the server has.

    To do: let the client ask CAPA again behind STLS, and forget what it knew.
    """
    if not _began_tls(seen) or seen.capa_asked or "CAPA" not in seen.used:
        return
    if any(one.command.verb == "CAPA" for one in seen.session.outstanding.values()):
        return
    frame = event.frame
    assert isinstance(frame, CommandLine)
    if frame.command.args:
        yield Claim("The client logs in behind STLS without having asked CAPA again.")


def _began_tls(seen: Observed) -> bool:
    """Return whether the client itself began TLS by STLS, and what it says there is read."""
    return seen.secured_at is not None and "STLS" in seen.used


@rule(
    "stls-stale-capability",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 2595, section 4",
    beats=("login-failed", "capability-unadvertised-used", "stls-no-recapa"),
    raises=(
        """
        -- clear
        C: CAPA
        S: +OK / STLS / SASL CRAM-MD5 / .
        C: STLS
        S: +OK
        -- TLS
        C: AUTH CRAM-MD5
        S: -ERR unknown mechanism
        """,
        """
        -- clear
        C: CAPA
        S: +OK / STLS / SASL CRAM-MD5 / .
        C: STLS
        S: +OK
        -- TLS
        C: CAPA
        S: +OK / SASL PLAIN / .
        C: AUTH CRAM-MD5
        S: -ERR unknown mechanism
        """,
    ),
    silent="""
        -- clear
        -- also login-failed
        C: CAPA
        S: +OK / STLS / SASL CRAM-MD5 / .
        C: STLS
        S: +OK
        -- TLS
        C: CAPA
        S: +OK / SASL PLAIN / .
        C: AUTH PLAIN
        S: -ERR no
    """,
)
class StlsStaleCapability:
    """The client used what the server had offered before TLS alone, and was refused.

    Servers offer other logins inside TLS than outside, and everything said in clear text may have
    been changed on the way.

    To do: let the client forget what it knew of the server when TLS begins, and ask CAPA again.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._in_clear: tuple[str, ...] = ()

    @on(On.ANSWERED, "CAPA")
    def _capa(self, event: Answered) -> Claims:
        if event.exchange.ok and self._seen.clear:
            self._in_clear = self._seen.mechanisms() or ()
        return ()

    @on(On.ANSWERED, "AUTH")
    def _auth(self, event: Answered) -> Claims:
        exchange, seen = event.exchange, self._seen
        name = mechanism_of(exchange)
        if refusal(exchange) is None or not _began_tls(seen) or name not in self._in_clear:
            return
        offered = seen.mechanisms()
        never_asked = seen.capabilities is None and is_refused_unheard(exchange)
        if never_asked or (seen.capabilities is not None and name not in (offered or ())):
            yield Claim(f"The client used {name}, which the server offered only before TLS.")


@rule(
    "stls-offered-in-tls",
    Severity.INFO,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=3,
    basis="RFC 2595, section 4",
    on=On.ANSWERED,
    verbs=("CAPA",),
    raises="""
        C: CAPA
        S: +OK / STLS / TOP / .
    """,
    silent="""
        C: CAPA
        S: +OK / TOP / .
    """,
)
def stls_offered_in_tls(seen: Observed, event: Answered) -> Claims:
    """The server offers STLS although TLS is on.

    What is listed is to be usable now; clients may try it and get a refusal.  Mostly TLS is done by
    a program in front of the server, which does not know of it.

    To do: tell the server, or what does TLS in front of it, to leave STLS out.
    """
    if event.exchange.ok and "server" in seen.session.legs and seen.offers("STLS"):
        yield Claim("CAPA lists STLS inside TLS, where it cannot be used.")
