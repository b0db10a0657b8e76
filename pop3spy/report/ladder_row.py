"""A row of a ladder: an arrow, a wait, or something beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pop3spy.protocol.frames import Side
from pop3spy.report.collected import WaitedFor
from pop3spy.session.finding import Finding

HEIGHTS: Final = 7
"""A row of a wait has one of so many heights, counted from 1."""


class RowKind(Enum):
    """What a row shows; the value is its class in the style sheet."""

    CLIENT = "says client"
    SERVER = "says server"
    WAIT = "gap"
    RUN = "run"
    ASIDE = "beside"
    END = "end"


class Reach(Enum):
    """How far an arrow goes; the value is its class."""

    WHOLE = ""
    TO_POP3SPY = "begun"  # and the other side never heard it
    FROM_POP3SPY = "own-words"  # and its sender never said it


@dataclass(slots=True)
class LadderRow:
    """A row: what is told in ``text``, and how its arrow looks.

    ``more`` stands behind the text in another ink, ``took`` in a column.  An arrow has a ``reach``,
    and is ``broken`` if what it stands for never came to its end.  ``exchange`` is the number
    that it links to, and ``side`` the end at which something beside stands.  A wait has a
    ``height``, and is ``slow`` if it was found to be too long; a run has the numbers of the
    exchanges that are ``hidden``.  ``own`` is what a gate did, line by line.
    ``secured`` are the sides with which there is TLS, and ``lines`` those of a body.
    """

    kind: RowKind
    at: float
    text: str = ""
    more: str = ""
    state: str = ""
    took: str = ""
    exchange: int | None = None
    reach: Reach = Reach.WHOLE
    broken: bool = False
    refused: bool = False
    side: Side | None = None
    waited_for: WaitedFor | None = None
    slow: bool = False
    height: int = 0
    hidden: Sequence[int] = ()
    logged_in: bool = False
    secured: frozenset[Side] = frozenset()
    own: Sequence[str] = ()
    lines: Sequence[str] = ()
    findings: Sequence[Finding] = ()

    @property
    def side_word(self) -> str:
        """At which end it stands: ``client`` or ``server``, empty for neither."""
        return "" if self.side is None else self.side.name.lower()
