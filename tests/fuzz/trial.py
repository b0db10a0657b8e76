"""One door after the other is tried in a process of its own, so that no input harms the rest.

A fault is what no input may do: raise something that is none of the door's own errors, take more
than 5 s of the processor, 60 s in all or 200 MB, or end the process.
"""

import json
import mmap
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TextIO

from pop3spy import __file__ as _home

MIB = 1 << 20
SECONDS = 5.0
MOST_MIB = 200
_PATIENCE = 60
"""Seconds for an input that waits for something, and takes no time of the processor."""
_NUMBER = 8
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where the files of inputs are: each is a new one, which takes its time on a disk."""
_OURS = str(Path(_home).parent)


@dataclass(frozen=True)
class Door:
    """A way into the program: what is tried there begins as *seeds*, and goes in by *enter*.

    *errors* are those that the door may raise; of ValueError, which anything may raise, no other
    kinds are meant.  Where it is entered, the current folder is an empty one.

    A search that coverage guides makes inputs of up to *longest* octets, and what it wants to reach
    are the places in *parts*: what is the same for every input, it need not count each time.
    """

    name: str
    seeds: Callable[[], Sequence[bytes]]
    enter: Callable[[bytes], object]
    errors: tuple[type[BaseException], ...] = ()
    seconds: float = SECONDS
    longest: int = 1024
    parts: tuple[str, ...] = ("pop3spy",)

    def allows(self, error: BaseException) -> bool:
        kinds = tuple(kind for kind in self.errors if kind is not ValueError)
        return isinstance(error, kinds) or (type(error) is ValueError and ValueError in self.errors)


@dataclass
class Tally:
    """What came of some inputs: ``faults`` has the first input of each.

    ``taken`` is how many of them the door has not refused.
    """

    inputs: int = 0
    taken: int = 0
    seconds: float = 0.0
    mib: float = 0.0
    faults: dict[str, bytes] = field(default_factory=dict)


class TooLongError(BaseException):
    """An input has had its time; no reader catches this."""


def tried(door: Door, make: Callable[[int], bytes], count: int) -> Tally:
    """Let inputs 0 to *count*, which *make* makes, through *door*."""
    tally = Tally()
    reached = mmap.mmap(-1, _NUMBER)
    while tally.inputs < count:
        _write(reached, tally.inputs)
        numbers = range(tally.inputs, count)
        with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
            told, status = _forked(partial(_try, door, make, numbers, reached, folder))
        number = _read(reached)
        for kind, value in map(json.loads, told.splitlines()):
            if kind == "cost":
                tally.seconds = max(tally.seconds, value[0])
                tally.mib = max(tally.mib, value[1])
                tally.taken += value[2]
            else:
                tally.faults.setdefault(value, make(kind))
        if status:
            tally.faults.setdefault(f"the process ends with {status}", make(number))
        tally.inputs = number + 1
    return tally


def fault_of(door: Door, data: bytes) -> set[str]:
    """Return what is wrong with *data* alone."""
    return set(tried(door, lambda _: data, 1).faults)


def _forked(work: Callable[[TextIO], None]) -> tuple[str, int]:
    """Do *work* in a process of its own; return what it wrote, and how it ended."""
    source, sink = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(source)
        try:
            work(os.fdopen(sink, "w", 1, "utf-8"))
        finally:
            os._exit(99 if sys.exc_info()[0] else 0)
    os.close(sink)
    with os.fdopen(source, encoding="utf-8") as stream:
        told = stream.read()
    _, status = os.waitpid(pid, 0)
    return told, os.waitstatus_to_exitcode(status)


def _try(  # noqa: PLR0913, PLR0917 - what the process begins with
    door: Door,
    make: Callable[[int], bytes],
    numbers: range,
    reached: mmap.mmap,
    folder: str,
    out: TextIO,
) -> None:
    """Try inputs until one has taken more memory than it may; write down what is found."""
    _be_alone()
    os.chdir(folder)
    worst, base, taken = 0.0, peak(), 0
    for number in numbers:
        _write(reached, number)
        data = make(number)
        begun = time.process_time()
        signal.alarm(_PATIENCE)
        error = raised(door, data)
        worst = max(worst, time.process_time() - begun)
        if error is None:
            taken += 1
        elif not door.allows(error):
            _tell(out, number, _named(error))
        if peak() - base > MOST_MIB:
            _tell(out, number, "takes too much memory")
            break
    _tell(out, "cost", [worst, peak() - base, taken])


def raised(door: Door, data: bytes) -> BaseException | None:
    """Let *data* through *door*, for as long as that may take, and return what it raises."""
    signal.setitimer(signal.ITIMER_PROF, door.seconds, door.seconds)
    try:
        door.enter(data)
    except BaseException as error:  # noqa: BLE001 - any at all is what is looked for
        return error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def _be_alone() -> None:
    """Let nothing of this process be seen or outlive its bounds."""
    be_unseen()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most = size + 3 * MOST_MIB * MIB
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def be_unseen() -> None:
    """Let doors say what they want to nobody, and what takes too long be told."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, "r" if number == 0 else "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the process ends
        for number in range(3)
    )
    signal.signal(signal.SIGPROF, _too_long)


def _too_long(*_: int | FrameType | None) -> None:
    raise TooLongError


def _named(error: BaseException) -> str:
    """Return the kind of *error* and the place of ours in which it came up."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, TooLongError):
        frames.pop()  # of who raised it
    ours = [frame for frame in frames if frame.filename.startswith(_OURS)] or frames
    place = ours[-1]
    if isinstance(error, TooLongError):
        return f"takes too long in {place.name}"
    file = place.filename.removeprefix(_OURS).lstrip("/")
    return f"{type(error).__name__} at {file}:{place.lineno}"


def _tell(out: TextIO, *facts: object) -> None:
    out.write(json.dumps(facts) + "\n")


def peak() -> float:
    """Return the most memory in MiB that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _write(shared: mmap.mmap, number: int) -> None:
    shared[:] = number.to_bytes(_NUMBER)


def _read(shared: mmap.mmap) -> int:
    return int.from_bytes(shared[:])
