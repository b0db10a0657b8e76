"""Whether a secret that is about to be said would be there for all to see."""

from pop3spy.net.connection import Connection
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.url import is_loopback
from pop3spy.replay.login_methods import CLEAR
from pop3spy.session.model import Session


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
