"""The completions that packages install are those that the program prints."""

import os
from pathlib import Path

import pytest

from cli.program import run_here
from pop3spy.cli.completion import SHELLS

FOLDER = Path(__file__).parents[2] / "docs" / "completions"


def file_for(shell: str) -> Path:
    return FOLDER / ("_pop3spy" if shell == "zsh" else f"pop3spy.{shell}")  # zsh goes by the name


@pytest.mark.parametrize("shell", SHELLS)
def test_the_completions_are_current(shell: str) -> None:
    path, made = file_for(shell), run_here("completion", shell).out
    if os.environ.get("POP3SPY_WRITE_DOCS"):
        path.write_text(made, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == made, "stale: run make docs"


def test_there_is_one_for_each_shell() -> None:
    assert set(FOLDER.iterdir()) == set(map(file_for, SHELLS))
