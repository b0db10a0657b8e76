"""Who keeps a gate, in the order in which they are asked."""

from collections.abc import Iterable

from pop3spy.gate.acts import Keeper
from pop3spy.gate.dryrun import DryRun
from pop3spy.gate.faults import Fault
from pop3spy.gate.faultset import keeper_of
from pop3spy.gate.holds import Holds
from pop3spy.gate.rewrite import Rewrite


def keepers_of(
    rewrites: Iterable[Rewrite],
    faults: Iterable[Fault],
    holds: Holds | None = None,
    *,
    dry_run: bool = False,
) -> list[Keeper]:
    """Return the keepers in their order.

    A person, with *holds*, decides about what rewrites and faults would do; the dry run comes last,
    because it has to see what everybody would have a server hear.
    """
    keepers: list[Keeper] = [*rewrites, *map(keeper_of, faults)]
    if holds:
        keepers.append(holds)
    if dry_run:
        keepers.append(DryRun())
    return keepers
