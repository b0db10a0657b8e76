"""What can stand in for a server: it is asked commands and gives answers; it knows no sockets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from pop3spy.protocol.commands import Command


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is said for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply.

    ``line`` is the status line or the challenge, without its line end.  ``body``, if there is one,
    yields wire text in pieces: lines ended by CRLF, already stuffed, without the lone dot.  With
    ``asks`` the line is a challenge and the client's next line answers it; with ``close`` the
    connection ends behind the reply.
    """

    line: bytes
    body: Iterable[bytes] | None = None
    asks: bool = False
    close: bool = False

    def wire(self) -> Iterator[bytes | Pause]:
        """Yield the octets of the reply in the pieces in which they are sent."""
        yield self.line + b"\r\n"
        if self.body is not None:
            yield from self.body
            yield b".\r\n"


@dataclass(frozen=True, slots=True)
class Verbatim(Answer):
    """A reply octet by octet, right or wrong: its pieces are all that is sent, with no end added.

    Without pieces nothing is said.  ``line`` is what the reply amounts to.
    """

    pieces: Iterable[bytes | Pause] = ()

    def wire(self) -> Iterator[bytes | Pause]:
        """Yield the octets and the pauses between them."""
        yield from self.pieces


class Responder(Protocol):
    """One client's conversation with something that answers like a POP3 server.

    Logging in, quitting and ending may happen in another thread than the rest, but never two calls
    at once.
    """

    def greet(self) -> Answer:
        """Return what is said first (RFC 1939, section 4)."""

    def answer(self, command: Command) -> Answer:
        """Return the reply to *command*."""

    def answer_sasl(self, line: bytes) -> Answer:
        """Return the reply to *line*, without its line end, which answers a challenge."""

    def secured(self) -> None:
        """Forget what was said until now: TLS has begun (RFC 2595, section 4)."""

    def end(self) -> None:
        """Let go of everything: the connection is gone.  Called once, after QUIT as well."""
