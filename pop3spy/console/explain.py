"""One line on a reply that not everybody knows: what it means, and what to do next."""

from typing import Final

from pop3spy.console.oauth_error import explain_oauth_error
from pop3spy.findings.refusals import known_refusal
from pop3spy.protocol.capabilities import Capability
from pop3spy.protocol.commands import CommandSpec, Turn
from pop3spy.protocol.frames import Junk
from pop3spy.protocol.replies import number_of
from pop3spy.protocol.sasl import MECHANISMS
from pop3spy.protocol.states import Effect, State
from pop3spy.protocol.text import count, escape
from pop3spy.protocol.why import Why
from pop3spy.session.model import Exchange, Session

CODES: Final = {
    "IN-USE": "the password was right, but another session has the maildrop open; try again when"
    " that has ended (RFC 2449, section 8.1.2)",
    "LOGIN-DELAY": "the last login was too short a time ago; wait, CAPA may tell how long"
    " (RFC 2449, section 8.1.1)",
    "SYS/TEMP": "something in the server is out of order for now; try again later, it is not your"
    " fault (RFC 3206, section 4)",
    "SYS/PERM": "something in the server is out of order until somebody repairs it; tell who runs"
    " it (RFC 3206, section 4)",
    "AUTH": "the name, the password or the account is the problem, not the server (RFC 3206,"
    " section 5)",
    "UTF8": "this message can be had in UTF-8 mode only; say UTF8 before login (RFC 6856,"
    " section 5)",
}
"""What the response codes of the standards mean, and what to do."""

PARENTS: Final = {"SYS": "SYS/TEMP"}
"""What stands for a code that says more than is known."""


def explain(exchange: Exchange, session: Session) -> str | None:
    """Return the line for a reply that has ended, None for one that needs none."""
    if exchange.ok is None:
        return None
    if exchange.ok:
        return _explain_success(exchange, session)
    code = exchange.status.code if exchange.status else None
    if (why := _unoffered_mechanism(exchange, session)) and code in (None, "AUTH"):
        return why
    if code is not None:
        known = CODES.get(code) or CODES.get(PARENTS.get(code.split("/")[0], ""))
        return known or "a response code that no standard has; only who runs the server knows it"
    spec = exchange.command.spec
    if exchange.command.turn is Turn.SASL and (error := _oauth_error(exchange)):
        return error
    if spec is None:
        return "no such command here, or none that pop3spy knows; :help lists those of POP3"
    return (
        _misplaced(exchange, spec)
        or _incomplete(exchange, spec)
        or _message(exchange, session)
        or _login(exchange, spec, session)
        or _unoffered(spec, session)
    )


def _explain_success(exchange: Exchange, session: Session) -> str | None:
    command = exchange.command
    if exchange.body and not exchange.body.complete:
        return "the reply broke off: its end, a lone dot, never came"
    if command.spec is None:
        return "a command that pop3spy does not know; its reply is shown as it came"
    if exchange.misplaced:
        return f"taken, though the standard has no {command.verb} in {exchange.state_before.value}"
    if command.effect is Effect.QUIT and exchange.state_before is State.TRANSACTION:
        gone = session.totals.deleted
        return f"{count(gone, 'marked message')} removed now" if gone else None
    return None


def _misplaced(exchange: Exchange, spec: CommandSpec) -> str | None:
    if not exchange.misplaced:
        return None
    before = exchange.state_before
    if spec.states == {State.USER_GIVEN}:
        return f"{spec.name} comes right behind a USER that was taken ({spec.reference})"
    if before is State.USER_GIVEN and State.AUTHORIZATION in spec.states:
        return f"{spec.name} cannot come between USER and PASS ({spec.reference})"
    where = " and ".join(sorted({state.phase.value for state in spec.states}))
    if before.phase is State.AUTHORIZATION:
        return f"{spec.name} belongs in {where}: log in first, :login does it ({spec.reference})"
    return f"{spec.name} belongs in {where}, and this is {before.value} ({spec.reference})"


def _incomplete(exchange: Exchange, spec: CommandSpec) -> str | None:
    if len(exchange.command.args) < spec.required:
        return f"something is missing: {spec.usage} ({spec.reference})"
    return None


def _message(exchange: Exchange, session: Session) -> str | None:
    command = exchange.command
    if not (command.args and command.spec and "message" in command.spec.syntax):
        return None
    number = number_of(command.args[0])
    if number is None:
        return "a message number is digits, from 1 up (RFC 1939, section 4)"
    if number in session.maildrop.deleted:
        return f"message {number} is marked as deleted; RSET takes all marks back"
    highest = session.maildrop.highest
    if highest is not None and not 1 <= number <= highest:
        return f"there is no message {number}; LIST tells the numbers"
    return None


def _oauth_error(exchange: Exchange) -> str | None:
    """Return the line for an error that stands in a refusal itself, in base64."""
    status = exchange.status
    if status is None or status.masks:
        return None
    found = (explain_oauth_error(word) for word in status.text.split())
    return next((error for error in found if error), None)


def _login(exchange: Exchange, spec: CommandSpec, session: Session) -> str | None:
    if spec.effect not in (Effect.LOGIN, Effect.NAME):
        return None
    if exchange.status and (known := known_refusal(exchange.status)):
        return f"{known.means} (known of {known.who})"
    why = "name or password are wrong"
    if spec.turn is not None:
        told = exchange.steps or len(exchange.command.args) > 1
        why = (
            f"it may have no such mechanism, or {why}"
            if told
            else "it may have no such mechanism here"
        )
    elif not session.tls:
        why = f"it may not allow this kind of login, or {why}"
    tls = "; perhaps it wants TLS first, :stls" if _offers(session, "STLS") else ""
    return f"the server does not say why: {why}{tls}"


def _unoffered_mechanism(exchange: Exchange, session: Session) -> str | None:
    """Return the line for an AUTH whose mechanism the server never said that it has."""
    command = exchange.command
    if command.turn is not Turn.SASL or exchange.state_before.phase is not State.AUTHORIZATION:
        return None
    name = command.args[0].decode("latin-1").upper()
    if name not in MECHANISMS:  # who knows what it is
        return None
    capabilities = session.capabilities.get(State.AUTHORIZATION)
    if capabilities is None:
        return None
    offered = [word.upper() for each in capabilities if each.tag == "SASL" for word in each.params]
    if name in offered:
        return None
    has = f"only {', '.join(map(escape, offered))}" if offered else "no SASL at all"
    return f"{name} was never offered: CAPA has {has} (RFC 5034, section 3)"


def _unoffered(spec: CommandSpec, session: Session) -> str | None:
    if session.capabilities and spec.turn is not None and not _offers(session, spec.name):
        return f"CAPA does not offer {spec.name} here ({spec.reference})"
    return None


def _offers(session: Session, tag: str) -> bool:
    offered: tuple[Capability, ...] = session.capabilities.get(session.state.phase, ())
    return any(capability.tag == tag for capability in offered)


def explain_junk(frame: Junk) -> str:
    """Return the line for something that answers no command."""
    match frame.why:
        case Why.BANNER:
            return (
                "a line before the greeting; a server should begin with +OK (RFC 1939, section 4)"
            )
        case Why.NO_STATUS:
            return (
                "no reply yet: one begins with +OK or -ERR (RFC 1939, section 3) and may still come"
            )
    return "a line that answers no command; servers say this before they hang up"
