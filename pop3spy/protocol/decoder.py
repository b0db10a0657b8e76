r"""From the octets of both sides to frames.

``append`` what a side sent, in the order in which it was seen, then ask for ``next`` until there is
no frame more.  Rules:

1. Every octet appended comes out in exactly one frame, in order.
2. Where a frame ends depends on the octets and on how the two sides' octets interleave, never on
   how they were cut into chunks.
3. While a command may change what the client's octets are (AUTH, STLS, XTND XMIT), they wait
   unread until the server has said which it is.
4. A body is searched, never walked (see ``body``).
5. A line that is no status line although one is due is no reply: the command goes on waiting.  A
   client that speaks again, and never spoke ahead, has taken such lines for the replies.
6. A side that is *held* is not read.  The commands of a client that is *gated* are asked only once
   ``settle`` has said what the server heard.
"""

from collections.abc import Iterator

from pop3spy.protocol.command_reader import CommandReader
from pop3spy.protocol.commands import Command, parse_command
from pop3spy.protocol.frames import CLIENT, BodyPart, CommandLine, Frame, Opaque, Side
from pop3spy.protocol.outstanding import Outstanding
from pop3spy.protocol.reply_reader import ReplyReader
from pop3spy.protocol.why import Why


class Decoder:
    """Reads one connection; ``gated`` and ``held`` are for whoever judges frames to set."""

    def __init__(self) -> None:
        self._outstanding = Outstanding()
        self._commands = CommandReader(self._outstanding, self._give_up)
        self._replies = ReplyReader(self._outstanding, self._commands)
        self.gated = self._outstanding.gated
        self.held: set[Side] = set()
        client, server = self._commands.buffer, self._replies.buffer
        self._buffers = {Side.CLIENT: client, Side.SERVER: server}
        self._order = (client, server)
        self._spoke_last = Side.SERVER

    # -- octets and frames ----------------------------------------------------------------------

    def append(self, side: Side, data: bytes) -> None:
        """Take what *side* sent, and leave it unread."""
        self._spoke_last = side
        client = self._commands.buffer
        if side is Side.CLIENT and not client.received:
            self._outstanding.before_client = self._replies.buffer.received
        self._buffers[side].append(data)
        if self._outstanding.commands:
            client.ahead = client.received

    def at_once(self, side: Side, data: bytes) -> Frame | None:
        """Return the frame of *data* if it is one whole line that nothing unread stands before.

        None: nothing was taken, so it is to be appended.
        """
        client, server = self._order
        if client.data or server.data or self.held:
            return None
        self._spoke_last = side
        reader = self._commands if side is CLIENT else self._replies
        return reader.at_once(data)

    def next(self) -> Frame | None:
        """Return the next frame that is whole, of either side; None until there is more.

        The client goes first: what it said ahead may be readable now.
        """
        for buffer in self._order:
            if not buffer.data or (self.held and buffer.side in self.held):
                continue
            if (frame := buffer.read()) is not None:
                return frame
        return None

    def cut_off(self, side: Side) -> Iterator[Frame]:
        """Yield what *side* said in clear behind STLS, which nobody is to hear."""
        yield from self._buffers[side].cut_off()

    def close(self, side: Side) -> Frame | None:
        """Return what is left of a side that will say no more, if anything is."""
        reader = self._replies if side is Side.SERVER else self._commands
        rest, in_body = reader.buffer.take_all(), reader.in_body
        reader.close()
        if rest and in_body:
            return BodyPart(side, rest, self._outstanding.commands[0].number)
        return Opaque(side, rest, why=Why.UNFINISHED) if rest else None

    def release(self) -> None:
        """Let go of what only waits for more, so that a closed session leaves memory at once."""
        for reader in (self._commands, self._replies):
            reader.buffer.take_all()
            reader.close()

    # -- what a judge of frames decides ---------------------------------------------------------

    def settle(self, number: int, command: Command | None) -> None:
        """Take *command* as what the server heard for the line read last, None: nothing."""
        asked = self._outstanding.settle(number, command)
        if asked is None:
            return
        if command is not None and command.turn is not None:
            self._commands.wait()
        elif asked.turn:
            self._commands.go_on()

    def inject(self, raw: bytes) -> CommandLine:
        """Return the command *raw*, which the server hears and the client did not say."""
        command = parse_command(raw)
        return CommandLine(Side.CLIENT, raw, self._outstanding.inject(command), command=command)

    # -- what is known --------------------------------------------------------------------------

    def unfinished(self, side: Side) -> int:
        """Return how many octets of *side* are in no frame yet."""
        return self._buffers[side].unread

    def waiting(self, side: Side) -> bytes:
        """Return what *side* has said that is in no frame yet."""
        return self._buffers[side].waiting

    def last(self, side: Side, size: int) -> bytes:
        """Return the last *size* octets of *side*: no more than is unread, and one frame."""
        return self._buffers[side].last(size)

    @property
    def client_waits(self) -> bool:
        """Whether what the client says can be read only once the server has spoken."""
        return self._commands.waits

    @property
    def due(self) -> int:
        """The number of the exchange whose reply is due; -1 when none is, 0 for the greeting."""
        return asked.number if (asked := self._outstanding.due) else -1

    @property
    def idle(self) -> bool:
        """Whether the server has answered everything that it heard, and says nothing."""
        return not self._replies.buffer.unread and self._outstanding.all_held

    @property
    def quiet(self) -> bool:
        """Whether no reply is outstanding and nothing is half said."""
        unread = self._commands.buffer.unread or self._replies.buffer.unread
        return not (self._outstanding.commands or unread)

    @property
    def awaits_reply(self) -> bool:
        """Whether a reply is outstanding and it is not the client's turn to speak."""
        outstanding = self._outstanding
        waits = bool(outstanding.commands) and not outstanding.may_be_answered
        return outstanding.in_loose_body or (waits and not self.asks)

    @property
    def asks(self) -> bool:
        """Whether the client's next line is an answer inside AUTH, or part of a message."""
        return self._commands.asks

    def _give_up(self) -> None:
        """Pair nothing any more: more waits than is remembered."""
        if self._spoke_last is Side.CLIENT:  # what the server had half said will never be whole
            self._order = self._replies.buffer, self._commands.buffer
        self._outstanding.give_up()
        self._replies.give_up()
        self._commands.go_on()
