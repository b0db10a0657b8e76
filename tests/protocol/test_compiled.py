"""That the tests run on the build that was asked for, and that it is compiled as it says."""

import tomllib
from pathlib import Path

import pytest

from builds import COMPILED, is_compiled
from pop3spy.protocol import decoder

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HOOK = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["mypyc"]


def modules(patterns: list[str]) -> set[str]:
    """Return the modules in the files and folders that *patterns* name."""
    paths = [ROOT / pattern.removeprefix("/") for pattern in patterns if pattern.startswith("/")]
    files = [file for path in paths for file in ([path] if path.is_file() else path.glob("*.py"))]
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in files
        if file.stem != "__init__"
    }


def test_the_tests_run_on_the_build_that_was_asked_for() -> None:
    assert is_compiled(decoder.__name__) is COMPILED
    assert Path(str(decoder.__file__)).is_relative_to(ROOT / "pop3spy") is not COMPILED


@pytest.mark.skipif(not COMPILED, reason="make test COMPILED=1 looks at that")
def test_what_is_meant_to_be_compiled_is_and_nothing_else() -> None:
    left_out = modules(HOOK["exclude"])
    meant = modules(HOOK["include"]) - left_out
    assert [module for module in sorted(meant) if not is_compiled(module)] == []
    assert [module for module in sorted(left_out) if is_compiled(module)] == []
