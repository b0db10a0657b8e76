"""What has been shown of a session so far; it goes when the session does."""

from dataclasses import dataclass, field

from pop3spy.logs.listing import Listing
from pop3spy.logs.stretches import Stretches
from pop3spy.protocol.commands import Shape


@dataclass(slots=True)
class ShownCommand:
    """A command whose reply has not ended; ``at`` is when the client's last line came."""

    text: str
    at: float
    shape: Shape
    pipelined: bool
    listing: Listing = field(default_factory=Listing)


@dataclass(slots=True)
class ShownSession:
    """One session: commands by their numbers, stretches, commands in a row without a reply.

    ``sent`` is the octets of the message that the client is sending.
    """

    asked: dict[int, ShownCommand] = field(default_factory=dict)
    stretches: Stretches = field(default_factory=Stretches)
    unanswered: int = 0
    sent: int = 0
