"""Commands that were sent before the reply to the one before had come."""

from typing import Final

from pop3spy.findings.logins import LOGINS, lists_mechanisms
from pop3spy.findings.observed import SERVER, Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import asked, count
from pop3spy.protocol.commands import COMMANDS, Turn
from pop3spy.protocol.frames import SaslLine
from pop3spy.session.events import Answered, Heard, Unanswered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_PIPELINING: Final = "PIPELINING"


def _before(seen: Observed, exchange: Exchange) -> Exchange | None:
    """Return the command before *exchange* if its reply had not ended."""
    latest_first = reversed(seen.session.outstanding.values())  # there may be thousands
    return next((one for one in latest_first if one.number < exchange.number), None)


@rule(
    "pipelined-unadvertised",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 2449, section 6.6",
    on=On.AHEAD,
    raises=(
        """
        -- login
        C: STAT / LIST
        S: +OK 0 0 / +OK / .
        """,
        """
        C: CAPA
        S: +OK / USER / .
        -- login
        C: STAT / LIST
        S: +OK 0 0 / +OK / .
        """,
        """
        C: CAPA
        S: +OK / PIPELINING / .
        -- login
        C: CAPA
        S: +OK / TOP / UIDL / .
        C: STAT / LIST
        S: +OK 0 0 / +OK / .
        """,
        """
        C: CAPA
        S: +OK / PIPELINING / .
        C: QUIT
        S: +OK
        -- client closes
        -- session 1 h later
        -- login
        C: STAT / LIST
        S: +OK 0 0 / +OK / .
        """,
    ),
    silent=(
        """
        -- login
        C: STAT
        S: +OK 0 0
        C: LIST
        S: +OK / .
        """,
        """
        -- login
        C: CAPA
        S: +OK / PIPELINING / UIDL / TOP / .
        C: STAT / LIST
        S: +OK 0 0 / +OK / .
        """,
        """
        -- login
        C: STAT / QUIT
        S: +OK 0 0 / +OK
        """,
        """
        -- also error-inside-body
        -- login
        C: RETR 1
        S: +OK / -ERR cannot read
        -- 12 s
        C: NOOP / STAT
        S: +OK / +OK 0 0
        """,
    ),
)
def pipelined_unadvertised(seen: Observed, event: Heard) -> Claims:
    """The client sends ahead although the server did not offer PIPELINING.

    A server that reads one command at a time may lose what is sent ahead, or answer it before its
    turn.

    To do: let the client wait for each reply, unless CAPA lists PIPELINING.
    """
    exchange, session = event.exchange, seen.session
    if exchange is None or seen.greeted_at is None or session.closings:
        return
    verb = exchange.command.verb
    if verb == "QUIT" or "QUIT" in seen.used or seen.offers(_PIPELINING):
        return
    before = _before(seen, exchange) or seen.last_answered
    if before is None or before.command.turn is Turn.SASL or before.odd is not None:
        return
    if before.command.spec is None:
        return  # an empty command, or another protocol
    if _ended_elsewhere(seen, event):
        return
    known = [cap.tag for caps in session.capabilities.values() for cap in caps]
    harmless = _PIPELINING in known or verb == "NOOP" or seen.server.pipelining_at is not None
    yield Claim(
        f"The client sent {asked(exchange)} before it had the reply to {asked(before)}, although"
        " the server did not offer PIPELINING: let it wait for each reply.",
        severity=Severity.INFO if harmless else None,
    )


def _ended_elsewhere(seen: Observed, event: Heard) -> bool:
    """Return whether the client may have seen the end of a body that has none."""
    first = next(iter(seen.session.outstanding.values()), None)  # no other reply has begun
    if first is None or first.body is None:
        return False
    if first.body.error_inside is not None:
        return True
    said = seen.last[SERVER]
    return said is not None and event.first - said >= seen.thresholds.stray


@rule(
    "pipelined-after-login",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 2449, section 6.6; RFC 1939, section 3",
    on=On.REFUSED,
    verbs=LOGINS,
    beats=("command-wrong-state",),
    raises="""
        -- also login-failed
        C: CAPA
        S: +OK / PIPELINING / UIDL / TOP / .
        C: USER bob
        S: +OK
        C: PASS tanstaaf / STAT
        S: -ERR no / -ERR not now
    """,
    silent=(
        """
        C: CAPA
        S: +OK / PIPELINING / UIDL / TOP / .
        C: USER bob
        S: +OK
        C: PASS tanstaaf / STAT
        S: +OK / +OK 0 0
        """,
        """
        -- also login-failed
        C: USER bob
        S: +OK
        C: PASS tanstaaf / QUIT
        S: -ERR no / +OK
        """,
    ),
)
def pipelined_after_login(seen: Observed, event: Answered) -> Claims:
    """The client sent commands before it knew whether the login worked, and they failed with it.

    Each of them is refused because nobody has logged in, and an error message may name the wrong
    cause.

    To do: let the client wait for the reply to its login.
    """
    login = event.exchange
    if lists_mechanisms(login):
        return
    ahead = [
        one
        for one in seen.session.outstanding.values()
        if one.number > login.number and one.command.verb != "QUIT"
    ]
    if ahead:
        yield Claim(
            f"{count(len(ahead), 'command')} behind {login.command.verb}, the first of them"
            f" {asked(ahead[0])}, had been sent before the login was refused, and failed with it:"
            " let the client wait for that reply.",
            covers=tuple(one.number for one in ahead),
            evidence={"commands": len(ahead)},
        )


