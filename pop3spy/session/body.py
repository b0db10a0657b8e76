"""What is known of a multi-line reply: sizes, and for a while its first and last octets."""

import re
from dataclasses import dataclass
from typing import Final

from pop3spy.protocol.text import MASK

HEAD = 16384
"""How many octets of a body are kept until it has been told of."""

TAIL = 512
"""How many of a body's last octets are kept, to tell why it has no end."""

LONGEST: Final = 1 << 22
"""How many octets of a listing are kept: of the usual unique-ids, 100,000 or more."""

_STUFFED = re.compile(rb"\n\.")  # a compiled pattern is twice as fast as bytes.count here
_HIDDEN_ERROR: Final = f"-ERR {MASK}".encode()
_ERROR = re.compile(rb"\n(-ERR(?![0-9A-Za-z])[^\r\n]*)\r*\n?\Z", re.IGNORECASE)


@dataclass(slots=True)
class Body:
    """A multi-line reply, without its lone dot; a message that the client sends is not kept.

    ``octets`` counts the wire, stuffed dots included; ``lines`` is None for messages, whose lines
    nobody counts; ``head`` and ``tail``, its first and last octets, are there only until the
    exchange has been told of.  An *anonymous* one has no head, and the text of its error is masked:
    messages have many names, and nobody may learn them.  ``listed`` are the parts of a listing,
    whole up to ``LONGEST`` octets; of one that is ``hidden``, something was masked.
    """

    octets: int = 0
    stuffed: int = 0
    lines: int | None = None
    head: bytes = b""
    tail: bytes = b""
    complete: bool = False
    at_line_start: bool = True
    error_before: bytes | None = None  # the last line, an -ERR, when the client went on
    anonymous: bool = False
    listed: list[bytes] | None = None
    hidden: bool = False

    def add(self, part: bytes, *, dotted: bool = True) -> None:
        """Count another part of it, which may begin in the middle of a line.

        *dotted* says whether a line that begins in it may begin with a dot.
        """
        self.octets += len(part)
        if dotted:
            self.stuffed += len(_STUFFED.findall(part))
        self.stuffed += self.at_line_start and part.startswith(b".")
        self.at_line_start = part.endswith(b"\n")
        if self.lines is not None:
            self.lines += part.count(b"\n")
        if self.listed is not None and (room := LONGEST - self.octets + len(part)) > 0:
            self.listed.append(part[:room])
        if len(self.head) < HEAD and not self.anonymous:
            self.head += part[: HEAD - len(self.head)]
        self.tail = part[-TAIL:] if len(part) >= TAIL else (self.tail + part)[-TAIL:]

    @property
    def error_inside(self) -> bytes | None:
        """The ``-ERR`` line behind which the body stopped: the server may have failed there.

        It stopped for good, or until the client went on; then the replies to that stand in it.
        """
        return self.error_before or (None if self.complete else self._error_at_end())

    def client_spoke(self) -> None:
        """Know that a client went on, which waits for replies, although the body has not ended."""
        self.error_before = self.error_before or self._error_at_end()

    def _error_at_end(self) -> bytes | None:
        start = b"\n" if self.octets == len(self.tail) else b""
        found = _ERROR.search(start + self.tail)
        if found is None:
            return None
        return _HIDDEN_ERROR if self.anonymous else found[1]

    def forget(self) -> None:
        """Let go of its octets: the exchange has been told of."""
        self.head = self.tail = b""
        self.listed = None

    @property
    def size(self) -> int:
        """Octets of the content: what a LIST should have said (RFC 1939, section 11)."""
        return self.octets - self.stuffed
