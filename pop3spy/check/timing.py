"""How long the server is waited for."""

from dataclasses import dataclass


@dataclass(slots=True)
class Timing:
    """Seconds, each *patience* times as many.

    A reply to a command has 25 seconds, one to a login or the first octet of a message 60.
    ``silence`` is what stands for one second in which nothing comes, ``pause`` lies between two
    connections, and ``connect`` is how long one, or a handshake, may take.  ``round_trip`` is the
    shortest time that connecting took, and silences grow by it.  ``long_second`` stands for one
    second of those for which we try a server's patience, which ours does not change.
    """

    patience: float = 1.0
    silence: float = 1.0
    pause: float = 0.2
    connect: float = 10.0
    round_trip: float = 0.0
    long_second: float = 1.0

    @property
    def reply(self) -> float:
        """For an answer to a command."""
        return 25.0 * self.patience

    @property
    def login(self) -> float:
        """For an answer to a login, a greeting, and the first octet of a message."""
        return 60.0 * self.patience

    def of(self, seconds: float) -> float:
        """Return *seconds* of waiting for something that may come."""
        return seconds * self.patience

    def trying(self, seconds: float) -> float:
        """Return *seconds* in which nothing is said, to see whether the server bears that."""
        return seconds * self.long_second

    def quiet(self, seconds: float = 1.0) -> float:
        """Return for how long nothing must come to call that *seconds* of silence."""
        return seconds * self.patience * self.silence + 4 * self.round_trip
