"""Facts of all sessions: how long each command took, TLS on either leg, what CAPA listed where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log10
from typing import Final

from pop3spy.logs.stats import CommandStats, quantile
from pop3spy.protocol.text import escape
from pop3spy.report.collected import CollectedSession
from pop3spy.report.timeline import WIDTH, Tick
from pop3spy.session.tls import Tls

_FASTEST: Final = 1e-4
_DECADES: Final = 6
"""The scale of latencies goes from 0.1 ms over six powers of ten to 100 s."""
_MOST_TICKS: Final = 400
"""Different places on that scale; more would not be seen."""

LATENCY_AXIS: Final = tuple(
    Tick(number * WIDTH / _DECADES, text)
    for number, text in enumerate(("0.1 ms", "1", "10", "100", "1 s", "10"))
)


@dataclass(frozen=True, slots=True)
class CommandFacts:
    """A command with its numbers, and each of its latencies as a tick of a path."""

    name: str
    stats: CommandStats
    plot: str

    def wait(self, share: float) -> float | None:
        """Return the seconds to the first octet that a *share* of its replies took at most."""
        return quantile(self.stats.latencies, share)


def commands_of(stats: Mapping[str, CommandStats]) -> list[CommandFacts]:
    """Return a row for each command, the most frequent first."""
    rows = sorted(stats.items(), key=lambda item: (-item[1].count, item[0]))
    return [CommandFacts(name, row, _plot(row.latencies)) for name, row in rows]


def _plot(latencies: Sequence[float]) -> str:
    places = sorted({round(_place(time)) for time in latencies})
    step = max(1, len(places) // _MOST_TICKS)
    return "".join(f"M{place} 2h2v8h-2z" for place in places[::step])


def _place(latency: float) -> float:
    decades = log10(max(latency, _FASTEST) / _FASTEST)
    return min(decades / _DECADES, 1.0) * (WIDTH - 2)


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What TLS came to in *sessions*, with the client or with the server."""

    tls: Tls
    sessions: list[CollectedSession] = field(default_factory=list)


def tls_of(sessions: Sequence[CollectedSession]) -> list[TlsFacts]:
    """Return what TLS came to; sessions in which that is the same share a row."""
    rows: dict[Tls, TlsFacts] = {}
    for kept in sessions:
        for tls in kept.session.legs.values():
            rows.setdefault(tls, TlsFacts(tls)).sessions.append(kept)
    return list(rows.values())


@dataclass(frozen=True, slots=True)
class CapabilityTable:
    """Which capability was listed in which lists; a column has the places where a list was seen."""

    columns: list[tuple[str, list[tuple[CollectedSession, int]]]]
    rows: list[tuple[str, list[bool]]]


def capabilities_of(sessions: Sequence[CollectedSession]) -> CapabilityTable:
    """Return what the servers listed, and in which state; the same lists share a column."""
    servers = {str(kept.session.server) for kept in sessions if kept.capabilities}
    columns: dict[tuple[str, tuple[str, ...]], list[tuple[CollectedSession, int]]] = {}
    for kept in sessions:
        server = f"{escape(str(kept.session.server))}, " if len(servers) > 1 else ""
        for listed in kept.capabilities:
            where = columns.setdefault((f"{server}{listed.where}", listed.names), [])
            where.append((kept, listed.number))
    every = dict.fromkeys(name for _, names in columns for name in names)
    return CapabilityTable(
        [(title, where) for (title, _), where in columns.items()],
        [(name, [name in names for _, names in columns]) for name in every],
    )
