"""The messages that a client retrieved, put together from the parts that went by.

A message is handed on when it is whole; one that broke off is only counted.  What waits is on disk
if it is large, so neither large messages nor many sessions fill the memory.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Final

from pop3spy.export.exporter import ExportError, ExportSource
from pop3spy.export.unstuff import Unstuffer
from pop3spy.export.waiting import waiting_file
from pop3spy.protocol import replies
from pop3spy.protocol.frames import BodyPart, Side
from pop3spy.protocol.text import count
from pop3spy.session.bus import Reader
from pop3spy.session.events import Answered, Blinded, Ended, Event, Heard, Noted
from pop3spy.session.model import Exchange, Session

_IN_MEMORY: Final = 1 << 20
"""Octets of a message beyond which it waits on disk."""


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """A message as it was before it was stuffed; ``text`` is at its beginning.

    ``number`` is the one that the client asked for, if it is one; ``at`` is when it was whole.
    """

    session: int
    exchange: int
    number: int | None
    unique_id: bytes | None
    at: float
    text: IO[bytes]


Deliver = Callable[[ExportedMessage], None]
"""Writes a message; its text is closed afterwards."""


class Messages:
    """An exporter that hands each message of *source* that was retrieved whole to somebody.

    *deliver_for* says to whom in a session.
    """

    def __init__(self, source: ExportSource, deliver_for: Callable[[Session], Deliver]) -> None:
        self._source = source
        self._deliver_for = deliver_for
        self._counts = _Counts()
        self._open: set[_SessionMessages] = set()

    def __call__(self, session: Session) -> Reader:
        """Return what puts the messages of *session* together.

        It raises ExportError if a message is not in the recording as it was.
        """
        messages = _SessionMessages(self._source, self._deliver_for(session), self._counts)
        self._open.add(messages)

        def read(event: Event) -> None:
            messages.read(event)
            if isinstance(event, Ended):
                self._open.discard(messages)

        return read

    def note(self, _: Noted) -> None:
        """Do nothing: mail has no room for what a person noted about it."""

    def abandon(self) -> None:
        """Do nothing: each message that was handed on is whole."""

    def close(self) -> None:
        """Count what is still coming as broken off."""
        for messages in self._open:
            messages.break_off()
        self._open.clear()

    @property
    def summary(self) -> str:
        """How many messages were handed on, and how many were not."""
        text, left_out = count(self._counts.delivered, "message"), self._counts.left_out
        return f"{text}; {left_out:,} broke off and left out" if left_out else text


@dataclass(slots=True)
class _Counts:
    """How many messages of all sessions became what."""

    delivered: int = 0
    left_out: int = 0


@dataclass(slots=True)
class _PartialMessage:
    """A message that is still coming."""

    exchange: Exchange
    unstuffer: Unstuffer = field(default_factory=Unstuffer)
    text: IO[bytes] = field(default_factory=lambda: waiting_file(_IN_MEMORY))


class _SessionMessages:
    """The messages of one session."""

    def __init__(self, source: ExportSource, deliver: Deliver, counts: _Counts) -> None:
        self._source = source
        self._deliver = deliver
        self._counts = counts
        self._coming: _PartialMessage | None = None

    def read(self, event: Event) -> None:
        match event:
            case Heard(frame=BodyPart(side=Side.SERVER) as part, exchange=Exchange() as exchange):
                self._part(event, part, exchange)
            case Answered(exchange=exchange) if not exchange.kept:
                self._answered(event, exchange)
            case Blinded() | Ended():
                self.break_off()

    def break_off(self) -> None:
        """Count what is still coming as broken off."""
        if self._coming is not None:
            self._drop()
            self._counts.left_out += 1

    def _part(self, event: Event, part: BodyPart, exchange: Exchange) -> None:
        if exchange.command.verb == "RETR":
            message = self._message(event, exchange, masked=bool(part.masks))
            message.text.write(message.unstuffer.feed(part.raw))

    def _answered(self, event: Event, exchange: Exchange) -> None:
        if exchange.command.verb != "RETR":
            return
        if not self._source.wants(event.session, exchange):
            self._drop()
        elif exchange.ok:
            self._retrieved(event, exchange)

    def _retrieved(self, event: Event, exchange: Exchange) -> None:
        message = self._message(event, exchange)
        if not exchange.complete:
            self.break_off()
            return
        args = exchange.command.args
        number = replies.number_of(args[0]) if args else None
        unique_id = event.session.maildrop.id_of(number) if number is not None else None
        message.text.seek(0)
        self._counts.delivered += 1
        numbers = event.session.id, exchange.number, number
        try:
            self._deliver(ExportedMessage(*numbers, unique_id, event.at, message.text))
        finally:
            self._drop()

    def _message(
        self, event: Event, exchange: Exchange, *, masked: bool = False
    ) -> _PartialMessage:
        """Return what has come of the message that *exchange* retrieves."""
        if masked or not self._source.bodies_kept:
            self.break_off()
            raise ExportError(
                f"session {event.session.id}, exchange {exchange.number}: the message was masked "
                "or left out when this was recorded, so it cannot be exported; record with: "
                "--bodies keep"
            )
        if self._coming is None or self._coming.exchange is not exchange:
            self.break_off()
            self._coming = _PartialMessage(exchange)
        return self._coming

    def _drop(self) -> None:
        if self._coming is not None:
            self._coming.text.close()
            self._coming = None
