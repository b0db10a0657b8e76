"""Lines inside AUTH, of either side, that have not the form that the standard gives them."""

from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import quoted
from pop3spy.protocol.commands import COMMANDS
from pop3spy.protocol.frames import Side
from pop3spy.protocol.replies import status_of
from pop3spy.session.events import Heard
from pop3spy.session.finding import AtFault, Severity

_FAULTS: Final = {
    "foreign octet": "it holds an octet that base64 has not",
    "padding": "= stands elsewhere than at its end",
    "length": "its length is no multiple of four",
}
"""What is wrong with a line as base64, by the fact about it."""


@rule(
    "sasl-bad-base64",
    Severity.ERROR,
    (AtFault.CLIENT, AtFault.SERVER),
    Scope.LINE,
    rank=2,
    basis="RFC 5034, section 4",
    beats=("login-failed",),
    raises=(
        r"""
        C: AUTH PLAIN
        S: +\x20
        C: !!!notb64
        S: -ERR [AUTH] Invalid base64 in response
        """,
        r"""
        C: AUTH CRAM-MD5
        S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U
        C: *
        S: -ERR
        -- also sasl-cancelled
        """,
        """
        C: CAPA
        S: +OK / SASL PLAIN / .
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg
        S: -ERR
        """,
    ),
    silent=(
        """
        C: CAPA
        S: +OK / SASL EXTERNAL / .
        C: AUTH EXTERNAL =
        S: +OK
        """,
        r"""
        C: AUTH PLAIN
        S: +\x20
        C: AGJvYgB0YW5zdGFhZg==
        S: +OK
        """,
    ),
)
class SaslBadBase64:
    """A line of the login is not valid base64.

    The other side has to refuse it, whatever it says.  Mostly an encoder has broken a long line
    into several.

    To do: let the program that sent it encode without line ends, and with = only at the end.
    """

    def __init__(self, _: Observed) -> None:
        pass

    @on(On.SASL)
    @on(On.COMMAND, "AUTH")
    def _client(self, event: Heard) -> Claims:
        if fault := _FAULTS.get(str(event.frame.facts.get("base64"))):
            yield Claim(f"The client's login line is not base64: {fault}.", fault=(AtFault.CLIENT,))

    @on(On.CHALLENGE)
    def _server(self, event: Heard) -> Claims:
        form = event.frame.facts.get("base64")
        if form in ("padding", "length"):  # other octets are text, which is another finding
            yield Claim(
                f"The server's challenge is not base64: {_FAULTS[str(form)]}.",
                fault=(AtFault.SERVER,),
            )


@rule(
    "sasl-challenge-format",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.LINE,
    rank=2,
    basis="RFC 5034, section 4",
    on=On.CHALLENGE,
    raises=(
        """
        C: AUTH PLAIN
        S: +
        C: AGJvYgB0YW5zdGFhZg==
        S: +OK
        """,
        """
        C: AUTH LOGIN
        S: + Username:
        C: Ym9i
        S: + UGFzc3dvcmQ6
        C: dGFuc3RhYWY=
        S: +OK
        """,
    ),
    silent=r"""
        C: AUTH PLAIN
        S: +\x20
        C: AGJvYgB0YW5zdGFhZg==
        S: +OK
    """,
)
def sasl_challenge_format(_: Observed, event: Heard) -> Claims:
    """The server's challenge has not the form of one, and strict clients break off.

    It has to be a plus, a blank, and base64 or nothing; there must be no other text.

    To do: correct the server; until then choose another mechanism in the client.
    """
    frame = event.frame
    if status_of(frame.raw, in_sasl=True) is not None:
        return
    if frame.raw[1:2] != b" ":
        yield Claim(f"The server's challenge has no blank behind its plus: {quoted(frame)}.")
    elif frame.facts.get("base64") == "foreign octet":
        yield Claim(f"The server's challenge is text and not base64: {quoted(frame)}.")


@rule(
    "sasl-cancelled",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 5034, section 4; RFC 4422, section 3.5",
    on=On.SASL,
    raises=r"""
        C: AUTH GSSAPI
        S: +\x20
        C: *
        S: -ERR
    """,
    silent="""
        -- login
        C: *ENV 1
        S: +OK / a / .
    """,
)
def sasl_cancelled(seen: Observed, event: Heard) -> Claims:
    """The client broke off the login after the server's challenge.

    Either its user did not go on, or the client could not read the challenge.

    To do: if nobody broke it off on purpose, look in the client's log, or choose another mechanism.
    """
    if event.frame.facts.get("sasl_word") == "*" and seen.sasl is not None:
        name = seen.sasl.mechanism
        yield Claim(f"The client broke off its login by {name} after the server's challenge.")


@rule(
    "sasl-ok-as-challenge",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 5034, section 4",
    on=On.SASL,
    beats=("login-failed", "wrong-state-accepted", "command-wrong-state", "auth-after-auth"),
    raises=(
        """
        C: AUTH NTLM
        S: +OK
        C: TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAFASgKAAAADw==
        S: + TlRMTVNTUAACAAAA
        C: TlRMTVNTUAADAAAA
        S: +OK
        """,
        """
        C: AUTH NTLM
        S: +OK
        C: STAT
        S: -ERR
        """,
    ),
    silent=r"""
        C: AUTH NTLM
        S: +\x20
        C: TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAFASgKAAAADw==
        S: + TlRMTVNTUAACAAAA
        C: TlRMTVNTUAADAAAA
        S: +OK
    """,
)
def sasl_ok_as_challenge(seen: Observed, event: Heard) -> Claims:
    """The server says +OK where it means "go on", so that clients believe to be logged in.

    NTLM needs two messages of the client, so a +OK before the first cannot be a success.  Exchange
    2003 is known to do so.

    To do: choose another mechanism than NTLM in the client, or update the server.
    """
    sasl = seen.sasl
    if sasl is None or not sasl.ok_asks or sasl.lines != 1 or event.frame.side is not Side.CLIENT:
        return
    word = event.frame.facts.get("sasl_word")
    text = "The server says +OK in place of a challenge"
    if word in COMMANDS:
        yield Claim(f"{text}, and the client takes it for a login: it goes on with {word}.")
    elif event.frame.facts.get("ntlm_type") == "1":
        yield Claim(f"{text}; this client knows that.")
    else:
        yield Claim(f"{text}.")
