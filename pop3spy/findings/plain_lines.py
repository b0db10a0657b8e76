"""Lines as they ought to be: what is plain needs no rule about single lines."""

import re
from typing import Final

_COMMAND: Final = re.compile(
    rb"(?:AUTH|CAPA|LAST|LIST|NOOP|QUIT|RSET|STAT|STLS|UIDL|UTF8)\r\n"
    rb"|(?:DELE|LIST|RETR|UIDL) [1-9][0-9]{0,9}\r\n"
    rb"|TOP [1-9][0-9]{0,9} [0-9]{1,10}\r\n"
    rb"|(?:USER|PASS) +[\x21-\x7e][\x20-\x7e]*\r\n"
    rb"|APOP(?: [\x21-\x7e]+){2}\r\n"
    rb"|AUTH(?: [\x21-\x7e]+){1,2}\r\n",
    re.IGNORECASE,
)
"""A verb with the arguments that it takes; of others everybody is asked."""
_STATUS: Final = re.compile(rb"(?:\+OK|-ERR)(?: [\x20-\x7e]*)?\r\n")
_LONGEST_ARGUMENT: Final = 40
_LONGEST_STATUS: Final = 512


_USUAL: Final = frozenset({b"NOOP\r\n", b"STAT\r\n", b"QUIT\r\n", b"+OK\r\n"})
"""Lines that need no look: peers say few others as often."""


def is_plain_command(raw: bytes) -> bool:
    """Return whether a rule about a single line of the client has nothing to say of *raw*."""
    if raw in _USUAL:
        return True
    if len(raw) > _LONGEST_ARGUMENT + 6:
        return False
    return _COMMAND.fullmatch(raw) is not None


def is_plain_status(raw: bytes) -> bool:
    """Return whether a rule about a single status line has nothing to say of *raw*."""
    return raw in _USUAL or (len(raw) <= _LONGEST_STATUS and _STATUS.fullmatch(raw) is not None)
