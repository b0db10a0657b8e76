"""What can be done about a frame, and who decides it.

A keeper is given a moment and the acts that those before it have decided on, and returns its own:
so faults, rewrites and holds combine in the order in which they were asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, runtime_checkable

from pop3spy.filters.expression import Filter
from pop3spy.filters.terms import Progress
from pop3spy.protocol.frames import Frame, Side
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.model import Exchange, Session


@dataclass(frozen=True, slots=True)
class Send:
    """Octets go on to the peer."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing happens for so many seconds; infinity is for ever."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Respond:
    """The sender is told *line*, with its end, in the peer's place, behind all earlier replies."""

    line: bytes


class End(Enum):
    """The connections end, both of them."""

    CLOSE = "close"
    RESET = "reset"
    FINISH = "half-close"  # the peer is told that nothing more will come, and may go on


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing happens until *wait*'s argument is called with the acts that are to follow."""

    wait: "Waiting"


@dataclass(frozen=True, slots=True)
class Defer:
    """What is to be done is asked only when it is this act's turn."""

    acts: Callable[[], "Acts"]


Act = Send | Wait | Respond | End | Hold | Defer
Acts = Sequence[Act]
Waiting = Callable[[Callable[[Acts], None]], None]


@dataclass(slots=True)
class Moment:
    """A frame that has come to the gate: as it is, and as it may be shown.

    ``exchange`` is the one that it is part of, None if that is the greeting's or none.  ``notes``
    are who did what about it, and ``by`` who changed it without a note; ``at`` is in seconds since
    the clock started.  ``memory`` is what keepers remember of this session, each under itself.
    """

    session: Session
    frame: Frame
    shown: Frame
    at: float
    exchange: Exchange | None = None
    notes: list[tuple[str, Done]] = field(default_factory=list)
    by: str = "gate"
    memory: dict[object, Any] = field(default_factory=dict)

    def note(self, by: str, did: Done | Deed) -> None:
        """Remember what *by* did."""
        self.notes.append((by, did if isinstance(did, Done) else Done(did)))


@dataclass(frozen=True, slots=True)
class Beginning:
    """What has come of a line, or behind a status line (*in_body*), without its end.

    Whole lines stand before it where only the server's next line tells what they are.  ``exchange``
    is the one whose reply is due where the server speaks, None for the greeting.
    """

    session: Session
    side: Side
    data: bytes
    exchange: Exchange | None
    in_body: bool = False

    def may_become(self, *verbs: str) -> bool:
        """Return whether a line of this may be, or become, a command with one of *verbs*."""
        names = [verb.encode() for verb in verbs]
        *whole, begun = self.data.split(b"\n")
        return any(_begins(line + b"\n", names) for line in whole) or _begins(begun, names)

    def is_meant(self, when: Filter | None) -> bool:
        """Return whether its exchange may be one that *when* means; None means every one."""
        exchange = self.exchange
        if when is None or self.side is Side.CLIENT:  # the command is not known yet
            return True
        if exchange is None:
            return False
        told = when.known is Progress.ASKED and when.settled
        return not told or when.means(self.session, exchange)


def _begins(line: bytes, names: Sequence[bytes]) -> bool:
    """Return whether *line*, which may lack its end, begins with one of *names*, or may do so."""
    word = line.replace(b"\t", b" ").partition(b" ")[0].rstrip(b"\r\n").upper()
    if len(word) < len(line):
        return word in names
    return bool(word) and any(name.startswith(word) for name in names)


def octets_in(acts: Acts) -> bytes:
    """Return what *acts* send to the peer."""
    return b"".join(act.data for act in acts if isinstance(act, Send))


class Keeper(Protocol):
    """Decides about the frames of the sides that it names."""

    @property
    def sides(self) -> frozenset[Side]:
        """The sides that it judges; say ``regate`` to the proxy when they change."""

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        """Return what is to be done, *acts* itself if this keeper wants nothing else."""

    def may_act_on(self, beginning: Beginning) -> bool:
        """Return whether this keeper could act on what begins so; if none could, it goes on."""


@runtime_checkable
class KeepsBack(Protocol):
    """A keeper that may keep the beginning of a line back until it has judged the rest."""

    def give_back(self, side: Side, memory: dict[object, Any]) -> bytes:
        """Return what is kept back of *side* in the session of *memory*: the rest never comes."""


@runtime_checkable
class Withholds(Protocol):
    """A keeper that may keep back what a side has left unjudged when it breaks off.

    Of other keepers' sides that goes on: it is no line, or the server never said what it is.
    """

    by: str

    def withholds(self, beginning: Beginning) -> bool:
        """Return whether the peer is never to hear what was left so."""


class Gate:
    """The keepers of all sessions, in order, and one that a session may have of its own."""

    def __init__(self, keepers: Sequence[Keeper] = ()) -> None:
        self.keepers = list(keepers)
        self._own: tuple[Keeper, ...] = ()

    def beside(self, keeper: Keeper) -> "Gate":
        """Return a gate with the same keepers, whoever they will be, and *keeper* behind them."""
        gate = Gate()
        gate.keepers, gate._own = self.keepers, (keeper,)
        return gate

    @property
    def sides(self) -> frozenset[Side]:
        """The sides that somebody wants to judge."""
        return frozenset().union(*(keeper.sides for keeper in self.now))

    @property
    def personal(self) -> bool:
        """Whether the session has a keeper of its own, who may leave while it lasts."""
        return bool(self._own)

    @property
    def now(self) -> tuple[Keeper, ...]:
        """Who keeps it now."""
        return (*self.keepers, *self._own)

    def judge(self, moment: Moment, keepers: Sequence[Keeper] | None = None) -> Acts | None:
        """Return what is to be done about the frame, None if it goes on as it is.

        *keepers* are asked, if they are not those who keep the gate now.
        """
        asked: Acts = (Send(moment.frame.raw),)
        acts = _judged(moment, asked, self.now if keepers is None else keepers)
        return None if acts is asked else acts

    @staticmethod
    def may_act_on(beginning: Beginning, keepers: Sequence[Keeper]) -> bool:
        """Return whether one of *keepers* could act on what begins so."""
        return any(
            beginning.side in keeper.sides and keeper.may_act_on(beginning) for keeper in keepers
        )

    def withholder(self, beginning: Beginning) -> Withholds | None:
        """Return who keeps back what was left when the side broke off, if anybody does."""
        for keeper in self.now:
            if isinstance(keeper, Withholds) and keeper.withholds(beginning):
                return keeper
        return None


def _judged(moment: Moment, acts: Acts, keepers: Sequence[Keeper]) -> Acts:
    """Return what *keepers* make of *acts*; those behind a hold are asked when that is over."""
    for place, keeper in enumerate(keepers):
        if moment.frame.side not in keeper.sides:
            continue
        before, acts = acts, keeper.judge(moment, acts)
        if acts is not before and (rest := keepers[place + 1 :]):
            match acts:
                case [Hold(wait)]:
                    return (Hold(_before(rest, moment, wait)),)
    return acts


def _before(keepers: Sequence[Keeper], moment: Moment, wait: Waiting) -> Waiting:
    """Return *wait*, behind which *keepers* are asked."""

    def waiting(go: Callable[[Acts], None]) -> None:
        wait(lambda acts: go((Defer(lambda: _judged(moment, acts, keepers)),)))

    return waiting
