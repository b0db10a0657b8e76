"""The figures as tables: for the terminal, for a JSON file and for docs/performance.md."""

import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.programs import BenchmarkError, find

START, END = "<!-- bench:start -->", "<!-- bench:end -->"


@dataclass(frozen=True)
class Figure:
    """One column: its name in the files, its heading, and how many decimals it deserves."""

    name: str
    title: str
    digits: int


Figures = tuple[Figure, ...]

WALL: Figures = (
    Figure("noop_median_us", "NOOP median, µs", 0),
    Figure("noop_p99_us", "NOOP p99, µs", 0),
    Figure("commands_per_second", "commands/s", 0),
    Figure("sessions_per_second", "sessions/s", 0),
    Figure("retr_ascii_mb_per_second", "RETR, MB/s", 0),
    Figure("retr_utf8_mb_per_second", "UTF-8, MB/s", 0),
    Figure("retr_octets_mb_per_second", "octets, MB/s", 0),
    Figure("small_messages_per_second", "2 KB, messages/s", 0),
    Figure("idle_kib", "KiB/idle session", 1),
)
CPU: Figures = (
    Figure("noop_cpu_us", "NOOP, 1 client", 1),
    Figure("command_cpu_us", "NOOP, 64 clients", 1),
    Figure("session_cpu_us", "session", 0),
    Figure("ascii_cpu_us", "MB of RETR", 0),
    Figure("utf8_cpu_us", "MB of UTF-8", 0),
    Figure("octets_cpu_us", "MB of octets", 0),
    Figure("small_cpu_us", "2 KB message", 1),
)
HELP = Figure("help_cpu_ms", "CPU, ms", 0)

Cell = Callable[[str, Figure], str]
Row = dict[str, float]
Rounds = list[dict[str, Row]]
"""For each round, for each relay, the figures by name; what failed is not there."""


def report(rounds: Rounds, names: list[str]) -> str:
    """Return when and how it was measured, and the figures and their ratios as Markdown."""
    helps = [name for name in rounds[0] if HELP.name in rounds[0][name]]
    tables = [
        *_wall_tables(rounds, names),
        *_cpu_tables(rounds, [name for name in names if name != "none"]),
        _table("program", helps, (HELP,), _medians(rounds)),
    ]
    return "\n\n".join([conditions(len(rounds)), *filter(None, tables)])


def _wall_tables(rounds: Rounds, names: list[str]) -> Iterator[str]:
    yield _table("relay", names, WALL, _medians(rounds))
    for by, label in (
        ("none", "times no proxy"),
        ("haproxy", "times HAProxy"),
        ("pop3spy quiet", "times pop3spy quiet"),
    ):
        pairs = {name: (name, by) for name in _others(names, by)}
        yield _table(label, list(pairs), WALL, _ratios(rounds, pairs))


def _cpu_tables(rounds: Rounds, names: list[str]) -> Iterator[str]:
    """Yield the same of processor time, divided the other way: more is better there too."""
    yield _table("CPU, µs", names, CPU, _medians(rounds))
    for of, label in (
        ("haproxy", "HAProxy's CPU / its own"),
        ("pop3spy quiet", "CPU of pop3spy quiet / its own"),
    ):
        pairs = {name: (of, name) for name in _others(names, of)}
        yield _table(label, list(pairs), CPU, _ratios(rounds, pairs))
    older = {name: f"before{name.removeprefix('pop3spy')}" for name in names if _is_spy(name)}
    pairs = {name: (before, name) for name, before in older.items() if before in names}
    yield _table("CPU before / now", list(pairs), CPU, _ratios(rounds, pairs))


def _others(names: list[str], reference: str) -> list[str]:
    """Return the relays that are compared with this one; none if it was not measured."""
    others = [name for name in names if name not in ("none", reference)]
    if reference.startswith("pop3spy"):
        others = [name for name in others if _is_spy(name)]
    return others if reference in names else []


def _is_spy(name: str) -> bool:
    return name.startswith("pop3spy")


def as_json(rounds: Rounds, names: list[str]) -> dict[str, object]:
    """Return everything measured, each round of it, in a form that json.dump takes."""
    helps = [name for name in rounds[0] if name not in names]
    return {
        "conditions": conditions(len(rounds)),
        "relays": {
            name: {
                figure.name: {"median": _middle(values), "rounds": values}
                for figure in (*WALL, *CPU, HELP)
                if (values := _values(rounds, name, figure))
            }
            for name in [*names, *helps]
        },
    }


def write(page: Path, text: str, start: str = START, end: str = END) -> None:
    """Put the text between the two marks of a page."""
    before, begins, rest = page.read_text().partition(start)
    _, ends, after = rest.partition(end)
    if not begins or not ends:
        raise BenchmarkError(f"{page} lacks {start} or {end}")
    page.write_text(f"{before}{start}\n\n{text}\n\n{end}{after}")


def conditions(rounds: int) -> str:
    """Return one sentence about when, on what and with which programs this was measured."""
    return (
        f"{occasion()}, HAProxy {_version('haproxy', '-v')}, socat {_version('socat', '-V')};"
        f" median of {rounds} round{'s' * (rounds != 1)}."
    )


def occasion() -> str:
    """Return the beginning of such a sentence: the day, the machine and its Python."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"Measured {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores ({_processor()}),"
        f" {platform.system()} {'.'.join(platform.release().split('.')[:2])}, {python}"
    )


def _values(rounds: Rounds, name: str, figure: Figure) -> list[float]:
    return [row[figure.name] for each in rounds if figure.name in (row := each.get(name, {}))]


def _middle(values: list[float]) -> float | None:
    return median(values) if values else None


def _medians(rounds: Rounds) -> Cell:
    def cell(name: str, figure: Figure) -> str:
        value = _middle(_values(rounds, name, figure))
        return "-" if value is None else f"{value:,.{figure.digits}f}"

    return cell


def _ratios(rounds: Rounds, pairs: dict[str, tuple[str, str]]) -> Cell:
    """Divide the figures of the two relays of each pair, the first's by the second's.

    It is done within each round, so that a machine that is slow for a while does not count.
    """

    def cell(name: str, figure: Figure) -> str:
        rows = [[each.get(relay, {}).get(figure.name) for relay in pairs[name]] for each in rounds]
        value = _middle([above / below for above, below in rows if above and below])
        return "-" if value is None else f"{value:.{2 if value >= 0.1 else 3}f}"

    return cell


def _table(corner: str, names: list[str], figures: Figures, cell: Cell) -> str:
    """Return an aligned table, without columns in which nothing was measured."""
    rows = [[corner, *(figure.title for figure in figures)]]
    rows += [[name, *(cell(name, figure) for figure in figures)] for name in names]
    columns = [each for each in zip(*rows, strict=True) if set(each[1:]) != {"-"}]
    if not names or len(columns) == 1:
        return ""
    rows = [list(row) for row in zip(*columns, strict=True)]
    widths = [max(map(len, column)) for column in columns]
    lines = [
        f"| {row[0]:<{widths[0]}} | "
        + " | ".join(f"{text:>{width}}" for text, width in zip(row[1:], widths[1:], strict=True))
        + " |"
        for row in rows
    ]
    rule = f"|{'-' * (widths[0] + 2)}|" + "".join(f"{'-' * (w + 1)}:|" for w in widths[1:])
    return "\n".join([lines[0], rule, *lines[1:]])


def _version(program: str, option: str) -> str:
    try:
        said = subprocess.run(
            [find(program), option], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except BenchmarkError:
        return "missing"
    found = re.search(r"version (\d[\d.]*\d)", said)
    return found[1] if found else "of unknown version"


def _processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()
