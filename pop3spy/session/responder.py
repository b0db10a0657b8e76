"""What can stand in for a server: it is asked commands and gives answers; it knows no sockets."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pop3spy.protocol.commands import Command


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


class Responder(Protocol):
    """One client's conversation with something that answers like a POP3 server."""

    def greet(self) -> Answer:
        """Return what is said first (RFC 1939, section 4)."""

    def answer(self, command: Command) -> Answer:
        """Return the reply to *command*."""

    def answer_sasl(self, line: bytes) -> Answer:
        """Return the reply to *line*, without its line end, which answers a challenge."""

    def end(self) -> None:
        """Let go of everything: the connection is gone.  Called once, after QUIT as well."""
