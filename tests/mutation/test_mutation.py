"""Whether mutants are made, and who dies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mutation.mutants import mutants_of

TESTS = Path(__file__).parents[1]
PROGRAM = '''
"""A program."""


class Till:
    """Counts coins."""

    def __init__(self) -> None:
        self.coins = 0

    def take(self, coins: int) -> int:
        """Take *coins*."""
        if coins > 0:
            self.coins += coins
        return self.coins


def unused() -> bool:
    return True
'''
JUDGES = """
from till import Till


def test_coins_are_counted() -> None:
    till = Till()
    assert till.take(2) == 2
    assert till.take(-1) == 2
"""


FAILS = """
from till import one


def test_it_is_two() -> None:
    assert one() == 2
"""


def test_what_is_worked_out_when_a_function_is_defined_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "some.py"
    path.write_text("def some(a: 'int' = 1, *, b: bool = True) -> 'str':\n    pass\n")
    assert mutants_of(path) == []


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("return a < b", ["return None", "a <= b"]),
        ("return a and not b", ["return None", "a or not b", "b"]),
        ("return a + 1", ["return None", "a - 1", "2"]),
        ("return b'ab'", ["return None", "b'a'"]),
        ("a.x = True", ["pass", "False"]),
        ("f(a)", ["pass"]),
        ("a: int = b", []),
        ('"""What it does."""', []),
        ("return a if b else 0", ["return None", "0 if b else a", "1"]),
        ("return None", []),
    ],
)
def test_a_line_is_changed_in_each_of_these_ways(
    line: str, instead: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "some.py"
    path.write_text(f"def some(a, b):\n    {line}\n")
    assert [mutant.now for mutant in mutants_of(path)] == instead
    assert {mutant.line for mutant in mutants_of(path)} <= {2}


def mutated(folder: Path, program: str, judges: str) -> list[str]:
    """Return what is told of all mutants of a program."""
    (folder / "till.py").write_text(program)
    (folder / "test_till.py").write_text(judges)
    call = "run([Path('till.py')], [Path('test_till.py')], 0, '0')"
    code = f"from pathlib import Path; from mutation.running import run; {call}"
    where = os.environ | {"PYTHONPATH": f"{TESTS}:{folder}"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=where,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_who_survives_is_told(tmp_path: Path) -> None:
    *told, figures = mutated(tmp_path, PROGRAM, JUDGES)
    assert told == [
        "survived: till.py:13: coins > 0 -> coins >= 0",
        "survived: till.py:13: 0 -> 1",
        "reached by no test: till.py:19: return True -> return None",
        "reached by no test: till.py:19: True -> False",
    ]
    assert figures.startswith("9 of 9 mutants in ")
    assert figures.endswith("5 killed, 0 killed by time, 2 survived, 2 reached by no test")


CACHES = """
from functools import cache


@cache
def one() -> int:
    return 1
"""


def test_what_was_worked_out_without_the_mistake_does_not_hide_it(tmp_path: Path) -> None:
    judges = "from till import one\n\n\ndef test_it_is_one() -> None:\n    assert one() == 1\n"
    (figures,) = mutated(tmp_path, CACHES, judges)
    assert figures.endswith("2 killed, 0 killed by time, 0 survived, 0 reached by no test")


def test_a_function_that_is_kept_from_the_search_for_garbage_is_changed_all_the_same(
    tmp_path: Path,
) -> None:
    judges = "import gc\nfrom till import one\n\ngc.freeze()\n\n\n"
    judges += "def test_it_is_one() -> None:\n    assert one() == 1\n"
    (figures,) = mutated(tmp_path, "def one() -> int:\n    return 1\n", judges)
    assert figures.endswith("2 killed, 0 killed by time, 0 survived, 0 reached by no test")


def test_a_test_that_fails_anyway_judges_nobody(tmp_path: Path) -> None:
    told = mutated(tmp_path, "def one() -> int:\n    return 1\n", FAILS)
    assert told[0] == "left out, as it fails without any mutant: test_till.py::test_it_is_two"
    assert "2 reached by no test" in told[-1]


def test_tests_that_cannot_be_loaded_end_it(tmp_path: Path) -> None:
    told = mutated(tmp_path, PROGRAM, "import no_such_thing\n")
    assert told[0] == "these tests cannot be loaded:"
    assert "no_such_thing" in told[1]
    assert len(told) == 2
