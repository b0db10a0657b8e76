"""Whether a secret that is about to be said would be there for all to see."""

import ipaddress
from typing import Final

from pop3spy.net.connection import Connection
from pop3spy.protocol.commands import parse_command
from pop3spy.session.model import Session

TOKENS: Final = frozenset({"XOAUTH2", "OAUTHBEARER"})
CLEAR: Final = frozenset({"PLAIN", "LOGIN", "USER", *TOKENS})
"""Ways to log in that show the secret itself to whoever listens."""


def in_clear(session: Session | None, connection: Connection | None) -> bool:
    """Return whether what is said goes to another machine, and not in TLS."""
    if session is None or connection is None or session.tls:
        return False
    return not is_loopback(connection.address)


def shows_secret(line: bytes) -> bool:
    """Return whether a command holds a secret as it is, or asks for one."""
    command = parse_command(line)
    if command.verb == "AUTH" and command.args:
        return command.args[0].decode("latin-1").upper() in CLEAR
    return command.verb in ("PASS", "RPOP")


def is_loopback(address: str) -> bool:
    """Return whether an IP address is this machine's own."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
