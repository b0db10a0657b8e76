"""What rules about logins have in common: which commands log in, and how they were refused."""

from typing import Final

from pop3spy.protocol.frames import StatusLine
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
