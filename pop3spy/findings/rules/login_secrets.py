"""Secrets in the wrong place: in commands that nobody knows, in replies, broken into lines."""

from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.protocol.frames import CommandLine
from pop3spy.protocol.states import BEFORE_LOGIN
from pop3spy.session.events import Heard
from pop3spy.session.finding import AtFault, Severity

_REASONS: Final = {
    "unknown verb": "A command that nobody knows",
    "surplus words": "A command with more words than it takes",
}


@rule(
    "secret-in-command",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="practice",
    raises=(
        """
        C: CAPA
        S: +OK / TOP / .
        C: PAS tanstaaf
        S: -ERR Unknown command.
        """,
    ),
    silent="""
        C: XCLIENT ADDR=192.0.2.4
        S: +OK
    """,
)
class SecretInCommand:
    """A command before login may have held a password where none belongs.

    What nobody knows is hidden here, since it may be a mistyped PASS.  Servers write such lines
    into their logs, and into their replies.

    To do: if a password was typed there, change it.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.ODD_COMMAND)
    @on(On.COMMAND, "AUTH", "USER")
    def _command(self, event: Heard) -> Claims:
        facts = event.frame.facts
        reason = facts.get("masked_reason")
        if reason is None or event.state not in BEFORE_LOGIN or "protocol" in facts:
            return
        what = _REASONS.get(str(reason), "A hidden command")
        evidence = {"reason": reason} | (
            {"length": facts["masked_length"]} if "masked_length" in facts else {}
        )
        yield Claim(
            f"{what} came before login and may have held a password; it is hidden here, but the"
            " server may have logged it.",
            evidence=evidence,
        )


@rule(
    "secret-echoed",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="practice",
    needs_start=False,
    raises="""
        -- also secret-in-command
        C: CAPA
        S: +OK / TOP / .
        C: PASSWORD tanstaaf
        S: -ERR Unknown command: PASSWORD TANSTAAF
    """,
    silent="""
        -- also secret-in-command
        C: CAPA
        S: +OK / TOP / .
        C: PAS tanstaaf
        S: -ERR Unknown command.
    """,
)
class SecretEchoed:
    """The server sent a secret back in the text of its reply.

    It is now wherever replies are kept: in the client's log, in error reports, on screens.

    To do: change the password, and let the server leave what it was told out of its texts.
    """

    def __init__(self, _: Observed) -> None:
        pass

    @on(On.ODD_STATUS)
    @on(On.JUNK)
    @on(On.CHALLENGE)
    def _line(self, event: Heard) -> Claims:
        if event.frame.facts.get("secret_echoed") is True:
            yield Claim("The server repeats in its reply a word that had been hidden as a secret.")


@rule(
    "line-break-in-credential",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 3; RFC 4616, section 2",
    beats=(
        *("login-failed", "command-blank-start", "secret-in-command", "pipelined-password"),
        *("pipelined-unadvertised", "bare-lf-command"),
    ),
    raises=(
        """
        C: CAPA
        S: +OK / SASL PLAIN / .
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg0K
        S: +OK
        """,
        r"""
        C: USER bob
        S: +OK
        C< PASS tanstaaf\n\r\n
        S: +OK / -ERR Command not understood
        """,
    ),
    silent="""
        -- login
    """,
)
class LineBreakInCredential:
    """The user name or the password that the client holds contains a line break.

    A line break ends the command, so the server gets a second line that nobody meant: an empty one,
    or one that is a command.  Often a password was read from a file with its final line end.

    To do: take the line break out where the name or the password is stored.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._crlf = False  # this client ends lines with CRLF
        self._broken: Heard | None = None  # a PASS or USER that ended with LF alone

    @on(On.COMMAND, "AUTH", "PASS", "USER")
    @on(On.SASL)
    def _credential(self, event: Heard) -> Claims:
        frame = event.frame
        if field := frame.facts.get("line_break"):
            yield Claim(
                f"The client's {'user name' if field == 'user' else field} contains a line break,"
                " which sends the server a second line.",
                evidence={"field": field},
            )
        elif isinstance(frame, CommandLine):
            bare = frame.raw.endswith(b"\n") and not frame.raw.endswith(b"\r\n")
            self._broken = event if bare and self._crlf else None
            self._crlf |= frame.raw.endswith(b"\r\n")

    @on(On.ODD_COMMAND)
    def _blank(self, event: Heard) -> Claims:
        broken = self._broken
        if broken is None or event is broken:
            return
        self._broken = None
        frame = event.frame
        if frame.raw == b"\r\n" and event.first == broken.at:
            name = broken.frame.command.verb if isinstance(broken.frame, CommandLine) else ""
            field = "password" if name == "PASS" else "user name"
            yield Claim(
                f"The client's {field} seems to end with a line break: an empty line follows"
                f" {name} at once.",
                exchange=broken.frame.number,
                covers=(frame.number,),
                severity=Severity.WARNING,
                evidence={"field": field},
            )
