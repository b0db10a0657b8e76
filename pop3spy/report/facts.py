"""Facts of all sessions: how long each command took, TLS on either leg, what CAPA listed where."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log10
from typing import Final

from pop3spy.logs.stats import CommandStats, quantile
from pop3spy.report.collected import CollectedSession
from pop3spy.report.timeline import WIDTH, Tick
from pop3spy.session.tls import Tls

_FASTEST: Final = 1e-4
_DECADES: Final = 6
"""The scale of latencies goes from 0.1 ms over six powers of ten to 100 s."""
_TICK: Final = 2
"""Units that a latency is broad in the picture."""

LATENCY_AXIS: Final = tuple(
    Tick(number * WIDTH / _DECADES, text)
    for number, text in enumerate(("0.1 ms", "1", "10", "100", "1 s", "10"))
)
LATENCY_GRID: Final = "".join(f"M{tick.at:.0f} 0v12" for tick in LATENCY_AXIS[1:])


@dataclass(frozen=True, slots=True)
class CommandFacts:
    """A command with its numbers; ``waits`` are its latencies in order, ``plot`` their picture."""

    name: str
    stats: CommandStats
    waits: list[float]
    plot: str

    def wait(self, share: float) -> float | None:
        """Return the seconds to the first octet that a *share* of its replies took at most."""
        return quantile(self.waits, share)


def commands_of(stats: Sequence[tuple[str, CommandStats]]) -> list[CommandFacts]:
    """Return a row for each command, in the same order."""
    return [CommandFacts(name, row, sorted(row.latencies), _plot(row)) for name, row in stats]


def _plot(row: CommandStats) -> str:
    places = sorted({_TICK * round(_place(time) / _TICK) for time in row.latencies})
    return "".join(f"M{place} 2h{_TICK}v8h-{_TICK}z" for place in places)


def _place(latency: float) -> float:
    decades = log10(max(latency, _FASTEST) / _FASTEST)
    return min(decades / _DECADES, 1.0) * (WIDTH - _TICK)


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What TLS came to in *sessions*, with the client or with the server."""

    tls: Tls
    sessions: list[CollectedSession] = field(default_factory=list)


def tls_of(sessions: Sequence[CollectedSession]) -> list[TlsFacts]:
    """Return what TLS came to; sessions in which that is the same share a row."""
    rows: dict[Tls, TlsFacts] = {}
    for collected in sessions:
        for tls in collected.session.legs.values():
            rows.setdefault(tls, TlsFacts(tls)).sessions.append(collected)
    return list(rows.values())


@dataclass(frozen=True, slots=True)
class CapabilityTable:
    """Which capability was listed in which lists; a column has the places where a list was seen."""

    columns: list[tuple[str, list[tuple[CollectedSession, int]]]]
    rows: list[tuple[str, list[bool]]]


def capabilities_of(sessions: Sequence[CollectedSession]) -> CapabilityTable:
    """Return what the servers listed, and in which state; the same lists share a column."""
    servers = {collected.server for collected in sessions if collected.capabilities}
    columns: dict[tuple[str, tuple[str, ...]], list[tuple[CollectedSession, int]]] = {}
    for collected in sessions:
        server = f"{collected.server}, " if len(servers) > 1 else ""
        for listed in collected.capabilities:
            where = columns.setdefault((f"{server}{listed.where}", listed.names), [])
            where.append((collected, listed.number))
    every = dict.fromkeys(name for _, names in columns for name in names)
    return CapabilityTable(
        [(title, where) for (title, _), where in columns.items()],
        [(name, [name in names for _, names in columns]) for name in every],
    )
