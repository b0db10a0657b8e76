"""``python -m fuzz.guided DOOR``: a search for inputs that reach what none has reached before.

It ends with the first fault, which is made small and written to the folder ``.fuzz``, as is all
that was found on the way; the next search goes on from there, and counts on.  It needs atheris.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from fuzz import corpora
from fuzz.doors import DOORS, inputs_for
from fuzz.reducing import FOLDER, reduced
from fuzz.sums import Sums
from fuzz.trial import Door, fault_of
from fuzz.zeek import conversation

_WAIT = 120
"""Seconds of an input that takes no time of the processor."""
_SLOWEST = re.compile(r"slowest: (?P<seconds>[0-9.]+)")
_PROGRESS = re.compile(
    r"#(?P<inputs>\d+)\s+(?:pulse|DONE|INITED)\s+cov: (?P<places>\d+) .*corp: (?P<kept>\d+)/"
    r".*exec/s: (?P<pace>\d+) rss: (?P<memory>\d+)Mb"
)


def main() -> int:
    """Search as the command line says; return 1 if there is a fault."""
    parser = argparse.ArgumentParser(prog="fuzz.guided", description=__doc__)
    parser.add_argument("door", metavar="DOOR", help=f"one of: {', '.join(DOORS)}")
    parser.add_argument("--seconds", type=int, default=0, help="for how long; else without end")
    parser.add_argument("--inputs", type=int, default=-1, help="how many at most")
    parser.add_argument("--seeds", type=Path, help="a folder with more inputs, as Zeek's")
    parser.add_argument("--keep", action="store_true", help="keep the best in tests/fuzz/corpora")
    options = parser.parse_args()
    if options.door not in DOORS:
        parser.error(f"there is no door {options.door!r}; there are {', '.join(DOORS)}")
    if options.seeds and not options.seeds.is_dir():
        parser.error(f"--seeds: there is no folder {options.seeds}")
    if find_spec("atheris") is None:
        parser.error("this needs atheris: pip install -e '.[fuzz]'")
    door = DOORS[options.door]
    folder = FOLDER / corpora.file_of(door.name).stem
    found = folder / "found"
    found.mkdir(parents=True, exist_ok=True)
    for data in [*inputs_for(door), *_given(options.seeds)]:
        (found / sha256(data).hexdigest()[:40]).write_bytes(data)
    sums = Sums.of_file(folder / "sums.json")
    faults = list(_searched(door, folder, sums, options.seconds, options.inputs))
    sums.keep(folder / "sums.json")
    print(f"in all searches until now: {sums}", flush=True)
    for data, fault in faults:
        print(reduced(door, data, fault), flush=True)
    if options.keep and not faults:
        least = corpora.fewest(door, (path.read_bytes() for path in found.iterdir()))
        corpora.keep(door.name, set(least) - set(door.seeds()))
    return 1 if faults else 0


def _given(folder: Path | None) -> Iterator[bytes]:
    """Yield the inputs in *folder*, if there is one."""
    for path in folder.rglob("*") if folder else ():
        if path.is_file():
            yield conversation(path.read_bytes())


def _searched(
    door: Door, folder: Path, sums: Sums, seconds: int, most: int
) -> Iterator[tuple[bytes, str]]:
    """Search, print how it goes, and yield the input with a fault that it ended with, if any."""
    found, bad = (folder / "found").resolve(), (folder / "faults").resolve()
    bad.mkdir(exist_ok=True)
    known = set(bad.iterdir())
    told = [
        f"-max_len={door.longest}",
        f"-timeout={_WAIT}",
        f"-report_slow_units={_WAIT}",
        f"-artifact_prefix={bad}/",
    ]
    bounds = [f"-max_total_time={seconds}", f"-runs={most}", "-rss_limit_mb=1024"]
    search_in = [sys.executable, "-m", "fuzz.instrumented", door.name, ",".join(door.parts)]
    command, inputs = [*search_in, *told, *bounds, str(found)], 0
    print(f"{'inputs':>12}{'places':>9}{'kept':>7}{'a second':>10}{'MB':>6}")
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as search,
    ):
        assert search.stderr is not None
        for line in search.stderr:
            log.write(line)
            if match := _SLOWEST.match(line):
                sums.seconds = max(sums.seconds, float(match["seconds"]))
            if match := _PROGRESS.match(line):
                inputs, places, kept, pace, memory = map(int, match.groups())
                sums.mib = max(sums.mib, memory)
                print(f"{inputs:>12,}{places:>9,}{kept:>7,}{pace:>10,}{memory:>6,}", flush=True)
    sums.inputs += inputs
    artifacts = sorted(set(bad.iterdir()) - known)
    for path in artifacts:
        data = path.read_bytes()
        faults = fault_of(door, data) or {f"only in the search: see {folder / 'log'}"}
        yield from ((data, fault) for fault in faults)
    if search.returncode and not artifacts:
        raise SystemExit(f"the search ended with {search.returncode}: see {folder / 'log'}")


if __name__ == "__main__":
    sys.exit(main())
