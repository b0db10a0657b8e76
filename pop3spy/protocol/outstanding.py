"""The commands whose replies have not ended, and what both sides' readers must know of them."""

from collections import deque
from typing import Final

from pop3spy.protocol.commands import Command, Shape, command_of
from pop3spy.protocol.foreign import Foreign, recognise
from pop3spy.protocol.frames import Side
from pop3spy.protocol.pending_command import PendingCommand

UNANSWERED: Final = 4096
"""Commands without a reply beyond which nothing is paired any more."""

_GREETING = command_of("", (), None)


class Outstanding:
    """Pairs replies with ``commands``, the oldest of which is answered first.

    The greeting answers a command that nobody said, of number 0.
    """

    def __init__(self) -> None:
        self.commands = deque([PendingCommand(0, _GREETING, None)])
        self.gated: set[Side] = set()
        self.number = 0  # of the command that was asked last
        self.greeted = False
        self.opening = True  # no line of the client was read yet
        self.before_client = -1  # what had come of the server when the client first spoke
        self.unpaired = False  # for good: more was asked than is remembered
        self.speaks_ahead = False  # the client has done so before
        self.odd_at = 0  # what had come of the client when the last line without a status came
        self.in_a_row = 0  # lines that are no reply, since the client last asked
        self.loose: PendingCommand | None = None  # answered, but a body may still come
        self.in_loose_body = False
        self.layer = False  # a SASL security layer may begin
        self.behind_stls = 0  # client octets up to here came before STLS was granted

    @property
    def tls_may_begin(self) -> bool:
        """Whether TLS has a place here: at the beginning, or behind STLS."""
        return self.opening or self.behind_stls > 0

    @property
    def due(self) -> PendingCommand | None:
        """The command whose reply is due; None if the server has answered all that it heard."""
        return self.commands[0] if self.commands and not self.commands[0].held else None

    @property
    def all_held(self) -> bool:
        """Whether the server has heard none of what waits."""
        return all(asked.held for asked in self.commands)

    @property
    def alone(self) -> bool:
        """Whether the server has heard of nothing but the command whose reply is due."""
        return len(self.commands) == 1 or self.commands[1].held

    @property
    def may_be_answered(self) -> bool:
        """Whether there were as many lines without a status as there are commands that wait."""
        if not self.commands or not self.commands[0].odd or self.commands[0].body:
            return False  # or its status has come, and its body has not ended
        return sum(asked.odd for asked in self.commands) >= len(self.commands)

    def foreign(self, start: bytes) -> Foreign | int | None:
        """Return what *start* begins, the size of a Telnet command, or None for plain POP3."""
        return recognise(start, first=self.tls_may_begin, layer=self.layer)

    def ask(self, command: Command) -> int:
        """Add *command*, which the client said; return its number."""
        self.number += 1
        self.in_a_row = 0
        if self.loose and not self.in_loose_body and self.loose.command.shape is Shape.UNKNOWN:
            self.loose = None
        held = Side.CLIENT in self.gated
        self.commands.append(PendingCommand(self.number, command, command.turn, held=held))
        return self.number

    def inject(self, command: Command) -> int:
        """Add *command*, which the client did not say; return its number."""
        self.number += 1
        self.commands.append(PendingCommand(self.number, command, None))
        return self.number

    def settle(self, number: int, command: Command | None) -> PendingCommand | None:
        """Replace command *number*, if it is the newest, by what the server heard; return it."""
        if not self.commands or self.commands[-1].number != number:
            return None  # what the server said ended everything
        asked = self.commands.pop()
        if command is not None:
            self.commands.append(PendingCommand(number, command, command.turn))
        return asked

    def take_as_answered(self) -> None:
        """Wait for none of them: the client took lines without a status for the replies."""
        self.commands.clear()
        self.greeted = True

    def give_up(self) -> None:
        """Pair nothing any more: more waits than is remembered."""
        self.unpaired = True
        self.commands.clear()
        self.loose = None
