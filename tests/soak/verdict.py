"""What became of a soak: a row for each minute, and what the rows come to.

Memory is *flat* if the line through the second half of the rows rises by no more than ``FLAT``: of
what the process really has (resident), and of what somebody holds in it.  The first half is for
what is kept up to a bound to come to that bound.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

from soak.measured import Size

FLAT = 0.5
"""MiB a minute; what grows by more in the second half goes on growing."""
_MEASURES = (("resident", "resident memory"), ("live", "memory that is held"))
_LATER = 1 / 2
"""Of the time, from where on memory has to be flat."""
_ROWS = 6
"""In the second half; fewer tell nothing of how memory goes on."""
HEAD = (
    f"{'':>6}{'':>9}{'':>6}{'broken':>8}{'':>6} | {'the proxy takes':<23} | serve takes\n"
    f"{'minute':>6}{'sessions':>9}{'MB':>6}{'off':>8}{'wrong':>6}"
    f" |{'MiB':>6}{'in use':>7}{'fds':>5}{'tasks':>6} |{'MiB':>6}{'fds':>5}{'tasks':>6}"
)


@dataclass(frozen=True)
class Row:
    """A minute: what became of its sessions, and how large programs are when nobody is there."""

    minute: float
    whole: int
    broken_off: int
    wrong: int
    octets: int
    at_once: int
    """How many sessions the proxy had in the middle of the minute."""
    sizes: Mapping[str, Size]

    @property
    def sessions(self) -> int:
        """How many there were."""
        return self.whole + self.broken_off + self.wrong

    def __str__(self) -> str:
        proxy, serve = (self.sizes[name] for name in ("proxy", "serve"))
        return (
            f"{self.minute:>6.1f}{self.sessions:>9,}{self.octets / 1e6:>6,.0f}"
            f"{self.broken_off:>8,}{self.wrong:>6,}"
            f" |{proxy.resident:>6.1f}{proxy.in_use:>7.1f}{proxy.files:>5}{proxy.tasks:>6}"
            f" |{serve.resident:>6.1f}{serve.files:>5}{serve.tasks:>6}"
        )

    def facts(self) -> dict[str, object]:
        """Return all of it, for machines."""
        return {**asdict(self), "sizes": {name: s._asdict() for name, s in self.sizes.items()}}


def later(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the second half."""
    return [row for row in rows if row.minute > rows[-1].minute * _LATER]


def slope(rows: Sequence[Row], program: str, what: str) -> float:
    """Return by how many MiB *what* of *program* grew in a minute of the second half.

    It is the median of the slopes between any two rows, so no single row decides.
    """
    seen: list[tuple[float, float]] = [
        (row.minute, getattr(row.sizes[program], what)) for row in later(rows)
    ]
    if len(seen) < 2:
        return 0.0
    return statistics.median(
        (b - a) / (then - now) for (now, a), (then, b) in combinations(seen, 2)
    )


def flatness(rows: Sequence[Row]) -> str:
    """Return what may be said of memory where nothing is wrong."""
    if len(later(rows)) < _ROWS:
        return f"nothing was left behind; whether memory is flat takes {2 * _ROWS} minutes to tell"
    return f"memory was flat: it rose by less than {FLAT:g} MiB a minute in the second half"


def summary(rows: Sequence[Row]) -> str:
    """Return in a sentence what there was."""
    sessions, octets = sum(row.sessions for row in rows), sum(row.octets for row in rows)
    at_once = max(row.at_once for row in rows)
    grows = ", ".join(
        f"{name} {slope(rows, name, 'live'):+.2f} ({slope(rows, name, 'resident'):+.2f})"
        for name in rows[-1].sizes
    )
    return (
        f"{sessions:,} sessions in {rows[-1].minute:.1f} minutes, up to {at_once} at once;"
        f" {octets / 1e6:,.0f} MB compared.\nMiB a minute in the second half, held (resident):\n "
        f" {grows}"
    )


def faults(rows: Sequence[Row], before: Mapping[str, Size]) -> Iterator[str]:
    """Yield in a sentence each what is not as it should be; *before* is from before all rows."""
    if wrong := sum(row.wrong for row in rows):
        yield f"{wrong:,} sessions were told something wrong, or ended without a reason"
    if not all(row.whole for row in rows):
        yield "there was a minute without a single whole session"
    for program, size in before.items():
        last = rows[-1].sizes[program]
        for what in ("files", "tasks"):
            if getattr(last, what) > getattr(size, what):
                was, now = getattr(size, what), getattr(last, what)
                yield f"{program}: {what} went from {was} to {now} while nobody was there"
        if len(later(rows)) < _ROWS:
            continue
        for what, called in _MEASURES:
            if (rises := slope(rows, program, what)) > FLAT:
                yield f"{program}: {called} rises by {rises:.2f} MiB a minute in the second half"
