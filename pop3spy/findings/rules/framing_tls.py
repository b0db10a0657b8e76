"""TLS where clear text is expected, and the other way round."""

from pop3spy.findings.observed import TLS_PORT, Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import seconds
from pop3spy.protocol.frames import Opaque, Side
from pop3spy.protocol.states import State
from pop3spy.protocol.why import Why
from pop3spy.session.events import Finished, Glimpsed, Heard
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.glimpse import MISPLACED


@rule(
    "tls-on-clear-port",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=1,
    basis="RFC 1939, section 4; RFC 8314, section 3.1",
    on=On.GLIMPSED,
    opaque_too=True,
    beats=(
        *("secret-in-command", "early-talker", "status-malformed", "pipelined-unadvertised"),
        *("unsolicited-response", "command-wrong-state", "too-many-bad-commands"),
        *("greeting-missing", "closed-before-greeting", "closed-after-greeting", "nul-in-line"),
        *("client-gave-up", "quit-missing", "stls-handshake-failed", "parting-line"),
    ),
    raises=(
        r"""
        -- clear
        -- no greeting
        C< \x16\x03\x01\x00\x09\x01\x00\x00\x05\x03\x03\x00\x00\x00
        S: +OK POP3 ready
        -- client closes
        """,
        r"""
        -- clear
        S: +OK POP3 ready
        C< \x16\x03\x01\x00\x09\x01\x00\x00\x05\x03\x03\x00\x00\x00
        S: -ERR bad command
        -- client closes
        """,
    ),
    silent=r"""
        -- clear
        -- no greeting
        C< \x16\x03\x01\x00\x09\x01\x00\x00\x05\x03\x03\x00\x00\x00
        S< \x16\x03\x03\x00\x09\x02\x00\x00\x05\x03\x03\x00\x00\x00
    """,
)
def tls_on_clear_port(seen: Observed, event: Glimpsed) -> Claims:
    """The client begins TLS at once, where the server speaks clear text first.

    Both programs are right, and their settings do not match.  The client reads the server's +OK as
    a record of TLS and reports a wrong version number.

    To do: use port 995 with SSL/TLS in the client, or keep the port and choose STARTTLS.
    """
    glimpse = event.glimpse
    if glimpse.kind == MISPLACED and glimpse.side == "client" and seen.secured_at is None:
        port = seen.session.server.port
        yield Claim(
            f"The client starts TLS at once on port {port}, where the server speaks clear text.",
            exchange=0,
            evidence={"port": port},
        )


@rule(
    "tls-bytes-in-clear",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.LINE,
    rank=2,
    basis="RFC 8446, section 5.1; RFC 1939, section 3",
    needs_start=True,
    opaque_too=True,
    beats=("status-malformed", "nul-in-line", "reply-missing"),
    raises=r"""
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S< \x17\x03\x03\x00\x50+OK Logged in.\r\n
    """,
    silent=r"""
        -- clear
        -- no greeting
        C< \x16\x03\x01\x00\x09\x01\x00\x00\x05\x03\x03\x00\x00\x00
        S< \x15\x03\x01\x00\x02\x02\x46
        -- also stls-handshake-failed
    """,
)
class TlsBytesInClear:
    """The server sends octets of TLS where a reply is due, though nobody began TLS.

    TLS is wrapped twice, or the server mixes what belongs inside TLS with what does not.  Clients
    see rubbish in front of the reply and stop.

    To do: correct the set-up of the server, or of what does TLS for it.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._client_began = False

    @on(On.OPAQUE)
    def unread(self, event: Heard) -> Claims:
        """Judge what could not be read."""
        frame = event.frame
        if not isinstance(frame, Opaque) or frame.why not in (Why.TLS, Why.TLS_HEADER):
            return
        if frame.side is Side.CLIENT:
            self._client_began = True
        elif not self._client_began and event.state is not State.TLS and self._greeted():
            behind = "clear text follows" if frame.why is Why.TLS_HEADER else "TLS goes on"
            yield Claim(
                "The server sent the header of a TLS record where a reply was due, and"
                f" {behind}: TLS is wrapped twice, or the server mixes its two streams."
            )

    def _greeted(self) -> bool:
        return self._seen.session.greeting is not None


@rule(
    "clear-on-tls-port",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=1,
    basis="RFC 8314, section 3.1",
    opaque_too=True,
    beats=(
        *("greeting-missing", "greeting-slow", "closed-before-greeting", "client-gave-up"),
        *("reply-missing", "early-talker", "quit-missing", "stls-handshake-failed"),
    ),
    raises=(
        r"""
        -- clear
        -- no greeting
        C< \x16\x03\x01\x00\x09\x01\x00\x00\x05\x03\x03\x00\x00\x00
        S< \x16\x03\x03\x00\x09\x02\x00\x00\x05\x03\x03\x00\x00\x00
        -- session 5 min later
        -- 30 s
        -- client closes
        """,
        r"""
        -- clear
        -- no greeting
        C: USER bob
        S< \x15\x03\x01\x00\x02\x02\x46
        -- server closes
        """,
    ),
    silent=(
        r"""
        -- clear
        -- port 995
        -- no greeting
        C< \x16\x03\x01\x00\x09\x01\x00\x00\x05\x03\x03\x00\x00\x00
        S< \x16\x03\x03\x00\x09\x02\x00\x00\x05\x03\x03\x00\x00\x00
        """,
        """
        -- port 995
        S: +OK ready
        -- 30 s
        C: QUIT
        S: +OK
        """,
        """
        -- clear
        -- no greeting
        -- 12 s
        -- client closes
        """,
    ),
)
class ClearOnTlsPort:
    """The client speaks clear text, or waits for it, where TLS has to begin at once.

    The server waits for the client's handshake and the client for the server's greeting, so both
    wait until one gives up.  Clients report that the operation timed out.

    To do: switch SSL/TLS on in the client for this port, or use port 110 with STARTTLS.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.GLIMPSED)
    def answered_in_tls(self, event: Glimpsed) -> Claims:
        """Judge an alert of TLS in reply to clear text."""
        glimpse, session = event.glimpse, self._seen.session
        if glimpse.kind == MISPLACED and glimpse.side == "server" and session.greeting is None:
            yield Claim(
                "The client spoke clear text and the server answered in TLS: switch SSL/TLS on in"
                " the client.",
                exchange=0,
            )

    @on(On.FINISHED_EARLY)
    def gave_up(self, event: Finished) -> Claims:
        """Judge a client that waited at the port of TLS and left, when nobody had said anything."""
        seen, session, ending = self._seen, self._seen.session, event.ending
        first = seen.closed_by(Side.CLIENT)
        if first is None or ending.how.by is not Side.CLIENT or ending.why or session.legs:
            return  # or a handshake of ours came to nothing
        if any(session.totals.octets.values()):
            return
        waited, port = first.at - session.opened_at, session.server.port
        known = port == TLS_PORT or seen.server.speaks_tls
        if known and waited >= seen.thresholds.gave_up:
            yield Claim(
                f"The client waited {seconds(waited)} for a greeting in clear text on port {port},"
                " where the server waits for TLS: switch SSL/TLS on in the client.",
                exchange=0,
                at=first.at,
                evidence={"waited": round(waited, 3), "port": port},
            )
