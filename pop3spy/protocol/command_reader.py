"""From the octets of the client to frames."""

from collections.abc import Callable
from typing import Final

from pop3spy.protocol.commands import Turn, parse_command
from pop3spy.protocol.foreign import proxy_header
from pop3spy.protocol.frames import BodyEnd, CommandLine, Frame, Opaque, SaslLine, Side
from pop3spy.protocol.line_buffer import LineBuffer
from pop3spy.protocol.outstanding import UNANSWERED, Outstanding
from pop3spy.protocol.why import Why

AHEAD: Final = 65536
"""Octets that may wait behind AUTH, STLS or XTND XMIT."""


class CommandReader:
    """Reads what a client says; what its octets are, the server's replies decide.

    *give_up* is called when more waits than is remembered.
    """

    def __init__(self, outstanding: Outstanding, give_up: Callable[[], None]) -> None:
        self.buffer = LineBuffer(Side.CLIENT, self._line)
        self.buffer.reader = self._first
        self._outstanding = outstanding
        self._give_up = give_up

    # -- what the server's replies decide -------------------------------------------------------

    def go_on(self) -> None:
        """Read commands."""
        self.buffer.reader = self.buffer.lines

    def wait(self) -> None:
        """Read nothing: what the next octets are is for the server to say."""
        self.buffer.reader = self._nothing_yet

    def answer_challenge(self) -> None:
        """Read an answer inside AUTH."""
        self.buffer.reader = self._sasl_line

    def send_message(self) -> None:
        """Read the message that XTND XMIT sends."""
        self.buffer.reader = self._body

    def read_behind_odd(self) -> None:
        """Read on behind a line without a status, if the octets wait for what it should be."""
        if self.waits:
            self.buffer.reader = self._behind_odd

    def open(self) -> Frame | None:
        """Read the first line, now that the server answers: it is no PROXY header."""
        if self.buffer.reader == self._first:
            self.go_on()
        return self.buffer.read() if self.buffer.unread else None

    @property
    def waits(self) -> bool:
        """Whether what the client says can be read only once the server has spoken."""
        return self.buffer.reader == self._nothing_yet

    @property
    def asks(self) -> bool:
        """Whether the next line is an answer inside AUTH, or part of a message."""
        return self.buffer.reader in (self._sasl_line, self._body)

    @property
    def in_body(self) -> bool:
        """Whether a message is read."""
        return self.buffer.reader == self._body

    def close(self) -> None:
        """Read nothing more, and keep no reference that makes a cycle."""
        self.buffer.close()
        self._give_up = self.buffer.close

    # -- reading --------------------------------------------------------------------------------

    def at_once(self, data: bytes) -> Frame | None:
        """Read *data* past the buffer if it is one whole command, as nearly always; else None."""
        buffer = self.buffer
        began = buffer.received
        if not began and proxy_header(data) == 0:  # a first line that is none, as nearly always
            self.go_on()
        if self._outstanding.behind_stls > began or not buffer.passes(data):
            return None
        return self._command(data, began)

    def _first(self) -> Frame | None:
        """Read what only a connection's first octets can be: a PROXY header."""
        buffer = self.buffer
        size = proxy_header(buffer.peek())
        if size is None or size > buffer.unread:
            return None
        self.go_on()
        return Opaque(Side.CLIENT, buffer.take(size), why=Why.PROXY) if size else buffer.read()

    def _line(self) -> Frame | None:
        buffer, outstanding = self.buffer, self._outstanding
        if not buffer.plain and (found := outstanding.foreign(buffer.peek())) is not None:
            return buffer.foreign_frame(found)
        if outstanding.behind_stls and (behind := outstanding.behind_stls - buffer.offset) > 0:
            return Opaque(Side.CLIENT, buffer.line_within(behind), why=Why.BEHIND_STLS)
        began = buffer.offset
        raw = buffer.line()
        return None if raw is None else self._command(raw, began)

    def _command(self, raw: bytes, began: int) -> CommandLine | Opaque:
        """Read a command, which *began* at that octet of the client's."""
        buffer, outstanding = self.buffer, self._outstanding
        outstanding.opening = False
        buffer.rest_number = 0
        if outstanding.unpaired:
            return Opaque(Side.CLIENT, raw, why=Why.OUT_OF_STEP)
        pipelined, settles = began < buffer.ahead, False
        if outstanding.commands:  # nearly always all have been answered
            settles = not outstanding.speaks_ahead and self._is_behind_odd(began)
            if settles:
                outstanding.take_as_answered()
            pipelined = not settles
        outstanding.speaks_ahead |= pipelined
        buffer.ahead = buffer.received
        command = parse_command(raw)
        number = buffer.rest_number = outstanding.ask(command)
        if command.turn:
            self.wait()
        else:
            buffer.reader = buffer.lines
        if len(outstanding.commands) > UNANSWERED:
            self._give_up()
        return CommandLine(
            buffer.side, raw, number, command=command, pipelined=pipelined, settles=settles
        )

    def _is_behind_odd(self, began: int) -> bool:
        """Return whether all that waits may have been answered when the client began to speak."""
        return self._outstanding.may_be_answered and began >= self._outstanding.odd_at

    def _nothing_yet(self) -> Frame | None:
        """Read nothing, unless too much waits.

        What a gated side says has not gone on, so whoever keeps it sees to it that it ends.
        """
        if self.buffer.unread <= AHEAD or Side.CLIENT in self._outstanding.gated:
            return None
        self._give_up()
        self.buffer.opaque(Why.OUT_OF_STEP)
        return Opaque(Side.CLIENT, self.buffer.take(AHEAD + 1), why=Why.OUT_OF_STEP)

    def _behind_odd(self) -> Frame | None:
        """Read on behind a line without a status, which the client may take for what it waits for.

        What is no command that anybody knows is an answer inside AUTH, and so hidden.
        """
        buffer, outstanding = self.buffer, self._outstanding
        asked, began = outstanding.commands[-1], buffer.offset
        if began < outstanding.odd_at:
            return self._nothing_yet()
        if not buffer.plain and (found := outstanding.foreign(buffer.peek())) is not None:
            return buffer.foreign_frame(found)
        if (raw := buffer.line()) is None:
            return None
        if asked.turn is Turn.SASL and parse_command(raw).spec is None:
            buffer.rest_number = asked.number
            return SaslLine(Side.CLIENT, raw, asked.number)
        return self._command(raw, began)

    def _sasl_line(self) -> Frame | None:
        if (raw := self.buffer.line()) is None:
            return None
        asked = self._outstanding.commands[0]
        asked.owed -= 1
        self.buffer.rest_number = asked.number
        if not asked.owed:
            self.wait()
        return SaslLine(Side.CLIENT, raw, asked.number)

    def _body(self) -> Frame | None:
        asked = self._outstanding.commands[0]
        assert asked.body is not None
        frame = self.buffer.piece(asked.body, asked.number)
        if isinstance(frame, BodyEnd):
            self.go_on()
        return frame
