"""The faults that are set at a gate, which a person may change while sessions last."""

from random import SystemRandom

from pop3spy.gate.acts import Gate, Keeper
from pop3spy.gate.faults import Fault, FaultKeeper

_SEEDS = 1_000_000


class Faults:
    """The faults at *gate* by number; new ones stand there before *behind*, if that is there.

    A number is given once.  A fault that is taken away is over where the reply ends that it is
    about.  No regating is needed but on sides that nobody judged before, or does any more.
    """

    def __init__(self, gate: Gate, behind: Keeper | None = None) -> None:
        self._gate = gate
        self._behind = behind
        found = [keeper for keeper in gate.keepers if isinstance(keeper, FaultKeeper)]
        self.set = dict(enumerate(found, 1))
        self._given = len(found)

    def add(self, fault: Fault) -> FaultKeeper:
        """Set *fault*; return what commits it."""
        keeper, keepers = keeper_of(fault), self._gate.keepers
        place = keepers.index(self._behind) if self._behind in keepers else len(keepers)
        keepers.insert(place, keeper)
        self._given += 1
        self.set[self._given] = keeper
        return keeper

    def remove(self, number: int) -> FaultKeeper:
        """Take a fault away; raise KeyError if there is none."""
        keeper = self.set.pop(number)
        self._gate.keepers.remove(keeper)
        return keeper


def keeper_of(fault: Fault) -> FaultKeeper:
    """Return what commits *fault*, with a seed of its own if it has none."""
    seed = fault.seed
    return FaultKeeper(fault, SystemRandom().randrange(_SEEDS) if seed is None else seed)
