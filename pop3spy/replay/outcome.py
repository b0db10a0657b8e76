"""What became of each command, as far as it can be compared with another time."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from pop3spy.protocol.commands import Command, command_of
from pop3spy.protocol.frames import BodyEnd, BodyPart, Challenge, Frame, Side, StatusLine
from pop3spy.protocol.replies import timestamp_of
from pop3spy.protocol.states import State
from pop3spy.protocol.text import show
from pop3spy.replay.content import Content, ContentReader
from pop3spy.session.model import Exchange

_GREETING: Final = command_of("", (), None)


class TlsSide(Enum):
    """On which side of TLS an exchange stood, for the client."""

    CLEAR = "clear"  # in a session without TLS, or whose TLS nobody read
    BEFORE = "before"  # in clear, and TLS came behind it
    INSIDE = "inside"
    UNREAD = "unread"  # in clear, and nobody read the TLS that came behind it


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command and its reply; number 0 is the greeting's.

    ``shown`` is the command for people, secrets masked; ``state`` is where it was answered.
    ``ok`` is None without a status; ``odd`` says that a line without a status was all the reply
    there was.  ``asks`` counts the server's challenges; ``words`` are what the status text begins
    with, for it has a meaning in some replies (RFC 1939, section 9).  ``encrypted`` says that the
    server heard it inside TLS, though a proxy may stand between it and the client.
    """

    number: int
    shown: str
    command: Command
    state: State
    ok: bool | None = None
    code: str | None = None
    words: tuple[str, ...] = ()
    asks: int = 0
    content: Content | None = None
    offers_apop: bool = False
    odd: bool = False
    side: TlsSide = TlsSide.CLEAR
    encrypted: bool = False

    @property
    def complete(self) -> bool:
        """Whether the whole reply was there."""
        return self.ok is not None and (self.content is None or self.content.complete)


NOTHING_HEARD: Final = Outcome(0, "", _GREETING, State.GREETING)
"""The outcome of what was in no exchange of the live session."""


def outcome_of_greeting(status: StatusLine | None, *, odd: bool = False) -> Outcome:
    """Return what a greeting is; it is *odd* if the client took another line for it."""
    plain = Outcome(0, "greeting", _GREETING, State.GREETING, odd=odd and status is None)
    if status is None:
        return plain
    return replace(_with_status(plain, status), offers_apop=timestamp_of(status.raw) is not None)


def _with_status(outcome: Outcome, status: StatusLine) -> Outcome:
    words = tuple(show(word) for word in status.text.split(None, 2)[:2])
    return replace(outcome, ok=status.ok, code=status.code, words=words)


class ExchangeReader:
    """Reads the reply of one exchange frame by frame; its status stands in the exchange.

    *contents* is false if bodies are not the true ones, so that no digest is taken of them.
    """

    def __init__(self, exchange: Exchange, *, contents: bool = True) -> None:
        self.exchange = exchange
        self._contents = contents
        self._asks = 0
        self._body: ContentReader | None = None
        self._complete = False

    def add(self, frame: Frame) -> None:
        """Take in a frame of the exchange; what the client says does not matter."""
        if frame.side is Side.CLIENT:
            return
        match frame:
            case Challenge():
                self._asks += 1
            case StatusLine():
                self._asks += not frame.final
                if frame.has_body:
                    self._read_body()
            case BodyPart():
                self._read_body().add(frame)
            case BodyEnd():
                self._read_body()
                self._complete = True

    def outcome(self) -> Outcome:
        """Return what became of the exchange, as far as it was read."""
        exchange = self.exchange
        said, status = exchange.said, exchange.status
        shown = show(said.raw.rstrip(b"\r\n"), said.masks) or "(empty line)"
        odd = status is None and exchange.odd is not None
        plain = Outcome(
            exchange.number, shown, said.command, exchange.state_before, asks=self._asks, odd=odd
        )
        if status is None or not status.final or exchange.kept:  # kept: the server said nothing
            return plain
        content = self._body.content(complete=self._complete) if self._body else None
        return replace(_with_status(plain, status), content=content)

    def _read_body(self) -> ContentReader:
        if self._body is None:
            self._body = ContentReader(self.exchange.said.command, contents=self._contents)
        return self._body
