"""Another protocol where POP3 is expected."""

import re
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import quoted
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.foreign_verbs import foreign_verb
from pop3spy.protocol.frames import CommandLine, Frame, Junk, Opaque, Side, StatusLine
from pop3spy.protocol.why import Why
from pop3spy.session.events import Heard, SideClosed
from pop3spy.session.finding import AtFault, Severity

_CERTAIN: Final = frozenset({"HTTP", "IMAP", "POP2", "SIP or RTSP", "SSH", "Redis"})
"""Protocols whose first lines are like nothing that a person may type at a POP3 server."""
_SMTP: Final = frozenset({"EHLO", "HELO", "LHLO", "MAIL"})
_GREETINGS: Final = (
    (re.compile(rb"220[ -]"), "SMTP or FTP"),
    (re.compile(rb"\* (?:OK|PREAUTH|BYE)(?![A-Za-z])"), "IMAP"),
    (re.compile(rb"SSH-"), "SSH"),
    (re.compile(rb"HTTP/"), "HTTP"),
    (re.compile(rb"-NOAUTH|-DENIED|\+PONG|\$-1|-ERR unknown command '"), "Redis"),
)
_EXPLAINS: Final = (
    *("secret-in-command", "early-talker", "status-malformed", "pipelined-unadvertised"),
    *("unsolicited-response", "command-wrong-state", "too-many-bad-commands", "greeting-missing"),
    *("closed-before-greeting", "closed-after-greeting", "nul-in-line", "greeting-negative"),
    *("command-blank-start", "bare-lf-command", "command-too-long", "reply-missing"),
    *("client-gave-up", "quit-missing", "command-unterminated", "parting-line"),
)


@rule(
    "wrong-protocol",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=1,
    basis="RFC 1939, sections 3 and 4",
    beats=_EXPLAINS,
    raises=(
        """
        S: * OK IMAP4rev1 ready
        -- client closes
        """,
        """
        C: EHLO client.example
        S: -ERR Unknown command.
        -- client closes
        """,
        """
        S: 220 mail.example ESMTP
        -- client closes
        """,
        """
        -- no greeting
        C: GET /mail HTTP/1.0 / (blank)
        S: -ERR Unknown command.
        """,
        """
        C: a1 LOGIN bob tanstaaf
        S: -ERR Unknown command.
        """,
        r"""
        C< *1\r\n$4\r\nPING\r\n
        S: -ERR Unknown command.
        """,
        """
        C: SSH-2.0-OpenSSH_9.2
        S: -ERR Unknown command.
        """,
    ),
    silent=(
        "S: +OK IMAP and POP3 ready",
        """
        C: AUTH PLAIN
        S: -ERR not now
        -- also login-failed
        """,
        """
        -- login
        C: EHLO client.example
        S: -ERR Unknown command.
        """,
    ),
)
class WrongProtocol:
    """One side speaks another protocol than POP3.

    The port or the host of the client's settings belongs to another service.  Nothing can come of
    such a connection, but a first line may have held a password.

    To do: correct host or port in the client; POP3 has port 110, POP3 inside TLS has 995.
    """

    def __init__(self, _: Observed) -> None:
        self._had_banner = False

    @on(On.ODD_COMMAND)
    def command(self, event: Heard) -> Claims:
        """Judge the first line of the client."""
        frame = event.frame
        if not isinstance(frame, CommandLine) or frame.number != 1:
            return
        known = frame.facts.get("protocol")
        if known is None and (found := foreign_verb(line_of(frame.raw))) is not None:
            known = found[0]
        if known in _CERTAIN or (known == "SMTP" and frame.command.verb in _SMTP):
            yield self._claim("client", str(known))

    @on(On.JUNK)
    @on(On.GREETING)
    def greeting(self, event: Heard) -> Claims:
        """Judge the first line of the server."""
        if self._is_first(event.frame):
            for pattern, protocol in _GREETINGS:
                if pattern.match(event.frame.raw):
                    yield self._claim("server", protocol)

    def _is_first(self, frame: Frame) -> bool:
        if isinstance(frame, Junk):
            first, self._had_banner = not self._had_banner, True
            return first and frame.why is Why.BANNER
        return isinstance(frame, StatusLine) and not frame.ok

    @staticmethod
    def _claim(side: str, protocol: str) -> Claim:
        return Claim(
            f"The {side} speaks {protocol}, not POP3: correct host or port on the client's side.",
            exchange=0,
            evidence={"side": side, "protocol": protocol},
        )


@rule(
    "proxy-header-refused",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=2,
    basis="practice",
    beats=(
        *("greeting-missing", "greeting-negative", "unsolicited-response", "parting-line"),
        *("closed-before-greeting", "too-many-bad-commands"),
    ),
    raises=(
        """
        -- no greeting
        C: PROXY TCP4 192.0.2.1 192.0.2.9 5000 110
        S: +OK ready / -ERR Unknown command.
        -- 3 s
        """,
        """
        -- no greeting
        C: PROXY TCP4 192.0.2.1 192.0.2.9 5000 110
        -- server closes
        """,
        """
        -- no greeting
        C: PROXY TCP4 192.0.2.1 192.0.2.9 5000 110
        S: -ERR no
        -- server closes
        """,
    ),
    silent="""
        -- no greeting
        C: PROXY TCP4 192.0.2.1 192.0.2.9 5000 110
        S: +OK ready
    """,
)
class ProxyHeaderRefused:
    """A load balancer sends a PROXY header, and the server does not expect one.

    The header says who the client is, in front of everything else.  A server that was not told of
    it takes it for a command, and refuses it or closes.

    To do: switch the PROXY protocol on at both ends, or off at both.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._had_header = False

    @on(On.OPAQUE)
    def header(self, event: Heard) -> Claims:
        """Take in a header of the client's."""
        frame = event.frame
        if isinstance(frame, Opaque) and frame.why is Why.PROXY and frame.side is Side.CLIENT:
            self._had_header = True
        return ()

    @on(On.JUNK)
    @on(On.GREETING)
    def answered(self, event: Heard) -> Claims:
        """Judge a line of the server, if the client has said nothing else."""
        refused = event.frame.raw.startswith(b"-ERR")
        if self._had_header and refused and not self._seen.session.totals.commands:
            yield self._claim(f"refused it: {quoted(event.frame)}")

    @on(On.CLOSED_EARLY)
    def closed(self, event: SideClosed) -> Claims:
        """Judge a close in place of the greeting."""
        session = self._seen.session
        unheard = session.greeting is None and not session.totals.commands
        if self._had_header and unheard and self._seen.closed_by(Side.SERVER) is not None:
            yield self._claim("closed the connection", event.at)

    @staticmethod
    def _claim(did: str, at: float | None = None) -> Claim:
        text = "A load balancer sent a PROXY header that the server does not expect"
        return Claim(f"{text}; it {did}.", exchange=0, at=at)
