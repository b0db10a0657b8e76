"""What a gate can do about what is said: a table, and the words for it.

Rule: nobody decides by the words; they are for people, and made here alone.
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pop3spy.protocol.text import MASK

_AMOUNTS: Final = ("ticket", "waited", "after", "seconds", "octets")
_MOST: Final = 10**15
"""More than any amount is, and less than what would fill a line."""


class Deed(Enum):
    """What was done; a row is its words, which follow the name of who did it.

    Amounts in braces belong to it.
    """

    HELD = "held as {ticket}"
    RELEASED = "let go"
    EDITED = "edited"
    DROPPED = "dropped"
    ANSWERED = "answered"
    ANSWERED_COMMAND = "answered, and the server heard nothing"
    ANSWERED_REPLY = "answered in place of the server"
    INJECTED = "sent a command"
    CHANGED = "changed it"
    CHANGED_COMMAND = "changed the command"
    CHANGED_SHAPE = "changed the command, whose reply has another shape"
    CHANGED_STATUS = "changed the status line"
    CHANGED_SIZES = "added {octets:+,} to a size"
    CHANGED_UIDS = "changed unique-ids"
    CHANGED_CAPA = "changed the capabilities"
    UNSTUFFED = "took a stuffed dot away"
    UNTERMINATED = "left out the lone dot"
    BARE_LF = "made LF of CR LF"
    EXTRA_REPLY = "said a line that nobody asked for"
    GARBAGE = "put {octets:,} random octets in"
    DELAYED = "waited {seconds:.3g} s"
    SLOWED = "slowed to {octets:,} octets a second"
    SLICED = "cut into pieces of {octets}"
    STALLED = "stalled"
    CLOSED = "closed"
    RESET = "reset"
    HALF_CLOSED = "half-closed"
    DRY_CLOSED = "closed: what cannot be read may be a DELE"
    DRY_REFUSED = "refused a DELE of nothing"
    DRY_REFUSED_AGAIN = "refused to delete again"
    DRY_REFUSED_STLS = "refused STLS: a DELE in TLS could not be seen"
    DRY_REFUSED_XMIT = "refused XTND XMIT: a DELE could be taken for a line of a message"
    DRY_ASKED = "asked the server for the size instead"
    DRY_DELETED = "told the client that the message is deleted"
    DRY_ANSWERED = "answered for a message that is marked"
    DRY_LEFT_OUT = "left the marked messages out"
    STLS_GRANTED = "granted it"
    STLS_FIRST = "asked for it first"
    STLS_FAILED = "told the client that there is no TLS"
    STLS_CUT_OFF = "kept clear text out of TLS"
    STLS_CLOSED = "closed: what cannot be read may be a secret"
    STLS_LISTED = "answered for a server that does not know CAPA"
    WITHHELD = "kept back what came without its end, or too late to be judged"
    OTHER = "{text}"  # a recording tells it in words that are nobody else's

    @property
    def code(self) -> str:
        """Its name in recordings: ``changed_command``."""
        return self.name.lower()

    @property
    def amounts(self) -> frozenset[str]:
        """What has to be known to tell it."""
        return frozenset(name for _, name, _, _ in string.Formatter().parse(self.value) if name)


TAKES_TIME: Final = frozenset({Deed.DELAYED, Deed.SLOWED, Deed.SLICED, Deed.STALLED, Deed.HELD})
"""Deeds because of which time passes that neither side took."""


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done, with the amounts that belong to it; as text it is the words.

    ``ticket`` is the number of what is held, and ``waited`` the seconds until a person decided
    about that; ``after`` so many octets it was done, and ``seconds`` and ``octets`` are how much.
    """

    deed: Deed
    ticket: int | None = None
    waited: float | None = None
    after: int | None = None
    seconds: float | None = None
    octets: int | None = None
    text: str = ""

    def __str__(self) -> str:
        """Return the words that follow the name of who did it; not escaped."""
        words = self.deed.value.format(
            ticket=self.ticket, seconds=self.seconds, octets=self.octets, text=self.text
        )
        if self.waited is not None:
            return f"{words} after {self.waited:.1f} s"
        return words if self.after is None else f"{words} after {self.after:,} octets"

    def hidden(self) -> "Done":
        """Return it without words of its own, which may name anybody."""
        return in_words(MASK) if self.deed is Deed.OTHER else self

    def facts(self) -> dict[str, object]:
        """Return it as a recording keeps it: the words for people, and what is read again."""
        if self.deed is Deed.OTHER:
            return {"did": self.text}
        amounts = {name: getattr(self, name) for name in _AMOUNTS}
        known = {name: amount for name, amount in amounts.items() if amount is not None}
        return {"did": str(self), "deed": self.deed.code, **known}


def in_words(text: str) -> Done:
    """Return what is known of something in words alone."""
    return Done(Deed.OTHER, text=text)


def done_from(facts: Mapping[str, object]) -> Done:
    """Return what a recording kept: words alone, if it is one of an earlier version."""
    words = in_words(str(facts.get("did", "")))
    deed = _DEEDS.get(str(facts.get("deed", "")))
    if deed is None:
        return words
    done = Done(
        deed,
        ticket=_whole(facts.get("ticket")),
        waited=_seconds(facts.get("waited")),
        after=_whole(facts.get("after")),
        seconds=_seconds(facts.get("seconds")),
        octets=_whole(facts.get("octets")),
    )
    return done if all(getattr(done, name) is not None for name in deed.amounts) else words


_DEEDS: Final = {deed.code: deed for deed in Deed if deed is not Deed.OTHER}


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not abs(value) < _MOST:
        return None
    return value


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST:
        return None
    return float(value)
