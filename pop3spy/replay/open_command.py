"""A command to which a stand-in has not replied yet, because the client has more to say."""

from dataclasses import dataclass, field

from pop3spy.protocol.commands import Command
from pop3spy.replay.scram_server import ScramServer
from pop3spy.replay.script import RecordedReply, Step


@dataclass(slots=True)
class OpenCommand:
    """AUTH, or a command behind which a message comes.

    *asks* are the challenges that are still to come, *asked* those that were said, and *said* is
    what the client has answered.
    """

    command: Command
    step: Step | None
    asks: list[RecordedReply]
    scram: ScramServer | None = None
    asked: list[bytes] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)
