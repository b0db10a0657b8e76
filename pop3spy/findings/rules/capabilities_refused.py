"""What a server lists and refuses, and what clients use although it is not listed."""

import re
from typing import Final

from pop3spy.findings.logins import lists_mechanisms
from pop3spy.findings.observed import Observed, is_there, message_of
from pop3spy.findings.refusals import UNSUPPORTED, has_one_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import quoted
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_MECHANISM: Final = re.compile(rb"[A-Za-z0-9_-]{1,20}")
_TAGS: Final = {"TOP": "TOP", "UIDL": "UIDL", "STLS": "STLS", "LANG": "LANG", "UTF8": "UTF8"}
"""Commands by the capability that announces them; AUTH has mechanisms besides."""


def _is_listed(seen: Observed, exchange: Exchange) -> bool | None:
    """Return whether the server listed this command where it was used; None if nobody asked."""
    here = seen.session.capabilities.get(exchange.state_before.phase)
    if here is None:
        return None
    command = exchange.command
    if command.verb != "AUTH":
        return any(cap.tag == _TAGS[command.verb] for cap in here)
    offered = {name.upper() for cap in here if cap.tag == "SASL" for name in cap.params}
    mechanism = _mechanism(exchange)
    return None if mechanism is None else mechanism in offered


def _mechanism(exchange: Exchange) -> str | None:
    """Return the mechanism that AUTH named, in upper case; None if it named none, or it is hidden.

    Its form is that of RFC 4422, section 3.1.
    """
    args = exchange.command.args
    found = _MECHANISM.fullmatch(args[0]) if args else None
    return found[0].decode("ascii").upper() if found else None


def could_do(seen: Observed, exchange: Exchange) -> bool:
    """Return whether nothing is wrong with the command itself: state, arguments, message."""
    command = exchange.command
    if exchange.misplaced or exchange.line.truncated:
        return False
    if command.verb in ("TOP", "UIDL") and not (command.verb == "UIDL" and command.bare):
        number = message_of(exchange)
        whole = len(command.args) == (2 if command.verb == "TOP" else 1)
        return whole and number is not None and is_there(seen, number)
    return command.verb != "STLS" or not seen.session.legs


@rule(
    "capability-refused",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 2449, sections 5 and 6",
    on=On.REFUSED,
    verbs=("TOP", "UIDL", "STLS", "LANG", "AUTH"),
    beats=(
        *("uidl-unavailable", "top-unavailable", "login-failed", "auth-code-missing"),
        "retr-refused",
    ),
    raises=(
        """
        -- login
        C: CAPA
        S: +OK / TOP / UIDL / .
        C: UIDL
        S: -ERR unknown command
        """,
        """
        C: CAPA
        S: +OK / SASL PLAIN CRAM-MD5 / .
        C: AUTH CRAM-MD5
        S: -ERR unsupported mechanism
        """,
    ),
    silent=(
        """
        -- also message-number-bad
        -- login
        C: CAPA
        S: +OK / TOP / UIDL / .
        C: LIST
        S: +OK / 1 11 / .
        C: TOP 9 0
        S: -ERR no such message
        """,
        """
        -- login
        C: CAPA
        S: +OK / TOP / UIDL / RESP-CODES / .
        C: UIDL
        S: -ERR [SYS/TEMP] not supported now
        -- also server-temporary
        """,
    ),
)
def capability_refused(seen: Observed, event: Answered) -> Claims:
    """The server lists a capability and refuses the command that belongs to it.

    A proxy in front may pass on the list of another server than it talks to.  Clients trust the
    list and stop at the refusal.

    To do: let the operator correct the list, or the proxy that answers CAPA.
    """
    exchange, status = event.exchange, event.exchange.status
    if status is None or status.code is not None or not has_one_of(status, UNSUPPORTED):
        return
    if lists_mechanisms(exchange):
        return
    if _is_listed(seen, exchange) and could_do(seen, exchange):
        yield Claim(
            f"The server lists {_name(exchange)} but refuses it: {quoted(status)};"
            " its operator must correct the list, or the proxy before it.",
        )


def _name(exchange: Exchange) -> str:
    mechanism = _mechanism(exchange) if exchange.command.verb == "AUTH" else None
    return f"{exchange.command.verb} {mechanism}" if mechanism else exchange.command.verb


@rule(
    "capability-unadvertised-used",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 2449, section 5; RFC 5034, section 3",
    on=On.ANSWERED,
    verbs=("TOP", "UIDL", "UTF8", "LANG", "AUTH"),
    raises=(
        """
        -- login
        C: CAPA
        S: +OK / USER / TOP / .
        C: UIDL
        S: +OK / 1 a / .
        """,
        """
        C: CAPA
        S: +OK / USER / .
        C: LANG
        S: +OK / en English / .
        """,
    ),
    silent=(
        """
        -- also uidl-unavailable
        -- login
        C: CAPA
        S: -ERR no
        C: UIDL
        S: -ERR no
        """,
        """
        C: CAPA
        S: +OK / USER / .
        -- login
        C: UIDL
        S: +OK / 1 a / .
        """,
    ),
)
def capability_unadvertised_used(seen: Observed, event: Answered) -> Claims:
    """The client uses a command that the server does not list.

    It may work all the same, and then nothing is wrong.  If it does not, the client should have
    known.

    To do: nothing if it works; else let the client heed the reply to CAPA.
    """
    exchange = event.exchange
    if lists_mechanisms(exchange):
        return
    if not exchange.misplaced and _is_listed(seen, exchange) is False:
        yield Claim(f"The client uses {_name(exchange)} although the server does not list it.")
