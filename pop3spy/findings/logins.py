"""What rules about logins have in common: which commands log in, and how they were refused."""

from typing import Final

from pop3spy.findings.history import KnownAccount
from pop3spy.findings.observed import Observed
from pop3spy.findings.sasl_seen import SaslSeen, shown_mechanism
from pop3spy.protocol.frames import CommandLine, Frame, StatusLine
from pop3spy.protocol.replies import timestamp_of
from pop3spy.session.model import Exchange

LOGINS: Final = ("PASS", "APOP", "RPOP", "AUTH")
"""Verbs that give credentials."""
BY_PASSWORD: Final = ("PASS", "AUTH PLAIN", "AUTH LOGIN")
"""Ways to log in by the password itself."""
OWN_CODES: Final = ("IN-USE", "LOGIN-DELAY", "SYS/TEMP", "SYS/PERM", "SYS")
"""Response codes that say it was neither name nor password."""


def lists_mechanisms(exchange: Exchange) -> bool:
    """Return whether *exchange* is AUTH alone, which asks for a list and logs nobody in."""
    return exchange.command.verb == "AUTH" and exchange.command.bare


def refusal(exchange: Exchange) -> StatusLine | None:
    """Return the ``-ERR`` that *exchange* got; AUTH alone is no login."""
    status = exchange.status
    if status is None or status.ok or lists_mechanisms(exchange):
        return None
    return status


def mechanism_of(exchange: Exchange) -> str:
    """Return the mechanism that AUTH names, as people may see it; nothing of another command."""
    command = exchange.command
    if command.verb != "AUTH" or not command.args:
        return ""
    return shown_mechanism(command.args[0])


def way_of(exchange: Exchange) -> str:
    """Return by what *exchange* logs in: ``PASS``, ``APOP``, ``AUTH PLAIN``."""
    mechanism = mechanism_of(exchange)
    return f"AUTH {mechanism}" if mechanism else exchange.command.verb


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


def secret_of(seen: Observed, exchange: Exchange) -> str | None:
    """Return where the secret that *exchange* gave was seen before, as the fact about it says."""
    sasl = auth_of(seen, exchange)
    facts = exchange.said.facts if sasl is None else sasl.said
    told = facts.get("same_secret")
    return told if isinstance(told, str) else None


def is_refused_for_what_was_sent(seen: Observed, exchange: Exchange) -> bool:
    """Return whether a login was refused because of its credentials, as far as anybody can tell.

    A code that says otherwise speaks against it, and so does a login that was broken off, or an
    APOP that could not be right: without a timestamp, or with a digest of the wrong form.
    """
    status = refusal(exchange)
    if status is None or status.code not in (None, "AUTH") or is_cancelled(seen, exchange):
        return False
    if exchange.command.verb == "APOP":
        greeting = seen.session.greeting
        well_formed = exchange.said.facts.get("apop_digest", "ok") == "ok"
        return well_formed and greeting is not None and timestamp_of(greeting.raw) is not None
    return not is_refused_unheard(exchange)


def account_of(seen: Observed, exchange: Exchange) -> KnownAccount | None:
    """Return what is known of the account that *exchange* is to open."""
    return None if exchange.user is None else seen.account_of(exchange.user)
