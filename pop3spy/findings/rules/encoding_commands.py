"""Commands that are not ASCII."""

import re
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.protocol.frames import CommandLine
from pop3spy.session.events import Heard
from pop3spy.session.finding import AtFault, Severity

_HIGH: Final = re.compile(rb"[\x80-\xff]")
_LOGINS: Final = {"USER": "user name", "PASS": "password", "APOP": "user name"}


@rule(
    "eight-bit-command",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.LINE,
    rank=3,
    basis="RFC 1939, section 3",
    on=On.ODD_COMMAND,
    raises=(
        """
        -- login
        C: RETR\\xc2\\xa01
        S: -ERR
        """,
    ),
    silent=(
        """
        C: CAPA
        S: +OK / USER / UTF8 USER / .
        C: USER b\\xc3\\xb6b
        S: +OK
        C: PASS tanst\\xc3\\xa4\\xc3\\xa4f
        S: +OK
        """,
    ),
)
def eight_bit_command(_: Observed, event: Heard) -> Claims:
    """The client sends a command that is not ASCII.

    Commands and their arguments are ASCII.  Mostly somebody pasted a blank or digits from a text
    that look like those and are others.

    To do: type the command by hand, or correct what makes it.
    """
    frame = event.frame
    if isinstance(frame, CommandLine) and _is_eight_bit(frame):
        verb = frame.command.verb
        if verb not in _LOGINS and verb != "AUTH":
            yield Claim(
                "The client sent octets beyond ASCII in a command: a blank or a digit that was"
                " pasted may be another than it looks."
            )


@rule(
    "utf8-login-unadvertised",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 6856, section 2.2",
    on=On.COMMAND,
    verbs=("USER", "PASS", "APOP"),
    raises=(
        """
        C: CAPA
        S: +OK / USER / .
        C: USER bob
        S: +OK
        C: PASS tanst\\xc3\\xa4\\xc3\\xa4f
        S: -ERR
        -- also login-failed
        """,
        """
        C: CAPA
        S: +OK / USER / UTF8 USER / .
        C: USER b\\xf6b
        S: +OK
        """,
        """
        C: USER b\\xc3\\xb6b
        S: +OK
        """,
    ),
    silent=(
        """
        C: CAPA
        S: +OK / USER / UTF8 USER / .
        C: USER b\\xc3\\xb6b
        S: +OK
        C: PASS tanst\\xc3\\xa4\\xc3\\xa4f
        S: +OK
        """,
        """
        C: CAPA
        S: +OK / USER / .
        -- login
        """,
    ),
)
def utf8_login_unadvertised(seen: Observed, event: Heard) -> Claims:
    """A user name or a password has letters beyond ASCII, and the server did not agree to that.

    A server that takes them lists ``UTF8 USER`` in its CAPA reply, and they have to be UTF-8.  Any
    other server may compare them in another charset, so the right password is refused.

    To do: choose an ASCII password, or let the client use AUTH PLAIN, which is UTF-8 always.
    """
    frame = event.frame
    if not isinstance(frame, CommandLine) or not _is_eight_bit(frame):
        return
    what = f"The {_LOGINS[frame.command.verb]} has letters beyond ASCII"
    cure = "use an ASCII password, or AUTH PLAIN"
    if frame.facts.get("valid_utf8") is False:
        yield Claim(f"{what} that are not UTF-8, so servers cannot know them: {cure}.")
        return
    listed = seen.capability("UTF8")
    if seen.capabilities is None:
        yield Claim(
            f"{what}, and the client did not ask whether the server takes them: {cure}.",
            severity=Severity.INFO,
        )
    elif listed is None or "USER" not in (word.upper() for word in listed.params):
        yield Claim(f"{what}, and the server does not list UTF8 USER: {cure}.")


def _is_eight_bit(frame: CommandLine) -> bool:
    """Return whether a line has octets beyond ASCII, shown or hidden."""
    return frame.facts.get("eight_bit") is True or _HIGH.search(frame.raw) is not None
