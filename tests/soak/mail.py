"""Who comes, what each finds in the maildrop, and what each is in for.

Every place in the crowd has an account of its own, whose name says what happens to it: the faults
of the proxy and of the server are set for such names.
"""

from enum import Enum
from typing import NamedTuple

from lab.corpus import MESSAGES, PASSWORD, Message, base64_lines, message

__all__ = ["HELD", "PASSWORD", "Account", "Fate", "Way", "accounts"]

_SMALL = {"plain", "dots", "every-octet", "fake-replies", "bare-cr", "latin-1", "line-of-70000"}
HELD: tuple[Message, ...] = (
    *(each for each in MESSAGES if each.name in _SMALL),
    message("attachment", base64_lines(6, 200_000)),
)
"""The messages of every account."""


class Fate(Enum):
    """What a client does, or what is done to it."""

    ORDINARY = "ordinary"
    AHEAD = "ahead"
    """It says its commands without waiting for replies."""
    SLOW = "slow"
    """It reads a little at a time, and has little room for more."""
    STOPPED = "stopped"
    """It reads nothing for seconds in the middle of a message, and then goes on."""
    LEAVES = "leaves"
    """It closes in the middle of a message."""
    RESETS = "resets"
    """It does so with a reset."""
    DELAYED = "delayed"
    SLICED = "sliced"
    TRICKLED = "trickled"
    REFUSED = "refused"
    RENAMED = "renamed"
    CUT = "cut"
    RESET = "reset"
    DROPPED = "dropped"
    """Its server, not the proxy, hangs up in the middle of a message."""
    ABORTED = "aborted"
    """Its server does so with a reset."""

    @property
    def ends_early(self) -> bool:
        """Whether a message may break off in its middle."""
        return self in {Fate.CUT, Fate.RESET, Fate.DROPPED, Fate.ABORTED}


class Way(NamedTuple):
    """How a client gets to its server."""

    server: str
    """``dovecot``, ``serve``, or ``fresh``: another ``serve``, which is started anew at times."""
    tls: str
    """``plain``, ``stls`` or ``pop3s``."""

    def __str__(self) -> str:
        return f"{self.server}-{self.tls}"


class Account(NamedTuple):
    """One place in the crowd."""

    number: int
    way: Way
    fate: Fate

    @property
    def name(self) -> str:
        """What it logs in as."""
        return f"{self.fate.value}-{self.number}"


_OF_SERVE_ALONE = {Fate.DROPPED, Fate.ABORTED}
_SERVES = {"serve", "fresh"}
_FATES = (*Fate, *[Fate.ORDINARY] * 5)


def accounts(count: int, ways: tuple[Way, ...]) -> list[Account]:
    """Return the accounts of so many places, evenly spread over *ways* and fates."""
    found = []
    for number in range(count):
        way, fate = ways[number % len(ways)], _FATES[number // len(ways) % len(_FATES)]
        if fate in _OF_SERVE_ALONE and way.server not in _SERVES:
            fate = Fate.ORDINARY
        found.append(Account(number, way, fate))
    return found


PROXY_FAULTS = (
    f"delay time=300ms jitter=200ms when user ~ ^{Fate.DELAYED.value}- and verb = STAT,RETR",
    f"slice size=1000 when user ~ ^{Fate.SLICED.value}-",
    f"bandwidth rate=60K when user ~ ^{Fate.TRICKLED.value}- and verb = RETR",
    f"answer when user ~ ^{Fate.REFUSED.value}- and verb = NOOP",
    f"changed-uid suffix=-new when user ~ ^{Fate.RENAMED.value}- and verb = UIDL",
    f"cut after=20K when user ~ ^{Fate.CUT.value}- and verb = RETR",
    f"reset after=20K when user ~ ^{Fate.RESET.value}- and verb = RETR",
)
SERVER_FAULTS = (
    f"cut after=20K when user ~ ^{Fate.DROPPED.value}- and verb = RETR",
    f"reset after=20K when user ~ ^{Fate.ABORTED.value}- and verb = RETR",
)
