"""What a server said to one command, judged by nothing but its first octets."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from pop3spy.protocol.commands import line_of
from pop3spy.protocol.replies import code_of
from pop3spy.protocol.text import decode_text, escape

_QUOTED: Final = 72
"""Characters of a line that a note repeats."""


class ReplyKind(Enum):
    """What a line is, or what came in place of one."""

    OK = "+OK"
    ERR = "-ERR"
    CHALLENGE = "+"
    OTHER = "no status"
    CLOSED = "closed"  # before a whole line came
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Reply:
    """One line of the server, with its end, and how many seconds it took.

    ``reset`` is whether the connection ended by a RST in its place; ``waited`` how long it was
    waited for.
    """

    kind: ReplyKind
    raw: bytes = b""
    seconds: float = 0.0
    reset: bool = False
    waited: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it is +OK."""
        return self.kind is ReplyKind.OK

    @property
    def err(self) -> bool:
        """Whether it is -ERR."""
        return self.kind is ReplyKind.ERR

    @property
    def closed(self) -> bool:
        """Whether the connection closed in place of a reply."""
        return self.kind is ReplyKind.CLOSED

    @property
    def text(self) -> bytes:
        """What stands behind the status indicator."""
        line = line_of(self.raw)
        known = self.kind in (ReplyKind.OK, ReplyKind.ERR, ReplyKind.CHALLENGE)
        return line.removeprefix(self.kind.value.encode() * known).removeprefix(b" ")

    @property
    def code(self) -> str | None:
        """Its response code: ``IN-USE``."""
        return code_of(self.text) if self.kind in (ReplyKind.OK, ReplyKind.ERR) else None

    def __str__(self) -> str:
        """Return what came, for a sentence."""
        if self.kind is ReplyKind.CLOSED:
            return "a reset in place of a reply" if self.reset else "a close in place of a reply"
        if self.kind is ReplyKind.SILENT:
            return f"no reply within {self.waited:g} s"
        return quoted(line_of(self.raw))


def kind_of(raw: bytes) -> ReplyKind:
    """Return what a line is: upper case counts, then a blank or the end (RFC 1939, section 3)."""
    line = line_of(raw)
    for kind in (ReplyKind.OK, ReplyKind.ERR, ReplyKind.CHALLENGE):
        word = kind.value.encode()
        if line == word or line.startswith(word + b" "):
            return kind
    return ReplyKind.OTHER


def quoted(octets: bytes) -> str:
    """Return *octets* as a note repeats them."""
    text = escape(decode_text(octets))
    return f'"{text[:_QUOTED]}{"..." if len(text) > _QUOTED else ""}"'
