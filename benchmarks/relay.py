"""Measure the proxy beside HAProxy, socat and no proxy, all in one run: `make bench`.

The relays take turns at each figure, so that a noisy minute of the machine hits all of them.
Tables go to stdout, progress to stderr; docs/performance.md tells what the figures mean.
"""

import argparse
import json
import os
import re
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import median

from benchmarks.measures import BODY_MB, HELP, MEASURES, QUICK_BODY_MB, Measure, chosen, take
from benchmarks.programs import (
    LOAD_CORES,
    RELAYS,
    BenchmarkError,
    Program,
    build,
    find,
    start_relay,
    start_server,
)
from benchmarks.report import Rounds, Row, as_json, report, write
from benchmarks.usage import run_seconds

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BUSY = 0.1  # the share of the cores that other programs may have without a warning
HELPS = 5  # how often the help is asked for in a round

Running = dict[str, tuple[Program, int]]


def main() -> int:
    """Run the benchmark and return its exit status."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    try:
        measures = chosen(options.figures, quick=options.quick)
        commands = _commands(options.only, dict(options.command), options.before)
        if (busy := _busy()) > BUSY:
            _tell(f"other programs keep this machine {busy:.0%} busy; expect scattered figures")
        build()
        body = QUICK_BODY_MB if options.quick else BODY_MB
        rounds, failures = _measure(commands, measures, options.rounds, body)
        names = [name for name in commands if any(each.get(name) for each in rounds)]
        text = report(rounds, names)
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


def _measure(
    commands: dict[str, str], measures: list[Measure], count: int, body: int
) -> tuple[Rounds, int]:
    """Run so many rounds; return them and the number of failures."""
    os.sched_setaffinity(0, LOAD_CORES)  # for the clients, which inherit it
    rounds: Rounds = []
    failures = 0
    for number in range(1, count + 1):
        _tell(f"round {number} of {count}")
        with _running(commands, body) as running:
            if not running:
                raise BenchmarkError("there is nothing to measure")
            figures, failed = _round(running, measures, reverse=number % 2 == 0)
            commands = {name: commands[name] for name in running}  # the others stay left out
        if HELP in measures:
            figures |= _helps(commands)
        rounds.append(figures)
        failures += failed
    return rounds, failures


def _round(
    running: Running, measures: list[Measure], *, reverse: bool
) -> tuple[dict[str, Row], int]:
    """Take every figure of every relay once; return them and the number of failures."""
    figures: dict[str, Row] = {name: {} for name in running}
    failures = 0
    for measure in measures:
        if measure == HELP:
            continue
        # Every other round runs backwards, so that no relay always follows the same one.
        for name in sorted(running, key=list(running).index, reverse=reverse):
            if name == "none" and measure.name == "idle":
                continue  # the server's memory is nobody's figure
            try:
                figures[name] |= take(measure, *running[name])
            except BenchmarkError as problem:
                failures += 1
                _tell(f"{name}: {problem}")
        _tell(f"  {' '.join(map(str, (measure.name, *measure.work)))} measured")
    return figures, failures


def _helps(commands: dict[str, str]) -> dict[str, Row]:
    """Return the processor time of ``--help`` of each pop3spy of which a relay is measured."""
    programs: dict[str, str] = {}
    for name, command in commands.items():
        for word in shlex.split(command):
            if Path(word).name == "pop3spy":
                programs.setdefault(f"{name.split()[0]} --help", word)
    return {
        name: {
            "help_cpu_ms": median(run_seconds([find(path), "--help"]) for _ in range(HELPS)) * 1e3
        }
        for name, path in programs.items()
    }


@contextmanager
def _running(commands: dict[str, str], body: int) -> Iterator[Running]:
    """Start the server and the relays anew; one that does not start is told and left out."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server, upstream = start_server(folder, body)
        stack.callback(server.stop)
        running: Running = {}
        for name, command in commands.items():
            try:
                running[name] = start_relay(command, upstream, folder, body)
            except BenchmarkError as problem:
                _tell(f"{name}: left out: {problem}")
            else:
                stack.callback(running[name][0].stop)
        yield running


def _commands(patterns: list[str], added: dict[str, str], before: Path | None) -> dict[str, str]:
    """Return the relays to measure; behind each pop3spy the same one of before, if there is one."""
    commands = RELAYS | added
    wanted = {
        name: command
        for name, command in commands.items()
        if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
    }
    if not wanted:
        raise BenchmarkError(f"--only matches none of: {', '.join(commands)}")
    if not before:
        return wanted
    paired = {}
    for name, command in wanted.items():
        paired[name] = command
        if name.startswith("pop3spy"):
            older = re.sub(r"\bpop3spy(?= )", shlex.quote(str(before.resolve())), command, count=1)
            paired[f"before{name.removeprefix('pop3spy')}"] = older
    return paired


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
    parser.add_argument(
        "--before",
        type=Path,
        metavar="PROGRAM",
        help="measure another pop3spy too, by the commands that this one is measured by",
    )
    parser.add_argument(
        "--figures",
        action="append",
        default=[],
        choices=[measure.name for measure in MEASURES],
        help="measure only this; may be repeated",
    )
    parser.add_argument(
        "--quick", action="store_true", help="less work for each figure, which scatter more"
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
