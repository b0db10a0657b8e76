"""A command whose reply has not ended, and what the server's lines mean to it."""

from dataclasses import dataclass

from pop3spy.protocol import replies
from pop3spy.protocol.body import BodyReader
from pop3spy.protocol.commands import Command, Shape, Turn
from pop3spy.protocol.sasl import mechanism_of


@dataclass(slots=True)
class PendingCommand:
    """What the decoder keeps of a command until its reply has ended.

    ``answers`` counts the challenges so far, or is 1 once XTND XMIT may send; ``owed`` are the
    challenges that the client has not answered; ``odd`` counts the lines without a status that came
    while its reply was due.  While it is ``held`` the server has not heard it.
    """

    number: int
    command: Command
    turn: Turn | None
    answers: int = 0
    owed: int = 0
    odd: int = 0
    body: BodyReader | None = None
    held: bool = False

    def is_asked_on_by(self, raw: bytes, *, ok: bool | None) -> bool:
        """Return whether this line of the server is a challenge (RFC 5034, section 4).

        Exchange 2003 says ``+OK`` where it means ``+ ``; a mechanism in which the client speaks
        first cannot have ended before it spoke.
        """
        if self.turn is not Turn.SASL:
            return False
        if ok is None:
            return raw.startswith(b"+")
        mechanism = mechanism_of(self.command.args[0])
        return ok and mechanism.ok_asks and not self.answers and len(self.command.args) == 1

    def may_send(self, *, ok: bool) -> bool:
        """Return whether this status line lets the client send its message (XTND XMIT)."""
        return self.turn is Turn.DATA and ok and not self.answers

    def has_body(self, raw: bytes, *, alone: bool) -> bool | None:
        """Return whether a positive reply goes on, None if only the next octets can tell.

        *alone* says that nothing else was asked: then what follows can only belong to it.
        """
        if self.command.one_line:
            return False
        if self.is_multi_line:
            return True
        if self.command.shape is Shape.UNKNOWN:
            return None if alone else False
        return None if self.may_be_listed and not self._is_entry(replies.text_of(raw)) else False

    def _is_entry(self, text: bytes) -> bool:
        """Return whether *text* is what one line of the listing would say of the message."""
        assert self.command.spec is not None
        entry = self.command.spec.entry
        found = entry.match(text) if entry else None
        return found is not None and int(found[1]) == replies.number_of(self.command.args[0])

    @property
    def is_multi_line(self) -> bool:
        """Whether a positive reply has a body for certain."""
        return self.command.shape in (Shape.LISTING, Shape.MESSAGE)

    @property
    def may_be_listed(self) -> bool:
        """Whether one entry of a listing was asked for: some servers answer with all of it."""
        spec, args = self.command.spec, self.command.args
        if spec is None or spec.shape is not Shape.BARE_LISTING or not args:
            return False
        return replies.number_of(args[0]) is not None
