"""How often each command was given, how it went, and how long it took."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from pop3spy.session.bus import Reader
from pop3spy.session.events import Answered, Event, Unanswered
from pop3spy.session.model import Exchange, Session

_HEAD = (*("command", "count", "errors", "none", "cut", "p50", "p95", "end p95", "max", "octets"),)
"""``none`` had no reply, ``cut`` none that was whole; p50 and p95 are times to the first octet."""


@dataclass(slots=True)
class CommandStats:
    """What is counted of one command.

    ``latencies`` are seconds to the first octet of a reply, ``durations`` to the last of one that
    came whole.
    """

    latencies: deque[float]
    durations: deque[float]
    count: int = 0
    errors: int = 0
    unanswered: int = 0
    incomplete: int = 0
    octets: int = 0

    def add(self, exchange: Exchange) -> None:
        """Count one more."""
        self.count += 1
        self.errors += exchange.ok is False
        self.unanswered += not exchange.answered
        self.incomplete += exchange.answered and not exchange.complete and not exchange.kept
        self.octets += exchange.body.octets if exchange.body else 0
        if exchange.latency is not None:
            self.latencies.append(exchange.latency)
        if exchange.duration is not None and exchange.complete:
            self.durations.append(exchange.duration)

    def cells(self, name: str) -> tuple[str, ...]:
        """Return the row as text."""
        first, whole = sorted(self.latencies), sorted(self.durations)
        times = [_text(quantile(first, share)) for share in (0.5, 0.95)]
        times += [_text(quantile(whole, share)) for share in (0.95, 1.0)]
        numbers = self.count, self.errors, self.unanswered, self.incomplete
        counts = (f"{number:,}" for number in numbers)
        return name, *counts, *times, f"{self.octets:,}"


class Statistics:
    """A subscriber that counts exchanges by command; ``ordered`` and ``table`` tell the result.

    Of each command it remembers the last *latencies*, None for all.
    """

    def __init__(self, latencies: int | None = None) -> None:
        self._latencies = latencies
        self._rows: dict[str, CommandStats] = {}

    def __call__(self, _: Session) -> Reader:
        """Return what counts the exchanges of a session."""
        return self._count

    def _count(self, event: Event) -> None:
        if isinstance(event, Answered | Unanswered):
            name = name_of_command(event.exchange)
            if (row := self._rows.get(name)) is None:
                row = self._rows[name] = CommandStats(
                    deque(maxlen=self._latencies), deque(maxlen=self._latencies)
                )
            row.add(event.exchange)

    def table(self) -> str:
        """Return a line for each command, the most frequent first."""
        return "".join(_aligned(self.cells()))

    def cells(self) -> list[tuple[str, ...]]:
        """Return the same as cells: those of the head, and of a row for each command."""
        return [_HEAD, *(row.cells(name) for name, row in self.ordered())]

    def ordered(self) -> list[tuple[str, CommandStats]]:
        """Return each command by its name, the most frequent first."""
        return sorted(self._rows.items(), key=lambda item: (-item[1].count, item[0]))


def name_of_command(exchange: Exchange) -> str:
    """Return what the client said, or that it did not say it."""
    command = exchange.said.command
    name = command.verb if command.spec else "(unknown)"
    return f"{name} (injected)" if exchange.injected else name


def _aligned(table: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for name, *cells in table:
        rest = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        yield "  ".join([name.ljust(widths[0]), *rest]).rstrip() + "\n"


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the time that a *share* of all took at most, of times in order; None without any."""
    if not ordered:
        return None
    return ordered[ceil(share * len(ordered)) - 1]  # no other was ever measured


def _text(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.2f} s"
