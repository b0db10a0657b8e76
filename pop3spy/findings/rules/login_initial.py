"""AUTH with an initial response: where the server does not take one, or not one so long."""

from pop3spy.findings.logins import auth_of, mechanism_of
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import count, quoted
from pop3spy.protocol.frames import Opaque
from pop3spy.protocol.why import Why
from pop3spy.session.events import Answered, Heard, Unanswered
from pop3spy.session.finding import AtFault, Severity

LIMIT = 255
"""Octets of a line of AUTH with its CRLF (RFC 5034, section 4; RFC 2449, section 4)."""


@rule(
    "sasl-initial-response-unadvertised",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 5034, section 3",
    on=On.ANSWERED,
    verbs=("AUTH",),
    raises=(
        """
        -- also capability-unadvertised-used
        C: CAPA
        S: +OK / TOP / .
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg==
        S: +OK
        """,
        """
        -- also login-failed
        C: CAPA
        S: -ERR unknown command
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg==
        S: -ERR unknown command
        """,
        """
        -- also login-failed
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg==
        S: -ERR
        """,
    ),
    silent=(
        """
        C: CAPA
        S: +OK / SASL PLAIN / .
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg==
        S: +OK
        """,
        """
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg==
        S: +OK
        """,
    ),
)
def sasl_initial_response_unadvertised(seen: Observed, event: Answered) -> Claims:
    """The server never promised to take an initial response with AUTH.

    Only a server that lists SASL in CAPA is known to read one.  Old ones take it for garbage, or
    for the answer to a challenge that they have not sent yet.

    To do: let the client say AUTH and the mechanism alone, and wait for the server's plus.
    """
    exchange = event.exchange
    sasl, status = auth_of(seen, exchange), exchange.status
    if sasl is None or not sasl.initial or status is None:
        return
    if seen.capability("SASL") is not None:
        return
    asked = seen.capa_asked > 0
    if not asked and (status.ok or status.code is not None):
        return
    refused = seen.capa_refused and seen.capabilities is None
    why = "CAPA lists no SASL" if asked and not refused else "CAPA was refused"
    why = why if asked else "CAPA was not asked"
    milder = None if asked and not status.ok else Severity.INFO
    yield Claim(
        f"The client sent an initial response with AUTH although {why}: {quoted(status)}.",
        severity=milder,
        evidence={"accepted": status.ok},
    )


@rule(
    "sasl-initial-response-too-long",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.LINE,
    rank=1,
    basis="RFC 5034, section 4",
    needs_start=True,
    beats=("login-failed", "command-too-long", "oauth-token-long", "reply-missing"),
    raises=(
        """
        C: CAPA
        S: +OK / TOP / UIDL / SASL PLAIN XOAUTH2 / .
        C: AUTH XOAUTH2 {YWJj*400}
        S: -ERR Protocol error. Connection is closed. 10
        """,
        """
        C: CAPA
        S: +OK / TOP / UIDL / SASL PLAIN XOAUTH2 / .
        C: AUTH XOAUTH2 {YWJj*400}
        S: +OK
        """,
        """
        C: CAPA
        S: +OK / TOP / UIDL / SASL PLAIN XOAUTH2 / .
        C: AUTH PLAIN {YWJj*100}
        -- server closes
        """,
    ),
    silent=r"""
        C: CAPA
        S: +OK / TOP / UIDL / SASL PLAIN XOAUTH2 / .
        C: AUTH XOAUTH2
        S: +\x20
        C: {YWJj*400}
        S: +OK
    """,
)
class SaslInitialResponseTooLong:
    """The line of AUTH is longer than a command may be, and the server refused it.

    Some servers close the connection at once, among them Exchange Online.  They have not looked at
    the token or password, so nothing is known of that.

    To do: let the client send AUTH and the mechanism alone, and the token in a line of its own
    behind the server's plus.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.ANSWERED, "AUTH")
    @on(On.UNANSWERED, "AUTH")
    def _ended(self, event: Answered | Unanswered) -> Claims:
        exchange = event.exchange
        facts = exchange.said.facts
        sasl, status = auth_of(self._seen, exchange), exchange.status
        if facts.get("over_255") is not True or sasl is None or not sasl.initial:
            return
        octets = facts.get("octets")
        size = count(octets, "octet") if isinstance(octets, int) else f"over {LIMIT} octets"
        text = f"The line of AUTH {mechanism_of(exchange)} has {size}, where {LIMIT} are the limit"
        evidence = {"octets": octets} if isinstance(octets, int) else {}
        if (status is not None and status.ok) or "oauth_status" in sasl.asked:
            yield Claim(f"{text}; this server read it.", severity=Severity.INFO, evidence=evidence)
        elif status is not None:
            yield Claim(f"{text}, and the server refused it: {quoted(status)}.", evidence=evidence)
        elif self._seen.closed_by(exchange.line.side.other):
            yield Claim(f"{text}, and the server closed the connection.", evidence=evidence)


@rule(
    "sasl-server-first-initial",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 5034, section 4; RFC 4422, section 5",
    on=On.COMMAND,
    verbs=("AUTH",),
    beats=("login-failed",),
    raises="""
        C: CAPA
        S: +OK / SASL CRAM-MD5 / .
        C: AUTH CRAM-MD5 dGVzdA==
        S: -ERR
    """,
    silent="""
        C: CAPA
        S: +OK / SASL CRAM-MD5 / .
        C: AUTH CRAM-MD5
        S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+
        C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
        S: +OK
    """,
)
def sasl_server_first_initial(seen: Observed, _: Heard) -> Claims:
    """The client speaks first in a mechanism that begins with the server.

    In CRAM-MD5 the server's challenge comes first, so there is nothing that an initial response
    could answer, and the server has to refuse it.

    To do: let the client wait for the challenge.
    """
    if seen.sasl is not None and seen.sasl.initial and seen.sasl.mechanism == "CRAM-MD5":
        yield Claim("The client sent an initial response with CRAM-MD5, which the server begins.")


@rule(
    "sasl-layer-opaque",
    Severity.INFO,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 5034, section 4; RFC 4422, section 3.7",
    opaque_too=True,
    raises=r"""
        C: AUTH GSSAPI
        S: +\x20
        C: YWJj
        S: +OK
        C< \x00\x00\x00\x2cabcdefg
    """,
    silent=r"""
        C: AUTH GSSAPI
        S: +\x20
        C: YWJj
        S: +OK
        C: STAT
        S: +OK 1 11
    """,
)
class SaslLayerOpaque:
    """What passes is protected by a layer of the SASL mechanism, and cannot be shown.

    The login negotiated it, so it is no fault; nothing behind it can be judged.

    To do: nothing; to see what passes, choose a login without such a layer inside TLS.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.OPAQUE)
    def _octets(self, event: Heard) -> Claims:
        frame = event.frame
        if isinstance(frame, Opaque) and frame.why is Why.SASL_LAYER:
            login = self._seen.session.login or "SASL"
            yield Claim(f"What passes behind {login} is protected by its layer and is not shown.")
