"""``python -m soak``: a crowd at the program for minutes, with all that can go wrong beside it.

Every minute the crowd comes, Dovecot and `serve` hang and start anew, one after the other, the disk
is full for a while, and the log is moved away.  Then all leave, and what the programs take is
measured.  A row a minute is printed, and written as JSON; at the end come the curves of memory.
The exit status is 1 if a session was told anything wrong, or if memory, descriptors or tasks grow.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.processes import need, need_root
from soak.curve import curves
from soak.mail import Way, accounts
from soak.measured import Size
from soak.stage import WAYS, Stage, ports_of, staged
from soak.verdict import HEAD, Row, faults, flatness, summary

_APART = "POP3SPY_SOAK_APART"
_LONGEST = 55.0
"""Seconds until all leave and are measured, which makes it a minute."""
Sizes = Mapping[str, Size]
_OUTPUT = Path("soak.jsonl")


class Crowd:
    """The process of the clients, which does what it is told."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def order(self, *words: str) -> None:
        """Tell it to do something."""
        assert self._process.stdin
        self._process.stdin.write(" ".join(words).encode() + b"\n")
        self._process.stdin.flush()

    @contextmanager
    def troubled(self, server: str) -> Iterator[None]:
        """Let it know, while the block lasts, that *server* may break off sessions."""
        self.order("trouble", server)
        self._answer()
        yield
        self.order("calm", server)

    def left(self) -> dict[str, Any]:
        """Let everybody leave; return what became of them."""
        self.order("rest")
        return json.loads(self._answer())  # type: ignore[no-any-return]

    def _answer(self) -> bytes:
        assert self._process.stdout
        said = self._process.stdout.readline()
        assert said, "the crowd has ended"
        return said


@contextmanager
def crowd(stage: Stage, count: int, ways: Sequence[Way], *, looking: bool) -> Iterator[Crowd]:
    """Have the crowd ready while the block lasts."""
    told = {
        "ways": [str(way) for way in ways],
        "count": count,
        "ports": ports_of(ways),
        "authority": str(stage.believed),
        "link": stage.link if looking else "",
    }
    command = [sys.executable, "-m", "soak.crowd", json.dumps(told)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Crowd(process)
        finally:
            process.kill()


def minute(stage: Stage, people: Crowd, seconds: float, before: Sizes) -> dict[str, Any]:
    """Let the crowd come for so many *seconds*, and everything go wrong meanwhile.

    Return what became of it.  *before* is how large the programs are with nobody there.
    """
    begun = time.monotonic()

    def until(part: float) -> None:
        time.sleep(max(0.0, begun + part * seconds - time.monotonic()))

    people.order("go")
    until(0.2)
    with stage.stopped("dovecot"):
        until(0.25)
    with stage.stopped("serve"):
        until(0.3)
    until(0.4)
    for server, back in (("dovecot", 0.45), ("fresh", 0.55)):
        with people.troubled(server):
            stage.stop_server(server)
            until(back)
            stage.start_server(server)
    until(0.6)
    at_once = stage.at_once(before)
    with stage.disk.full():
        until(0.7)
    stage.disk.rotate_log()
    while time.monotonic() < begun + seconds:
        stage.disk.tidy()
        stage.scrape()
        time.sleep(min(1.0, seconds / 10))
    return {**people.left(), "at once": at_once}


def soaked(
    stage: Stage, people: Crowd, minutes: float, output: Path
) -> tuple[list[Row], list[str]]:
    """Soak for so many *minutes*; print what comes of it, return it, and what is wrong with it."""
    seconds = min(_LONGEST, minutes * 60 / 3)
    begun = time.monotonic()
    minute(stage, people, min(5.0, seconds), stage.sizes())  # what is made once is made
    before = stage.sizes()
    rows: list[Row] = []
    print(HEAD, flush=True)
    with output.open("w", encoding="utf-8") as file:
        while not rows or time.monotonic() < begun + minutes * 60:
            told = minute(stage, people, seconds, before)
            rows.append(_row((time.monotonic() - begun) / 60, told, stage.sizes(before)))
            print(rows[-1], flush=True)
            for line in told["told"]:
                print(f"       {line}", flush=True)
            file.write(json.dumps(rows[-1].facts()) + "\n")
            file.flush()
    print("\n".join(curves(rows)))
    print(summary(rows))
    return rows, list(faults(rows, before))


def _row(at: float, told: dict[str, Any], sizes: Sizes) -> Row:
    whole, broken_off, wrong, octets, at_once = (
        told.get(name, 0) for name in ("whole", "broken off", "wrong", "octets", "at once")
    )
    return Row(at, whole, broken_off, wrong, octets, at_once, sizes)


def main() -> int:
    """Soak as the command line says."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long")
    parser.add_argument("--sessions", type=int, default=500, help="how many at a time")
    parser.add_argument("--way", action="append", default=[], help="only these, as dovecot-stls")
    parser.add_argument("--output", type=Path, default=_OUTPUT, help="where the rows are written")
    options = parser.parse_args()
    need_root("mount a disk for it")
    if _APART not in os.environ:
        _go_apart()
    subprocess.run([need("ip"), "link", "set", "lo", "up"], check=True)
    for number in (signal.SIGTERM, signal.SIGINT):  # either way all that runs is ended
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    ways = [way for way in WAYS if not options.way or str(way) in options.way]
    with staged(accounts(options.sessions, tuple(ways))) as stage:
        with crowd(stage, options.sessions, ways, looking=True) as people:
            rows, found = soaked(stage, people, options.minutes, options.output)
        found += stage.faults_at_the_end()
    for each in found:
        print(f"soak: {each}")
    if not found:
        print(f"soak: every octet was right, and {flatness(rows)}")
    return 1 if found else 0


def _go_apart() -> None:
    """Begin anew with a network and mounts of one's own, which end with this program."""
    os.environ[_APART] = "1"
    os.execvp(
        need("unshare"),
        ["unshare", "--net", "--mount", sys.executable, "-m", "soak", *sys.argv[1:]],
    )


if __name__ == "__main__":
    sys.exit(main())
