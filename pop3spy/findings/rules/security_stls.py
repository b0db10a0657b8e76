"""STLS that was offered and not used, refused, or said too late."""

from pop3spy.findings.logins import gives_secret
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import quoted, seconds
from pop3spy.session.events import Answered, Heard
from pop3spy.session.finding import AtFault, Severity


@rule(
    "stls-refused-then-clear",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 2595, sections 2.5 and 9; RFC 8314, section 5.2",
    about_clear=True,
    raises=(
        """
        -- clear
        -- also cleartext-password
        C: STLS
        S: -ERR TLS not available
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +OK
        """,
        """
        -- clear
        -- also cleartext-password
        -- also stls-handshake-failed
        C: STLS
        S: -ERR TLS not available
        C: QUIT
        S: +OK
        -- client closes
        -- session 20 s later
        -- login
        C: QUIT
        S: +OK
        -- client closes
        """,
    ),
    silent="""
        -- clear
        -- also cleartext-password
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +OK
    """,
)
class StlsRefusedThenClear:
    """TLS could not be started, and the client sent the password anyway.

    Whoever is on the way can refuse STLS in the server's place.  A client that goes on without TLS
    gives the password to exactly those from whom TLS is to hide it.

    To do: make the client insist on TLS ("STARTTLS, required").
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._refusal: str | None = None

    @on(On.ANSWERED, "STLS")
    def _stls(self, event: Answered) -> Claims:
        status = event.exchange.status
        refused = status is not None and not status.ok
        self._refusal = quoted(status) if refused and status and self._seen.clear else None
        return ()

    @on(On.COMMAND, "PASS", "RPOP", "APOP", "AUTH")
    @on(On.SASL)
    def _credentials(self, event: Heard) -> Claims:
        if not self._seen.clear or not gives_secret(event.frame):
            return
        if self._refusal:
            yield Claim(f"STLS was refused ({self._refusal}) and the client logged in without it.")
        elif (ago := self._refused_before()) is not None:
            yield Claim(
                f"STLS was refused {seconds(ago)} ago, and the same client came back to log in"
                " without it."
            )

    def _refused_before(self) -> float | None:
        """Return how long ago, in seconds, another session of this client was refused STLS."""
        seen = self._seen
        refused_at = seen.server.stls_refused.get(seen.past.client)
        ago = None if refused_at is None else seen.wall() - refused_at
        return ago if ago is not None and 0 <= ago <= seen.thresholds.without_tls else None


@rule(
    "stls-available-unused",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 8314, section 5.2; RFC 2595, section 2.2",
    about_clear=True,
    raises="""
        -- clear
        -- also cleartext-password
        C: CAPA
        S: +OK / STLS / TOP / .
        -- login
    """,
    silent="""
        -- clear
        C: CAPA
        S: +OK / STLS / TOP / .
        C: STLS
        S: +OK
        -- TLS
        C: CAPA
        S: +OK / TOP / .
        -- login
    """,
)
class StlsAvailableUnused:
    """The server offers TLS, but the client logged in without it.

    Password, proof or token could be read on the way, and need not have been.

    To do: set the client to STARTTLS, or to SSL/TLS on port 995.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.COMMAND, "PASS", "RPOP", "APOP", "AUTH")
    @on(On.SASL)
    def _credentials(self, event: Heard) -> Claims:
        seen = self._seen
        bare = seen.clear and "client" not in seen.session.legs  # else it does have TLS, with us
        if bare and seen.offers("STLS") and gives_secret(event.frame):
            yield Claim("The server lists STLS, but the client logged in without TLS.")


@rule(
    "stls-after-utf8",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=3,
    basis="RFC 6856, section 2.1",
    raises="""
        -- clear
        C: CAPA
        S: +OK / STLS / UTF8 / .
        C: UTF8
        S: +OK
        C: STLS
        S: -ERR
    """,
    silent="""
        -- clear
        C: CAPA
        S: +OK / STLS / UTF8 / .
        C: UTF8
        S: -ERR
        C: STLS
        S: -ERR
    """,
)
class StlsAfterUtf8:
    """STLS must come before UTF8.

    The standard forbids STLS once UTF-8 mode is on, and servers may refuse it.

    To do: let the client begin TLS first and say UTF8 inside it.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._utf8 = False

    @on(On.ANSWERED, "UTF8")
    def _mode(self, event: Answered) -> Claims:
        self._utf8 = event.exchange.ok is True
        return ()

    @on(On.COMMAND, "STLS")
    def _stls(self, _: Heard) -> Claims:
        if self._utf8 and self._seen.clear:
            yield Claim("The client said STLS when UTF8 had been granted already.")
