"""Rules of users: what the page builds works as it says, and what is wrong is told in one line."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pop3spy.cli.main import main
from pop3spy.findings import RULES, RuleError, own_rules
from pop3spy.findings.loading import all_rules

PAGE = (Path(__file__).parent.parent.parent / "docs" / "extending.md").read_text(encoding="utf-8")
RULE, TEST, _ = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def no_rules_stay() -> Iterator[None]:
    before = set(own_rules())
    yield
    for name in set(RULES) - before:
        del RULES[name]


@pytest.fixture(name="file")
def made(tmp_path: Path) -> Path:
    file = tmp_path / "ours.py"
    file.write_text(RULE)
    return file


def test_the_test_of_the_page_passes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    scope: dict[str, object] = {}
    exec(TEST, scope)
    tried = scope["test_our_rule"]
    assert callable(tried)
    tried()


def test_lint_knows_it(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--rules", str(file), "--explain", "ours-large-message"]) == 0
    assert "ask the provider" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x =", "line 1: SyntaxError"),
        ("\n1 / 0", "line 2: ZeroDivisionError"),
        ("x = 1", "has no rules"),
        (RULE.replace("To do:", "Do:"), "must end with a paragraph 'To do"),
        (RULE.replace("ours-large-message", "retr-truncated"), "two rules retr-truncated"),
    ],
)
def test_a_file_that_is_none_is_told_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "wrong.py"
    file.write_text(content)
    with pytest.raises(RuleError) as raised:
        all_rules([file])
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert str(file) in str(raised.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="name a Python file"):
        all_rules([tmp_path / "none.py"])


def test_a_package_is_taken_as_well(tmp_path: Path) -> None:
    package = tmp_path / "ours"
    package.mkdir()
    (package / "__init__.py").write_text("from . import rules\n")
    (package / "rules.py").write_text(RULE)
    assert "ours-large-message" in all_rules([package])
