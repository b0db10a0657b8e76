"""The pieces that a POP3 conversation is made of.

Rules: every octet that a side sent is in exactly one frame, in order, so the ``raw`` of a side's
frames joined together is what that side sent.  A frame says what its octets are on the wire, never
what they should have been.  Frames are made by the million, so they are plain slotted objects;
treat them as read-only.
"""

from dataclasses import dataclass, field
from enum import Enum

from pop3spy.protocol import replies
from pop3spy.protocol.commands import Command
from pop3spy.protocol.facts import NO_FACTS, Facts
from pop3spy.protocol.why import Why

Spans = tuple[tuple[int, int], ...]
"""Where in ``raw`` filler stands for a secret: pairs of start and end offset, in octets."""

Cuts = tuple[tuple[int, float], ...]
"""Where in ``raw`` a later read began, and when it came: pairs of offset and seconds."""


class Side(Enum):
    """Who sent something: the client ``C`` or the server ``S``."""

    CLIENT = "C"
    SERVER = "S"

    __hash__ = object.__hash__  # Enum's own is Python code, and sides are keys on the hot path

    other: "Side"
    """The peer of this side."""


# Globals are found faster than members of an Enum, and each read asks whose it is.
CLIENT, SERVER = Side.CLIENT, Side.SERVER
CLIENT.other, SERVER.other = SERVER, CLIENT


@dataclass(slots=True)
class Frame:
    """Octets that one side sent and that belong together.

    ``number`` is the exchange that they are part of: 0 is the greeting's and everything's that
    belongs to no exchange.  ``masks``, ``cuts`` and ``facts`` are empty on a frame as decoded; who
    reads along fills them.  ``facts`` are what is known of octets that may not be shown.
    """

    side: Side
    raw: bytes
    number: int = 0
    masks: Spans = ()
    cuts: Cuts = ()
    facts: Facts = NO_FACTS

    @property
    def truncated(self) -> bool:
        """Whether this is only the beginning of an overlong line; the rest follows as Opaque."""
        return not self.raw.endswith(b"\n")


@dataclass(slots=True)
class CommandLine(Frame):
    """The client asks; ``pipelined`` when it began before the reply before it had ended.

    With ``settles`` the client has taken lines without a status for the replies that were due.
    """

    command: Command = field(kw_only=True)
    pipelined: bool = field(default=False, kw_only=True)
    settles: bool = field(default=False, kw_only=True)


@dataclass(slots=True)
class SaslLine(Frame):
    """The client answers a challenge inside AUTH; always secret."""


@dataclass(slots=True)
class StatusLine(Frame):
    """The server answers: ``+OK`` or ``-ERR`` (RFC 1939, section 3).

    ``has_body`` is None where only the server's next octets can tell; ``final`` is false for a
    reply that lets the client send its data before the real one.
    """

    ok: bool = field(kw_only=True)
    has_body: bool | None = field(default=False, kw_only=True)
    final: bool = field(default=True, kw_only=True)

    @property
    def text(self) -> bytes:
        """What stands behind the status indicator, response code included."""
        return replies.text_of(self.raw)

    @property
    def code(self) -> str | None:
        """The response code without its brackets, in upper case: ``IN-USE``, ``SYS/TEMP``."""
        return replies.code_of(self.text)


@dataclass(slots=True)
class Challenge(Frame):
    """The server asks on inside AUTH (RFC 5034, section 4)."""


@dataclass(slots=True)
class BodyPart(Frame):
    """Some of a multi-line reply, or of a message the client sends; still stuffed, cut anywhere.

    It is ``dotted`` if a line of it, other than the one that it begins in, may begin with a dot.
    """

    dotted: bool = field(default=True, kw_only=True)


@dataclass(slots=True)
class BodyEnd(Frame):
    """The lone dot that ends a body."""


@dataclass(slots=True)
class Opaque(Frame):
    """Octets that are not read; they may come in any number of pieces.

    Shown, ``raw`` is empty and ``counted`` is how many octets there were, or None where even that
    could tell something of a secret; ``ends_line`` is whether a line ended with them.
    """

    why: Why = field(kw_only=True)
    counted: int | None = field(default=None, kw_only=True)
    ends_line: bool = field(default=True, kw_only=True)


@dataclass(slots=True)
class Junk(Frame):
    """A line of the server that is no reply; ``number`` is that of the command that waits.

    With ``settles`` nothing else will come in reply.
    """

    why: Why = field(kw_only=True)
    settles: bool = field(default=False, kw_only=True)
