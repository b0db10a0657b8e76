r"""From the bytes of both sides to frames.

Rules:

1. Every octet fed comes out in exactly one frame, in order.
2. Where a frame ends depends on the octets and on how the two sides' octets interleave, never on
   how they were cut into chunks.
3. While a command may change what the client's octets are (AUTH, STLS, XTND XMIT), they wait
   unread until the server has said which it is.
4. A body is searched, never walked (see ``body``).
5. When a reply is due and something else comes, commands and replies are out of step: pairing
   stops, and begins again only with a client that had nothing else outstanding.
6. A side that is *gated* is read frame by frame, by ``append`` and ``read``; its commands are asked
   only once ``settle`` has said what the server heard.
"""

from collections import deque
from collections.abc import Iterator

from pop3spy.protocol import replies
from pop3spy.protocol.body import BodyReader
from pop3spy.protocol.commands import Command, Shape, Turn, parse_command
from pop3spy.protocol.foreign import Foreign, proxy_header
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Junk,
    Opaque,
    SaslLine,
    Side,
    StatusLine,
    Why,
)
from pop3spy.protocol.line_buffer import LineBuffer
from pop3spy.protocol.pending_command import PendingCommand
from pop3spy.protocol.sasl import mechanism_of
from pop3spy.protocol.states import Effect

UNANSWERED = 4096
"""Commands without a reply beyond which nothing is paired any more."""
AHEAD = 65536
"""Octets that may wait behind AUTH, STLS or XTND XMIT."""
UNASKED = 100
"""Lines in a row that answer nothing, after which they are only counted."""

_GREETING = Command("", (), None)


