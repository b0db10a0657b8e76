"""How much of a recording may be kept in memory, to be played."""

from pop3spy.errors import CaptureError


class TooLargeError(CaptureError):
    """What is to be played is more than is kept in memory."""


class Allowance:
    """How many octets may still be kept of all sessions that share it."""

    def __init__(self, octets: int) -> None:
        self._left = octets

    def take(self, octets: int) -> bool:
        """Take some, negative ones back; return whether there were as many."""
        self._left -= octets
        return self._left >= 0
