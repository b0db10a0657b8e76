"""Measure the proxy beside HAProxy, socat and no proxy, all in one run: `make bench`.

The relays take turns at each figure, so that a noisy minute of the machine hits all of them.
Tables go to stdout, progress to stderr; docs/performance.md tells what the figures mean.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from benchmarks.programs import (
    LOAD_CORES,
    RELAYS,
    BenchmarkError,
    Program,
    build,
    idle_sessions,
    load,
    start_relay,
    start_server,
)
from benchmarks.report import Rounds, Row, as_json, conditions, tables, write

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
IDLE_SESSIONS = 200
# Memory first: what a relay freed after heavy load would hide what a session takes.
MEASURES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("idle", (IDLE_SESSIONS,)),
    ("noop", (5000,)),
    ("many", (64, 2)),
    ("sessions", (2000, 16)),
    ("retr", (1,)),
    ("retr", (2,)),
    ("small", (20000, 100)),
)
BUSY = 0.1  # the share of the cores that other programs may have without a warning
SETTLE = 0.3  # seconds in which a relay finishes what it does after it has relayed

Running = dict[str, tuple[Program, int]]


def main() -> int:
    """Run the benchmark and return its exit status."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    try:
        commands = _chosen(options.only, dict(options.command))
        if (busy := _busy()) > BUSY:
            _tell(f"other programs keep this machine {busy:.0%} busy; expect scattered figures")
        build()
        rounds, failures = _measure(commands, options.rounds)
        names = [name for name in commands if any(each.get(name) for each in rounds)]
        text = f"{conditions(len(rounds))}\n\n{tables(rounds, names)}"
        sys.stdout.write(f"{text}\n")
        if options.json:
            options.json.write_text(f"{json.dumps(as_json(rounds, names), indent=1)}\n")
        if options.write:
            write(PAGE, text)
    except (BenchmarkError, OSError) as problem:
        _tell(f"bench: {problem}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 1 if failures else 0


def _measure(commands: dict[str, str], count: int) -> tuple[Rounds, int]:
    """Run so many rounds; return them and the number of failures."""
    os.sched_setaffinity(0, LOAD_CORES)  # for the clients, which inherit it
    rounds: Rounds = []
    failures = 0
    for number in range(1, count + 1):
        _tell(f"round {number} of {count}")
        with _running(commands) as running:
            if not running:
                raise BenchmarkError("there is nothing to measure")
            figures, failed = _round(running, reverse=number % 2 == 0)
            commands = {name: commands[name] for name in running}  # the others stay left out
        rounds.append(figures)
        failures += failed
    return rounds, failures


def _round(running: Running, *, reverse: bool) -> tuple[dict[str, Row], int]:
    """Take every figure of every relay once; return them and the number of failures."""
    figures: dict[str, Row] = {name: {} for name in running}
    failures = 0
    for role, arguments in MEASURES:
        # Every other round runs backwards, so that no relay always follows the same one.
        for name in sorted(running, key=list(running).index, reverse=reverse):
            program, port = running[name]
            try:
                if role != "idle":
                    figures[name] |= load(role, port, *arguments)
                elif name != "none":
                    figures[name]["idle_kib"] = _memory(program, port)
            except BenchmarkError as problem:
                failures += 1
                _tell(f"{name}: {problem}")
            time.sleep(SETTLE)
        _tell(f"  {' '.join(map(str, (role, *arguments)))} measured")
    return figures, failures


def _memory(program: Program, port: int) -> float:
    before = program.memory()
    with idle_sessions(port, IDLE_SESSIONS):
        time.sleep(SETTLE)
        return (program.memory() - before) / IDLE_SESSIONS


@contextmanager
def _running(commands: dict[str, str]) -> Iterator[Running]:
    """Start the server and the relays anew; one that does not start is told and left out."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server, upstream = start_server(folder)
        stack.callback(server.stop)
        running: Running = {}
        for name, command in commands.items():
            try:
                running[name] = start_relay(command, upstream, folder)
            except BenchmarkError as problem:
                _tell(f"{name}: left out: {problem}")
            else:
                stack.callback(running[name][0].stop)
        yield running


def _chosen(patterns: list[str], added: dict[str, str]) -> dict[str, str]:
    commands = RELAYS | added
    chosen = {
        name: command
        for name, command in commands.items()
        if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
    }
    if not chosen:
        raise BenchmarkError(f"--only matches none of: {', '.join(commands)}")
    return chosen


def _named_command(text: str) -> tuple[str, str]:
    name, equals, command = text.partition("=")
    if not (name and equals and command):
        raise argparse.ArgumentTypeError("expected NAME=COMMAND")
    return name, command


def _rounds(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one")
    return number


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks/relay.py", description=__doc__)
    parser.add_argument("--rounds", type=_rounds, default=5, help="default: 5")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="measure this relay, wildcards allowed; may be repeated",
    )
    parser.add_argument(
        "--command",
        action="append",
        default=[],
        type=_named_command,
        metavar="NAME=COMMAND",
        help="measure another relay too; {port} and {upstream} are put in",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round's figures")
    parser.add_argument("--write", action="store_true", help="rewrite docs/performance.md")
    return parser.parse_args()


def _busy() -> float:
    """Return the share of all cores that is in use during one second."""
    used, total = _ticks()
    time.sleep(1)
    used_after, total_after = _ticks()
    return (used_after - used) / max(1, total_after - total)


def _ticks() -> tuple[int, int]:
    user, nice, system, idle, waiting, *others = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    )
    used = user + nice + system + sum(others)
    return used, used + idle + waiting


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
