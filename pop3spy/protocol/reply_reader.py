"""From the octets of the server to frames."""

from typing import Final

from pop3spy.protocol.body import BodyReader
from pop3spy.protocol.command_reader import CommandReader
from pop3spy.protocol.commands import Turn
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    Frame,
    Junk,
    Opaque,
    Side,
    StatusLine,
)
from pop3spy.protocol.line_buffer import LineBuffer
from pop3spy.protocol.outstanding import Outstanding
from pop3spy.protocol.pending_command import PendingCommand
from pop3spy.protocol.replies import is_listing_line, status_of
from pop3spy.protocol.sasl import mechanism_of
from pop3spy.protocol.states import Effect
from pop3spy.protocol.why import Why

UNASKED: Final = 100
"""Lines in a row that are no reply, after which they are only counted."""

_QUIT: Final = Effect.QUIT
_LONE_DOTS = (b".\r\n", b".\n", b".\r\r\n")


class ReplyReader:
    """Reads what a server says, and lets *commands* go on as its replies tell."""

    def __init__(self, outstanding: Outstanding, commands: CommandReader) -> None:
        self.buffer = LineBuffer(Side.SERVER, self._line)
        self._outstanding = outstanding
        self._commands = commands
        self._next_at_body_end = -1  # the number due when a body ended right before

    @property
    def in_body(self) -> bool:
        """Whether a body is read whose end is certain to come."""
        return self.buffer.reader == self._body

    def close(self) -> None:
        """Read nothing more, and keep no reference that makes a cycle."""
        self.buffer.close()

    def give_up(self) -> None:
        """Read nothing any more."""
        self.buffer.rest_number = 0
        self.buffer.opaque(Why.OUT_OF_STEP)

    # -- lines ----------------------------------------------------------------------------------

    def at_once(self, data: bytes) -> Frame | None:
        """Read *data* past the buffer if it is one whole line, as nearly always; else None."""
        outstanding = self._outstanding
        if outstanding.opening and outstanding.greeted:  # the client may have to be heard first
            return None
        if not self.buffer.passes(data):
            return None
        return self._read(data)

    def _line(self) -> Frame | None:
        buffer, outstanding = self.buffer, self._outstanding
        if outstanding.opening and (frame := self._first_of_client()):
            return frame
        if not buffer.plain and (found := outstanding.foreign(buffer.peek())) is not None:
            return buffer.foreign_frame(found)
        raw = buffer.line()
        return None if raw is None else self._read(raw)

    def _first_of_client(self) -> Frame | None:
        """Return what the client has said before this, if that may be read only now.

        It may have spoken behind a banner, be that a line or a PROXY header.
        """
        outstanding = self._outstanding
        if self.buffer.received == outstanding.before_client:
            return None
        took_banner = self._commands.buffer.unread > 0 and outstanding.may_be_answered
        return self._commands.open() if outstanding.greeted or took_banner else None

    def _read(self, raw: bytes) -> Frame:
        outstanding = self._outstanding
        if (asked := outstanding.due) is None:
            return self._unasked(raw)
        self.buffer.rest_number = asked.number
        turn = asked.turn
        ok = status_of(raw, in_sasl=turn is not None and turn is Turn.SASL)
        if turn is None and ok is not None:  # as nearly always
            return self._status(raw, asked, ok=ok)
        if asked.is_asked_on_by(raw, ok=ok):
            asked.answers += 1
            asked.owed += 1
            self._commands.answer_challenge()
            return Challenge(Side.SERVER, raw, asked.number)
        if ok is None:
            return self._not_a_status(raw, asked)
        if asked.may_send(ok=ok):
            asked.answers, asked.body = 1, BodyReader()
            self._commands.send_message()
            return StatusLine(Side.SERVER, raw, asked.number, ok=True, final=False)
        return self._status(raw, asked, ok=ok)

    def _status(self, raw: bytes, asked: PendingCommand, *, ok: bool) -> StatusLine:
        outstanding = self._outstanding
        outstanding.loose = None
        has_body: bool | None = False
        if ok and asked.number and not asked.command.one_line:
            has_body = asked.has_body(raw, alone=outstanding.alone)
        if has_body:
            asked.odd = 0  # what is coming is the reply
            asked.body = BodyReader(raw)
            self.buffer.reader = self._body
        else:
            outstanding.commands.popleft()
            outstanding.greeted = True
            if asked.turn or asked.command.effect is _QUIT:
                self._answered(asked, ok=ok)
        if has_body is None:
            outstanding.loose = asked
        return StatusLine(self.buffer.side, raw, asked.number, ok=ok, has_body=has_body)

    def _answered(self, asked: PendingCommand, *, ok: bool) -> None:
        """Let the client's octets be what the reply made them."""
        if asked.turn:
            self._commands.go_on()
        if not ok:
            return
        if asked.turn is Turn.TLS:
            self._outstanding.behind_stls = self._commands.buffer.received
        elif asked.turn is Turn.SASL:
            self._outstanding.layer = mechanism_of(asked.command.args[0]).layer
        elif asked.command.effect is _QUIT:
            self._outstanding.commands.clear()  # nothing behind QUIT is ever answered

    # -- what is no reply -----------------------------------------------------------------------

    def _not_a_status(self, raw: bytes, asked: PendingCommand) -> Frame:
        """Read a line that is no status line although one is due."""
        outstanding = self._outstanding
        if outstanding.loose and outstanding.loose.may_be_listed and is_listing_line(raw):
            return self._loose_line(raw)
        behind_body, self._next_at_body_end = self._next_at_body_end, -1
        if asked.number == behind_body and raw in _LONE_DOTS and asked.is_multi_line:
            # Some servers write the reply to a pipelined command into the body before it.
            outstanding.commands.popleft()
            return Junk(Side.SERVER, raw, asked.number, why=Why.NO_STATUS, settles=True)
        asked.odd += 1
        outstanding.odd_at = self._commands.buffer.received
        if asked is outstanding.commands[-1]:
            self._commands.read_behind_odd()
        return self._no_reply(raw, Why.NO_STATUS if asked.number else Why.BANNER, asked.number)

    def _unasked(self, raw: bytes) -> Frame:
        if self._outstanding.loose and status_of(raw) is None:
            return self._loose_line(raw)
        self._outstanding.loose = None
        self.buffer.rest_number = 0
        return self._no_reply(raw, Why.UNASKED, 0)

    def _no_reply(self, raw: bytes, why: Why, number: int) -> Frame:
        self._outstanding.in_a_row += 1
        if self._outstanding.in_a_row > UNASKED:
            return Opaque(Side.SERVER, raw, number, why=why)
        return Junk(Side.SERVER, raw, number, why=why)

    # -- bodies ---------------------------------------------------------------------------------

    def _body(self) -> Frame | None:
        asked = self._outstanding.commands[0]
        assert asked.body is not None
        frame = self.buffer.piece(asked.body, asked.number)
        if isinstance(frame, BodyEnd):
            self._outstanding.commands.popleft()
            self._next_at_body_end = due.number if (due := self._outstanding.due) else -1
            self.buffer.reader = self.buffer.lines
        return frame

    def _in_loose_body(self) -> Frame | None:
        """Read a body that nobody expected, line by line: it may not have an end."""
        raw = self.buffer.line()
        return None if raw is None else self._loose_line(raw)

    def _loose_line(self, raw: bytes) -> Frame:
        outstanding = self._outstanding
        assert outstanding.loose is not None
        number = self.buffer.rest_number = outstanding.loose.number
        if raw in _LONE_DOTS:
            self._leave_loose_body()
            outstanding.loose = None
            return BodyEnd(Side.SERVER, raw, number)
        if outstanding.commands and status_of(raw) is not None:
            self._leave_loose_body()
            return self._read(raw)
        outstanding.in_loose_body = True
        self.buffer.reader = self._in_loose_body
        return BodyPart(Side.SERVER, raw, number)

    def _leave_loose_body(self) -> None:
        self._outstanding.in_loose_body = False
        self.buffer.reader = self.buffer.lines
