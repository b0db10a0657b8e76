"""What can go wrong outside the wire; each error is one line for a person.

Bad bytes from a peer are never an exception: they are frames.
"""

import os
from enum import Enum


class Pop3SpyError(Exception):
    """Something that stops the program, told in one line: what, where, what to do.

    ``pointer`` is the lines below it that point at a place in what was typed, if any do.
    """

    exit_status = 3
    pointer = ""


class ConfigError(Pop3SpyError):
    """An option, a URL or a configuration file says something that cannot be done."""

    exit_status = 2


class ListenError(Pop3SpyError):
    """An address cannot be listened on."""


class Unreached(Enum):
    """Why there is no connection, where that is known for certain."""

    REFUSED = "refused"  # the host is there, and nothing listens at the port
    UNANSWERED = "unanswered"  # nothing came back, or that the way leads nowhere
    UNDECIDED = "undecided"  # the client left before that was known


class ConnectError(Pop3SpyError):
    """The upstream server cannot be reached; *unreached* is why, if the system said that."""

    def __init__(self, message: str, unreached: Unreached | None = None) -> None:
        super().__init__(message)
        self.unreached = unreached


class TlsError(ConnectError):
    """TLS with a peer did not come about, or broke; ``line`` is what the other peer may be told."""

    def __init__(self, message: str, line: bytes = b"") -> None:
        super().__init__(message)
        self.line = line


class MaildropError(Pop3SpyError):
    """A mailbox cannot be opened or read."""


class CaptureError(Pop3SpyError):
    """A capture cannot be read or written; the message has the file and the line or offset."""


def said_by_system(error: OSError) -> str:
    """Return what the system said, without numbers and paths: ``no space left on device``."""
    text = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return text[:1].lower() + text[1:]
