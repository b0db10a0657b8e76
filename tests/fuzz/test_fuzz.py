"""Mutated inputs at every door, and whether the fuzzer finds what it should.

It forks, which a process with threads should not, as one that runs tests has: so it is started.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from fuzz.mutations import LONGEST, mutated

TESTS = Path(__file__).parents[1]
INPUTS = 60
SEEDS = [b'- [0.5, 1, "C", "STAT\\r\\n"]\n', b"", b"\xff"]


def started(folder: Path, module: str, *args: str) -> subprocess.CompletedProcess[str]:
    where = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-m", module, *args]
    return subprocess.run(
        command, cwd=folder, env=where, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_no_mutated_input_does_harm(tmp_path: Path) -> None:
    done = started(tmp_path, "fuzz", "--inputs", str(INPUTS))
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) > 40
    assert list(tmp_path.iterdir()) == []


def test_a_fault_is_told_with_the_smallest_input_that_has_it(tmp_path: Path) -> None:
    done = started(tmp_path, "fuzz.unfit")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("is fit") == [4, {}]
    assert {name: inputs for name, (inputs, _) in found.items()} == dict.fromkeys(found, 4)
    for inputs_and_faults in found.values():
        assert list(inputs_and_faults[1].values()) == ["bad"]
    (raised,), (hung,), (grown,), (ended,) = (faults for _, faults in found.values())
    assert raised.startswith("KeyError at ")
    assert (hung, grown, ended) == (
        "takes too long in _hang",
        "takes too much memory",
        "the process ends with 7",
    )


def test_the_same_number_makes_the_same_input() -> None:
    assert [mutated(Random(7), SEEDS) for _ in range(3)] == [mutated(Random(7), SEEDS)] * 3


def test_inputs_are_many_and_bounded() -> None:
    made = {mutated(Random(number), SEEDS) for number in range(500)}
    assert len(made) > 250
    assert max(map(len, made)) <= LONGEST
