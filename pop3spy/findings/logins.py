"""What rules about logins have in common: which commands log in, and how they were refused."""

from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.sasl_seen import SaslSeen
from pop3spy.protocol.frames import CommandLine, Frame, StatusLine
from pop3spy.session.model import Exchange

LOGINS: Final = ("PASS", "APOP", "RPOP", "AUTH")
"""Verbs that give credentials."""
OWN_CODES: Final = ("IN-USE", "LOGIN-DELAY", "SYS/TEMP", "SYS/PERM", "SYS")
"""Response codes that say it was neither name nor password."""


def refusal(exchange: Exchange) -> StatusLine | None:
    """Return the ``-ERR`` that *exchange* got; a bare AUTH, which asks for a list, is no login."""
    status = exchange.status
    if status is None or status.ok or (exchange.command.verb == "AUTH" and exchange.command.bare):
        return None
    return status


def mechanism_of(exchange: Exchange) -> str:
    """Return the mechanism that AUTH names, in upper case, and nothing of another command."""
    command = exchange.command
    if command.verb != "AUTH" or not command.args:
        return ""
    return command.args[0].decode("latin-1").upper()


def auth_of(seen: Observed, exchange: Exchange) -> SaslSeen | None:
    """Return what was said in the AUTH that *exchange* is; None if it is none, or is long ago."""
    sasl = seen.sasl
    return sasl if sasl is not None and sasl.number == exchange.number else None


def is_cancelled(seen: Observed, exchange: Exchange) -> bool:
    """Return whether the client itself broke off the AUTH that *exchange* is."""
    sasl = auth_of(seen, exchange)
    return sasl is not None and sasl.cancelled


def is_refused_unheard(exchange: Exchange) -> bool:
    """Return whether AUTH was refused before it was given any credentials."""
    command = exchange.command
    return command.verb == "AUTH" and not exchange.steps and len(command.args) == 1


def gives_secret(frame: Frame) -> bool:
    """Return whether the client gave a password, a proof or a token in *frame*, for certain."""
    if isinstance(frame, CommandLine):
        command = frame.command
        if command.verb in ("PASS", "RPOP") or (command.verb == "APOP" and len(command.args) > 1):
            return bool(command.args)
    facts = frame.facts
    return facts.get("carries_secret") is True or facts.get("bearer_token") is True