class Decoder:
    """Reads one connection: feed it what each side sent, in the order in which it was seen."""

    def __init__(self) -> None:
        self.gated: set[Side] = set()
        self._client = LineBuffer(Side.CLIENT, self._first_of_client)
        self._server = LineBuffer(Side.SERVER, self._server_line)
        self._buffers = {Side.CLIENT: self._client, Side.SERVER: self._server}
        self._asked = deque([PendingCommand(0, _GREETING, None)])
        self._number = 0
        self._opening = True  # no line of the client was read yet
        self._greeted = False
        self._loose: PendingCommand | None = None  # answered, but a body may still come
        self._out_of_step = False
        self._for_good = False  # ... since replies to other commands are still to come
        self._unasked = 0
        self._layer = False  # a SASL security layer may begin
        self._behind_stls = 0  # client octets up to here came before STLS was granted

    # -- what others call ---------------------------------------------------------------------

    def feed(self, side: Side, data: bytes) -> Iterator[Frame]:
        """Take what *side* sent and yield the frames that are whole now, of either side.

        Take the frames to the end before feeding more.
        """
        self.append(side, data)
        buffer = self._buffers[side]
        while frame := buffer.read():
            yield frame
            if self.gated:  # the other side, then: it is read on its own
                continue
            if buffer is self._server:  # what the client said ahead may be readable now
                yield from iter(self._client.read, None)
            elif self._out_of_step:  # what the server had half said will never be whole
                yield from iter(self._server.read, None)

    def append(self, side: Side, data: bytes) -> None:
        """Take what *side* sent, and leave it unread."""
        self._buffers[side].append(data)
        if self._asked:
            self._client.ahead = self._client.received

    def read(self, side: Side) -> Frame | None:
        """Return the next frame of *side*, or None until there is more."""
        return self._buffers[side].read()

    def settle(self, number: int, command: Command | None) -> None:
        """Take *command* as what the server heard for the line read last, None: nothing."""
        if not self._asked or self._asked[-1].number != number:
            return  # out of step, or what the server said ended everything
        asked = self._asked.pop()
        if command is not None:
            self._asked.append(PendingCommand(number, command, command.turn))
        waits = command is not None and command.turn is not None
        if asked.turn or waits:
            self._client.reader = self._client_waits if waits else self._client_line

    def inject(self, raw: bytes) -> CommandLine:
        """Return the command *raw*, which the server hears and the client did not say."""
        self._number += 1
        command = parse_command(raw)
        self._asked.append(PendingCommand(self._number, command, None))
        return CommandLine(Side.CLIENT, raw, self._number, command=command)

    def cut_off(self, side: Side) -> Iterator[Frame]:
        """Yield what *side* said in clear behind STLS, which nobody is to hear."""
        yield from self._buffers[side].cut_off()

    def close(self, side: Side) -> Iterator[Frame]:
        """Yield what is left of a side that will say no more."""
        buffer = self._buffers[side]
        rest, in_body = buffer.take_all(), buffer.reader in (self._server_body, self._client_body)
        buffer.close()
        if rest and in_body:
            yield BodyPart(side, rest, self._asked[0].number)
        elif rest:
            yield Opaque(side, rest, why=Why.UNFINISHED)

    def release(self) -> None:
        """Let go of what only waits for more, so that a closed session leaves memory at once."""
        for buffer in self._buffers.values():
            buffer.take_all()
            buffer.close()

    def unfinished(self, side: Side) -> int:
        """Return how many octets of *side* are in no frame yet."""
        return self._buffers[side].unread

    @property
    def waiting(self) -> bytes:
        """What the client has said that is in no frame yet."""
        return self._client.waiting

    @property
    def idle(self) -> bool:
        """Whether the server has answered everything that it heard, and says nothing."""
        return not self._server.unread and all(asked.held for asked in self._asked)

    @property
    def quiet(self) -> bool:
        """Whether no reply is outstanding and nothing is half said."""
        return not (self._asked or self._client.unread or self._server.unread)

    @property
    def awaits_reply(self) -> bool:
        """Whether a reply is outstanding and it is not the client's turn to speak."""
        return self._in_loose_body or (bool(self._asked) and not self.asks)

    @property
    def asks(self) -> bool:
        """Whether the client's next line is an answer inside AUTH, or part of a message."""
        return self._client.reader in (self._sasl_line, self._client_body)

    # -- the client ---------------------------------------------------------------------------

    def _first_of_client(self) -> Frame | None:
        """Read what only a connection's first octets can be: a PROXY header."""
        buffer = self._client
        size = proxy_header(buffer.peek())
        if size is None or size > buffer.unread:
            return None
        buffer.reader = self._client_line
        return Opaque(Side.CLIENT, buffer.take(size), why=Why.PROXY) if size else buffer.read()

    def _client_line(self) -> Frame | None:
        buffer = self._client
        if (found := self._foreign(buffer)) is not None:
            return buffer.foreign_frame(found)
        if (behind := self._behind_stls - buffer.offset) > 0:
            return Opaque(Side.CLIENT, buffer.line_within(behind), why=Why.BEHIND_STLS)
        pipelined = bool(self._asked) or buffer.offset < buffer.ahead
        if (raw := buffer.line()) is None:
            return None
        self._opening = False
        buffer.rest_number = 0
        if self._out_of_step:
            if self._for_good:
                return Opaque(Side.CLIENT, raw, why=Why.OUT_OF_STEP)
            self._out_of_step = False
            self._server.reader = self._server_line
        return self._command_line(raw, pipelined=pipelined)

    def _command_line(self, raw: bytes, *, pipelined: bool) -> CommandLine:
        command = parse_command(raw)
        self._unasked = 0
        self._number = self._client.rest_number = self._number + 1
        self._client.ahead = self._client.received
        if self._loose and not self._in_loose_body and self._loose.command.shape is Shape.UNKNOWN:
            self._loose = None
        turn = command.turn
        held = Side.CLIENT in self.gated
        self._asked.append(PendingCommand(self._number, command, turn, held=held))
        if len(self._asked) > UNANSWERED:
            self._lose_step(for_good=True)
        elif turn:
            self._client.reader = self._client_waits
        return CommandLine(Side.CLIENT, raw, self._number, command=command, pipelined=pipelined)

    def _client_waits(self) -> Frame | None:
        """Read nothing: what these octets are is for the server to say.

        Those of a gated side have not gone on, so whoever keeps them sees to it that they end.
        """
        if self._client.unread <= AHEAD or Side.CLIENT in self.gated:
            return None
        self._lose_step(for_good=True)
        self._client.opaque(Why.OUT_OF_STEP)
        return Opaque(Side.CLIENT, self._client.take(AHEAD + 1), why=Why.OUT_OF_STEP)

    def _sasl_line(self) -> Frame | None:
        if (raw := self._client.line()) is None:
            return None
        asked = self._asked[0]
        asked.owed -= 1
        self._client.rest_number = asked.number
        if not asked.owed:
            self._client.reader = self._client_waits
        return SaslLine(Side.CLIENT, raw, asked.number)

    def _client_body(self) -> Frame | None:
        frame = self._body_frame(self._client)
        if isinstance(frame, BodyEnd):
            self._client.reader = self._client_line
        return frame

    # -- the server ---------------------------------------------------------------------------

    def _server_line(self) -> Frame | None:
        buffer = self._server
        if self._greeted and self._opening and (frame := self._open()):
            return frame
        if (found := self._foreign(buffer)) is not None:
            return buffer.foreign_frame(found)
        raw = buffer.line()
        return None if raw is None else self._server_line_read(raw)

    def _open(self) -> Frame | None:
        """Read the client's first line, now that the server answers: it is no PROXY header."""
        if self._client.reader == self._first_of_client:
            self._client.reader = self._client_line
        return None if Side.CLIENT in self.gated else self._client.read()

    def _server_line_read(self, raw: bytes) -> Frame:
        if not self._asked or self._asked[0].held:
            return self._unasked_line(raw)
        asked = self._asked[0]
        self._server.rest_number = asked.number
        ok = replies.status_of(raw, in_sasl=asked.turn is Turn.SASL)
        if asked.is_asked_on_by(raw, ok=ok):
            asked.answers += 1
            asked.owed += 1
            self._client.reader = self._sasl_line
            return Challenge(Side.SERVER, raw, asked.number)
        if ok is None:
            return self._not_a_status(raw, asked)
        if asked.may_send(ok=ok):
            asked.answers, asked.body = 1, BodyReader(crlf=True)
            self._client.reader = self._client_body
            return StatusLine(Side.SERVER, raw, asked.number, ok=True, final=False)
        return self._status_line(raw, asked, ok=ok)

    def _status_line(self, raw: bytes, asked: PendingCommand, *, ok: bool) -> StatusLine:
        self._loose = None
        alone = len(self._asked) == 1 or self._asked[1].held
        has_body = asked.has_body(raw, alone=alone) if ok and asked.number else False
        if has_body:
            asked.body = BodyReader(crlf=not raw.endswith(b"\n") or raw.endswith(b"\r\n"))
            self._server.reader = self._server_body
        else:
            self._asked.popleft()
            self._greeted = True
            self._answered(asked, ok=ok)
        if has_body is None:
            self._loose = asked
        return StatusLine(Side.SERVER, raw, asked.number, ok=ok, has_body=has_body)

    def _answered(self, asked: PendingCommand, *, ok: bool) -> None:
        """Let the client's octets be what the reply made them."""
        if asked.turn:
            self._client.reader = self._client_line
        if not ok:
            return
        if asked.turn is Turn.TLS:
            self._behind_stls = self._client.received
        elif asked.turn is Turn.SASL:
            self._layer = mechanism_of(asked.command.args[0]).layer
        elif asked.command.effect is Effect.QUIT:
            self._asked.clear()  # nothing behind QUIT is ever answered

    def _not_a_status(self, raw: bytes, asked: PendingCommand) -> Frame:
        """Read a line that is no status line although one is due."""
        if not asked.number:
            return self._junk(raw, Why.BANNER)
        loose = self._loose
        if loose and loose.may_be_listed and replies.is_listing_line(raw):
            self._server.reader = self._loose_body
            return self._loose_line(raw)
        self._lose_step(for_good=len(self._asked) > 1)
        return Junk(Side.SERVER, raw, why=Why.OUT_OF_STEP)

    def _unasked_line(self, raw: bytes) -> Frame:
        if self._loose and replies.status_of(raw) is None:
            self._server.reader = self._loose_body
            return self._loose_line(raw)
        self._loose = None
        return self._junk(raw, Why.UNASKED)

    def _junk(self, raw: bytes, why: Why) -> Frame:
        self._server.rest_number = 0
        self._unasked += 1
        if self._unasked > UNASKED:
            return Opaque(Side.SERVER, raw, why=why)
        return Junk(Side.SERVER, raw, why=why)

    # -- bodies -------------------------------------------------------------------------------

    def _server_body(self) -> Frame | None:
        frame = self._body_frame(self._server)
        if isinstance(frame, BodyEnd):
            self._asked.popleft()
            self._server.reader = self._server_line
        return frame

    def _body_frame(self, buffer: LineBuffer) -> Frame | None:
        asked = self._asked[0]
        assert asked.body is not None
        return buffer.piece(asked.body, asked.number)

    @property
    def _in_loose_body(self) -> bool:
        return self._server.reader == self._loose_body

    def _loose_body(self) -> Frame | None:
        """Read a body that nobody expected, line by line: it may not have an end."""
        raw = self._server.line()
        return None if raw is None else self._loose_line(raw)

    def _loose_line(self, raw: bytes) -> Frame:
        assert self._loose is not None
        number = self._server.rest_number = self._loose.number
        if raw in (b".\r\n", b".\n"):
            self._server.reader = self._server_line
            self._loose = None
            return BodyEnd(Side.SERVER, raw, number)
        if self._asked and replies.status_of(raw) is not None:
            self._server.reader = self._server_line
            return self._server_line_read(raw)
        return BodyPart(Side.SERVER, raw, number)

    # -- what is not POP3 ---------------------------------------------------------------------

    def _foreign(self, buffer: LineBuffer) -> Foreign | int | None:
        return buffer.foreign(first=self._opening or self._behind_stls > 0, layer=self._layer)

    # -- out of step --------------------------------------------------------------------------

    def _lose_step(self, *, for_good: bool) -> None:
        self._out_of_step, self._for_good = True, for_good
        self._asked.clear()
        self._loose = None
        self._server.rest_number = 0
        self._server.opaque(Why.OUT_OF_STEP)
        self._client.reader = self._client_line
