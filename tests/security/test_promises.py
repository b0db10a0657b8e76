"""Every promise of docs/security.md names a test that is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"(?m)^\| (\d+) \| (.+?) \| (.+) \|$", (ROOT / "docs/security.md").read_text("utf-8")
)


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in tree.body if isinstance(node, kinds)}


@pytest.mark.parametrize(("number", "promise", "tests"), ROWS, ids=[row[1] for row in ROWS])
def test_a_promise_is_held_by_tests_that_exist(number: str, promise: str, tests: str) -> None:
    named = re.findall(r"`(tests/[^`]+\.py)::(test_\w+)`", tests)
    assert named, f"promise {number} has no test: {promise}"
    assert len(named) == tests.count("`") // 2
    for file, name in named:
        assert name in functions(ROOT / file), f"{file} has no {name}"


def test_nothing_that_is_built_is_without_a_promise() -> None:
    assert {int(number) for number, _, _ in ROWS} == set(range(1, 31))
