"""Tests that judge mutants: collected once, and run in a process of its own for each mutant.

Only code of functions and methods is exchanged, in the process of the mutant, so nothing is loaded
anew; tests that start programs see nothing of it, and count for none.
"""

import gc
import os
import resource
import signal
import sys
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from enum import Enum
from functools import _lru_cache_wrapper
from itertools import accumulate
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING

import pytest

from mutation.mutants import Mutant, module_with

if TYPE_CHECKING:
    from _typeshed import TraceFunction

LONGEST = 8.0
"""Seconds of the processor that a test takes while its lines are told; longer ones are left out."""
_PATIENCE = 3.0
"""Times that a mutant may take as long as its tests do."""
_STUCK = 120
"""Seconds beyond those of the processor after which a mutant waits for what will never come."""
_MEMORY = 2 << 30
"""Octets that a mutant may take beyond what is in use: some of them never stop growing."""
_LONG_ENOUGH = 60.0
"""Seconds of the processor, while lines are told, of the tests of one mutant: the quickest ones."""


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    HUNG = "killed by time"
    SURVIVED = "survived"
    UNREACHED = "reached by no test"


class Judge:
    """Runs the tests that reach a mutant, of those that pytest has collected."""

    def __init__(self, paths: Collection[Path]) -> None:
        self._files = {str(path.resolve()) for path in paths}
        self._reaching: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        self._seconds: dict[int, float] = {}
        self._items: Sequence[pytest.Item] = ()
        self.failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Learn that a test has failed."""
        self.failed = self.failed or report.failed

    def learn(self, items: Sequence[pytest.Item]) -> None:
        """Run each of *items* once, and remember which lines it reaches and how long it takes."""
        self._items = items
        for number, item in enumerate(items):
            reached: set[tuple[str, int]] = set()
            begun = time.process_time()
            with _told_lines(self._files, reached):
                self._run(item)
            self._seconds[number] = time.process_time() - begun
            if self.failed:
                print(f"left out, as it fails without any mutant: {item.nodeid}", flush=True)
                self.failed = False
            elif self._seconds[number] <= LONGEST:
                for place in reached:
                    self._reaching[place].append(number)

    def reaches(self, mutant: Mutant) -> bool:
        """Return whether any test reaches the line of *mutant*."""
        return bool(self._tests(mutant))

    def judge(self, mutant: Mutant) -> Fate:
        """Return what becomes of *mutant*."""
        tests = self._tests(mutant)
        if not tests:
            return Fate.UNREACHED
        seconds = 5 + _PATIENCE * sum(self._seconds[number] for number in tests)
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            self._die_of(mutant, tests, seconds)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return Fate.SURVIVED
        return Fate.HUNG if code in (-signal.SIGPROF, -signal.SIGALRM) else Fate.KILLED

    def _tests(self, mutant: Mutant) -> list[int]:
        numbers = self._reaching.get((str(mutant.path.resolve()), mutant.line), [])
        quickest = sorted(numbers, key=self._seconds.__getitem__)
        spent = accumulate(map(self._seconds.__getitem__, quickest))
        return quickest[: max(1, bisect_right(list(spent), _LONG_ENOUGH))]

    def _die_of(self, mutant: Mutant, tests: Sequence[int], seconds: float) -> None:
        """Be the process of *mutant*: end with 1 if a test fails, and with 0 if none does."""
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, seconds)
            signal.alarm(_STUCK + int(seconds))
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + _MEMORY, resource.RLIM_INFINITY))
            exchange(mutant)
            for number in tests:
                self._run(self._items[number])
                if self.failed:
                    os._exit(1)
            os._exit(0)
        finally:  # what a mutant raises ends it, too
            os._exit(1)

    def _run(self, item: pytest.Item) -> None:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)


class _told_lines:  # noqa: N801 - it is used as a function is
    """Let lines of *files* that are run be added to *reached*."""

    def __init__(self, files: Collection[str], reached: set[tuple[str, int]]) -> None:
        self._files = files
        self._reached = reached

    def __enter__(self) -> None:
        sys.settrace(self._call)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _call(self, frame: FrameType, _: str, __: object) -> "TraceFunction | None":
        return self._line if frame.f_code.co_filename in self._files else None

    def _line(self, frame: FrameType, event: str, _: object) -> "TraceFunction":
        if event == "line":
            self._reached.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line


def exchange(mutant: Mutant) -> None:
    """Let every function that *mutant* is about run the code of the mutant.

    What its functions worked out without it, while lines were told, is forgotten.
    """
    file = str(mutant.path.resolve())
    module = compile(module_with(mutant), file, "exec")
    codes = {(code.co_qualname, code.co_firstlineno): code for code in _codes(module)}
    gc.unfreeze()  # what is frozen is not told of
    for each in gc.get_objects():
        function = each.__wrapped__ if isinstance(each, _lru_cache_wrapper) else each
        if not isinstance(function, FunctionType) or function.__code__.co_filename != file:
            continue
        if function is not each:
            each.cache_clear()
        old = function.__code__
        new = codes.get((old.co_qualname, old.co_firstlineno))
        same = old.co_qualname == mutant.name
        if new and same and len(new.co_freevars) == len(old.co_freevars):
            function.__code__ = new


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
