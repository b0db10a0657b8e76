"""The figures as tables: for the terminal, for a JSON file and for docs/performance.md."""

import os
import platform
import re
import subprocess
import time
from collections.abc import Callable
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


FIGURES = (
    Figure("noop_median_us", "NOOP median, µs", 0),
    Figure("noop_p99_us", "NOOP p99, µs", 0),
    Figure("commands_per_second", "commands/s", 0),
    Figure("sessions_per_second", "sessions/s", 0),
    Figure("retr_mb_per_second", "RETR, MB/s", 0),
    Figure("retr_8bit_mb_per_second", "8-bit, MB/s", 0),
    Figure("small_messages_per_second", "2 KB, messages/s", 0),
    Figure("idle_kib", "KiB/idle session", 1),
)

Row = dict[str, float]
Rounds = list[dict[str, Row]]
"""For each round, for each relay, the figures by name; what failed is not there."""


def tables(rounds: Rounds, names: list[str]) -> str:
    """Return the figures and their ratios as aligned Markdown tables."""
    parts = [_table("relay", names, lambda name, figure: _median(rounds, name, figure))]
    for reference, label in (
        ("none", "times no proxy"),
        ("haproxy", "times HAProxy"),
        ("pop3spy quiet", "times pop3spy quiet"),
    ):
        others = [name for name in names if name not in ("none", reference)]
        if reference.startswith("pop3spy"):
            others = [name for name in others if name.startswith("pop3spy")]
        if reference in names and others:
            parts.append(_table(label, others, _ratios(rounds, reference)))
    return "\n\n".join(parts)


def as_json(rounds: Rounds, names: list[str]) -> dict[str, object]:
    """Return everything measured, each round of it, in a form that json.dump takes."""
    return {
        "conditions": conditions(len(rounds)),
        "relays": {
            name: {
                figure.name: {"median": _middle(values), "rounds": values}
                for figure in FIGURES
                if (values := _values(rounds, name, figure))
            }
            for name in names
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


def _median(rounds: Rounds, name: str, figure: Figure) -> str:
    value = _middle(_values(rounds, name, figure))
    return "-" if value is None else f"{value:,.{figure.digits}f}"


def _ratios(rounds: Rounds, reference: str) -> Callable[[str, Figure], str]:
    """Compare within each round, so that a machine that is slow for a while does not count."""

    def cell(name: str, figure: Figure) -> str:
        value = _middle(
            [
                row[figure.name] / by[figure.name]
                for each in rounds
                if figure.name in (row := each.get(name, {}))
                and (by := each.get(reference, {})).get(figure.name)
            ]
        )
        return "-" if value is None else f"{value:.2f}"

    return cell


def _table(corner: str, names: list[str], cell: Callable[[str, Figure], str]) -> str:
    rows = [[corner, *(figure.title for figure in FIGURES)]]
    rows += [[name, *(cell(name, figure) for figure in FIGURES)] for name in names]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
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
