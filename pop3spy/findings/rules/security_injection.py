"""Clear text where TLS begins: what was slipped in between STLS and the handshake."""

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import count, quoted
from pop3spy.protocol.frames import Opaque, Side
from pop3spy.protocol.replies import status_of
from pop3spy.protocol.states import State
from pop3spy.protocol.why import Why
from pop3spy.session.events import Answered, Heard
from pop3spy.session.finding import AtFault, Severity


@rule(
    "stls-command-injection",
    Severity.ERROR,
    (AtFault.CLIENT, AtFault.NETWORK),
    Scope.CONNECTION,
    rank=2,
    basis="RFC 2595, section 4; RFC 9051, section 6.2.1",
    on=On.OPAQUE,
    opaque_too=True,
    beats=("pipelined-unadvertised",),
    raises=r"""
        -- clear
        C: STLS / USER bob
        S: +OK Begin TLS
        -- TLS
    """,
    silent=(
        r"""
        -- clear
        C: STLS
        S: +OK Begin TLS
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        """,
        r"""
        -- clear
        C< STLS\r\n\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S: +OK Begin TLS
        """,
    ),
)
def stls_command_injection(_: Observed, event: Heard) -> Claims:
    """Clear-text commands follow STLS, and a vulnerable server runs them inside TLS.

    Nothing may be said between STLS and the handshake.  Either the client does not wait for the
    reply, or somebody on the way adds commands that the server then takes for the client's (for
    example CVE-2021-38084).

    To do: let the client wait for the reply to STLS; if it does, look who is between; update the
    server.
    """
    frame = event.frame
    if not isinstance(frame, Opaque) or frame.why is not Why.BEHIND_STLS:
        return
    if frame.side is Side.CLIENT:
        octets = frame.counted
        size = f" of {count(octets, 'octet')}" if octets else ""
        yield Claim(f"Clear text{size} follows STLS; a vulnerable server runs that inside TLS.")


@rule(
    "stls-response-injection",
    Severity.ERROR,
    (AtFault.SERVER, AtFault.NETWORK),
    Scope.CONNECTION,
    rank=2,
    basis="RFC 2595, sections 4 and 9",
    beats=("unsolicited-response", "parting-line"),
    opaque_too=True,
    raises=r"""
        -- clear
        C: STLS
        S: +OK Begin TLS / +OK / TOP / .
        -- TLS
    """,
    silent=(
        r"""
        -- clear
        C: STLS
        S: +OK Begin TLS
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S< \x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x03{r*32}\x00\x00\x2f\x00
        """,
        """
        -- clear
        C: STLS
        S: -ERR no / +OK
        """,
    ),
)
class StlsResponseInjection:
    """Clear-text replies came before TLS, and a vulnerable client takes them for protected ones.

    The server says nothing between its reply to STLS and the handshake.  Whoever is on the way can
    add replies there; a client that does not throw them away believes them to come from inside TLS.

    To do: treat the network as hostile, and connect with TLS from the start, on port 995.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.JUNK)
    def _line(self, event: Heard) -> Claims:
        if event.state is State.TLS and not self._seen.encrypted:
            yield Claim(f"Clear text follows the reply to STLS: {quoted(event.frame)}.")


@rule(
    "stls-injected-answered",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 2595, section 4",
    beats=("unsolicited-response", "parting-line"),
    raises=r"""
        -- clear
        -- also stls-command-injection
        C: STLS / NOOP
        S: +OK
        -- TLS
        S: +OK
    """,
    silent="""
        -- clear
        C: STLS
        S: +OK
        -- TLS
        C: CAPA
        S: +OK / TOP / .
    """,
)
class StlsInjectedAnswered:
    """The server ran a command that was said before TLS, and answered it inside TLS.

    There is no greeting behind STLS, so a reply that comes before the client has said anything
    there answers what stood in clear text behind STLS.

    To do: update the server now; it is open to commands that anybody on the way adds.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._granted = False

    @on(On.ANSWERED, "STLS")
    def _stls(self, event: Answered) -> Claims:
        self._granted |= event.exchange.ok is True
        return ()

    @on(On.JUNK)
    def _line(self, event: Heard) -> Claims:
        begun, spoken = self._seen.secured_at, self._seen.last[Side.CLIENT]
        if begun is None or not self._granted or event.state is State.TLS:
            return
        if status_of(event.frame.raw) is not None and (spoken is None or spoken < begun):
            said = quoted(event.frame)
            yield Claim(f"The server answers in TLS before anything was asked there: {said}.")
