"""Whether a connection that nobody named is a POP3 session.

Where the beginning was captured, the server must greet as RFC 1939, section 4 has it; before that
a client may only have sent a PROXY header, or have spoken ahead, and then as no other protocol's
client does.  Where it was not, a known command must go one way and a status indicator the other.
"""

from typing import Final

from pop3spy.protocol.commands import COMMANDS, parse_command
from pop3spy.protocol.foreign import proxy_header
from pop3spy.protocol.replies import status_of

_STATUSES: Final = (b"+OK", b"-ERR", b"+ OK", b"- ERR")
_AHEAD: Final = frozenset(("APOP", "CAPA", "STLS", "USER"))
"""What a client may say before the greeting: Redis, say, answers ``AUTH`` with ``+OK`` too."""
_LOOKS: Final = 16
"""How many segments are looked at where the beginning was not captured."""
_LONGEST: Final = 1024
"""Octets that may come before the greeting."""


class StartRecogniser:
    """Judges a connection from its first octet on; side 0 is the client."""

    client = 0

    def __init__(self) -> None:
        self._client = b""
        self._server = b""

    def is_pop3(self, side: int, data: bytes) -> bool | None:
        """Return whether this is POP3, or None if more must be heard to know."""
        if side == 0:
            self._client += data[:_LONGEST]
            size = proxy_header(self._client)
            long = len(self._client) >= _LONGEST
            ahead = size == 0 and _verb(self._client) not in _AHEAD
            return False if ahead or long else None
        self._server += data[:_LONGEST]
        if status_of(self._server) is not None:
            return True
        start = self._server.upper()
        return None if any(status.startswith(start) for status in _STATUSES) else False


class MidstreamRecogniser:
    """Judges a connection whose beginning is not known, and finds out who is the client."""

    def __init__(self) -> None:
        self.client = 0
        self._asked: int | None = None
        self._answered: int | None = None
        self._looks = 0

    def is_pop3(self, side: int, data: bytes) -> bool | None:
        """Return whether this is POP3, or None if more must be heard to know."""
        if status_of(data) is not None:
            self._answered = side
        elif _verb(data) in COMMANDS:
            self._asked = self.client = side
        if self._asked is not None and self._answered == 1 - self._asked:
            return True
        self._looks += 1
        return None if self._looks < _LOOKS else False


def _verb(data: bytes) -> str:
    """Return the verb of the line that *data* begins with."""
    return parse_command(data[:100].partition(b"\n")[0].rstrip(b"\r")).verb
