"""Runs pytest with mutants in place of tests, and prints what became of them."""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from mutation.mutants import Mutant, mutants_of
from mutation.trial import Fate, Judge

_OPTIONS = ("no:terminal", "no:randomly", "no:xdist", "no:cacheprovider")


class _Mutating:
    """A plugin that lets *judge* judge *mutants* in place of running tests."""

    def __init__(self, judge: Judge, mutants: Sequence[Mutant], cases: int) -> None:
        self.fates: Counter[Fate] = Counter()
        self._judge = judge
        self._mutants = mutants
        self._cases = cases
        self.broken = ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Learn of tests that cannot be loaded."""
        if report.failed:
            self.broken += f"{report.nodeid}: {report.longreprtext.splitlines()[-1]}\n"

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Learn what the tests reach, try the mutants, and print those that live."""
        if self.broken:
            return True
        self._judge.learn(_some_cases(session.items, self._cases))
        for mutant in self._mutants:
            fate = self._judge.judge(mutant)
            self.fates[fate] += 1
            if fate in (Fate.SURVIVED, Fate.UNREACHED):
                print(f"{fate.value}: {mutant}", flush=True)
        return True


def _some_cases(items: Sequence[pytest.Item], most: int) -> list[pytest.Item]:
    """Return *items* with at most so many cases of each test, evenly spread; 0: with all."""
    tests: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        tests[item.nodeid.partition("[")[0]].append(item)
    steps = ((cases, -(-len(cases) // (most or len(cases)))) for cases in tests.values())
    return [case for cases, step in steps for case in cases[::step]]


def run(
    paths: Sequence[Path], tests: Sequence[Path], sample: int, seed: str, cases: int = 0
) -> int:
    """Try *sample* mutants of *paths* on *tests*, all if that is 0; return the status of pytest.

    At most so many *cases* of each test are asked, all if that is 0.
    """
    begun = time.monotonic()
    every = [mutant for path in paths for mutant in mutants_of(path)]
    chosen = Random(seed).sample(every, min(sample or len(every), len(every)))
    chosen.sort(key=lambda mutant: (mutant.path, mutant.line, mutant.number))
    os.environ |= {"HYPOTHESIS_PROFILE": "deep", "HYPOTHESIS_EXAMPLES": "10"}
    judge = Judge(paths)
    mutating = _Mutating(judge, chosen, cases)
    options = [word for name in _OPTIONS for word in ("-p", name)]
    status = pytest.main(
        [*options, "--hypothesis-seed=0", *map(str, tests)], plugins=[mutating, judge]
    )
    if mutating.broken:
        print(f"these tests cannot be loaded:\n{mutating.broken}", end="")
        return 2
    told = ", ".join(f"{mutating.fates[fate]:,} {fate.value}" for fate in Fate)
    took = time.monotonic() - begun
    print(f"{len(chosen):,} of {len(every):,} mutants in {took:,.0f} s: {told}")
    return int(status)