@rule(
    "pipelined-password",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 2449, section 6.6; RFC 2595, section 2.3",
    on=On.AHEAD,
    verbs=("PASS",),
    about_clear=True,
    raises="""
        -- clear
        -- also cleartext-password
        -- also pipelined-unadvertised
        C: USER bob / PASS tanstaaf
        S: +OK / +OK
    """,
    silent="""
        -- also pipelined-unadvertised
        C: USER bob / PASS tanstaaf
        S: +OK / +OK
    """,
)
def pipelined_password(seen: Observed, event: Heard) -> Claims:
    """The password was sent before the server could refuse a login without TLS.

    A server that wants TLS says so in its reply to USER, and a client that waits for that keeps its
    password to itself.

    To do: let the client use TLS, and wait for the reply to USER.
    """
    exchange = event.exchange
    if exchange is None or not seen.clear or seen.secured_at is not None:
        return
    before = _before(seen, exchange)
    if before is not None and before.command.verb == "USER":
        yield Claim(
            "The password was sent before the server had answered USER, where it could have asked"
            " for TLS: use TLS, and wait for that reply.",
        )


@rule(
    "pipelined-after-auth",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 5034, section 4",
    on=(On.AHEAD, On.SASL),
    raises=(
        """
        C: AUTH CRAM-MD5 / STAT
        S: -ERR no such mechanism
        S: -ERR not now
        -- also login-failed
        """,
        """
        C: AUTH PLAIN / STAT
        S: +  / -ERR [AUTH] no
        -- also login-failed
        """,
        """
        C: CAPA
        S: +OK / SASL PLAIN / .
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg== / STAT
        S: +OK
        S: +OK 0 0
        """,
    ),
    silent="""
        C: CAPA
        S: +OK / SASL PLAIN / .
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg==
        S: +OK
        C: STAT
        S: +OK 0 0
    """,
)
def pipelined_after_auth(seen: Observed, event: Heard) -> Claims:
    """The client sent commands before its AUTH was answered.

    Until then the server takes each line for an answer to its challenge, so a command is lost and
    the login fails; what was meant as a command may be tried as a password.

    To do: let the client wait for the reply to AUTH.
    """
    exchange, login = event.exchange, seen.last_answered
    if isinstance(event.frame, SaslLine):
        word, asked_at = event.frame.facts.get("sasl_word"), seen.last[SERVER]
        if word in COMMANDS and asked_at is not None and event.first < asked_at:
            yield Claim(
                f"The client sent {word} before AUTH was answered, and the server took it for login"
                " data: let the client wait for the reply.",
            )
        return
    if exchange is None or login is None or login.command.turn is not Turn.SASL:
        return
    if login.number != exchange.number - 1 or login.ended_at is None:
        return
    if event.first >= login.ended_at:
        return
    at_once = len(login.command.args) > 1 and not login.steps
    yield Claim(
        f"The client sent {asked(exchange)} before AUTH was answered; a server takes that for login"
        " data: let the client wait for the reply.",
        severity=Severity.WARNING if at_once else None,
        covers=(login.number,),
    )


@rule(
    "pipelined-after-quit",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=3,
    basis="RFC 1939, section 6",
    on=On.UNANSWERED,
    beats=("reply-missing",),
    raises=(
        """
        -- login
        C: QUIT / NOOP
        S: +OK
        -- server closes
        """,
        """
        -- login
        C: QUIT
        S: +OK
        C: NOOP
        -- server closes
        """,
    ),
    silent="""
        -- login
        C: QUIT
        S: +OK
        -- server closes
    """,
)
def pipelined_after_quit(seen: Observed, event: Unanswered) -> Claims:
    """The client sent a command behind QUIT.

    The server closes behind its reply to QUIT, so nothing that stands behind it is answered.

    To do: let QUIT be the last command.
    """
    left = seen.last_answered
    if left is not None and left.command.verb == "QUIT" and left.number < event.exchange.number:
        yield Claim(f"The client sent {asked(event.exchange)} behind QUIT, where nobody answers.")
