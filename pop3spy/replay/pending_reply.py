"""A command that was said and is not answered yet, as far as the reply to it was read."""

from dataclasses import dataclass

from pop3spy.protocol.frames import BodyEnd, BodyPart, Frame, StatusLine
from pop3spy.replay.outcome import NOTHING_HEARD, ExchangeReader, Outcome
from pop3spy.replay.script import Step
from pop3spy.session.model import Exchange


@dataclass(slots=True)
class PendingReply:
    """Without a *step* the command is the player's own; *asked* counts challenges.

    There is no *reply* to read until the command has been sent; it has *begun* with its status.
    """

    step: Step | None
    reply: ExchangeReader | None = None
    asked: int = 0
    begun: bool = False

    @property
    def exchange(self) -> Exchange | None:
        """The exchange of the live session that it is."""
        return self.reply.exchange if self.reply else None

    def add(self, frame: Frame) -> bool:
        """Take in the next frame of the server; return whether it is part of the reply.

        What still comes of the body of an earlier reply is none of it.
        """
        if self.reply is None:
            return False
        if isinstance(frame, StatusLine):
            self.begun = self.reply.exchange.status is not None
        if isinstance(frame, StatusLine | BodyPart | BodyEnd) and not self.begun:
            return False
        self.reply.add(frame)
        return True

    @property
    def outcome(self) -> Outcome:
        """What became of it, as far as that was read."""
        return self.reply.outcome() if self.reply else NOTHING_HEARD

    @property
    def odd_again(self) -> bool:
        """Whether only lines without a status came, of which one was the reply when recorded."""
        exchange = self.exchange
        if exchange is None or self.step is None or not self.step.outcome.odd:
            return False
        return exchange.odd is not None and exchange.status is None
