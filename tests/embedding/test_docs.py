"""What docs/python.md says is so: each example is run, and each name is there."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pop3spy
from pop3spy.pytest_plugin import MARKS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^##+ [^\n]*|```python\n.*?```", PAGE, re.DOTALL | re.MULTILINE)


def examples() -> list[tuple[str, str]]:
    """Return the examples, each under its heading."""
    found, heading = [], ""
    for part in EXAMPLES:
        if part.startswith("#"):
            heading = part.splitlines()[0].strip("# ")
        else:
            found.append((heading, part.removeprefix("```python\n").removesuffix("```")))
    return found


SCRIPTS = [pytest.param(text, id=head) for head, text in examples() if "def test_" not in text]
TESTS = [text for _, text in examples() if "def test_" in text]


@pytest.mark.parametrize("text", SCRIPTS)
def test_an_example_runs(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(text, "docs/python.md", "exec"), {"__name__": "__main__"})


def test_the_example_for_pytest_passes(tmp_path: Path) -> None:
    (text,) = TESTS
    (tmp_path / "test_mail.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout


@pytest.mark.slow
def test_the_examples_are_typed(tmp_path: Path) -> None:
    for number, (_, text) in enumerate(examples()):
        (tmp_path / f"example_{number}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", ROOT / ".mypy_cache", tmp_path],
        cwd=ROOT / "docs",  # nothing of the settings of this project holds there
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def rows() -> list[tuple[str, list[str]]]:
    """Return the rows of the table of what is in the objects."""
    section = PAGE.partition("## What is in the objects")[2]
    found = re.findall(r"^\| (`[A-Z].*?) \| (`.*) \|$", section, re.MULTILINE)
    names = re.compile(r"`([\w]+)(?:\(\w+\))?`")
    return [
        (of, names.findall(each))
        for ofs, each in found
        if "Error" not in ofs
        for of in names.findall(ofs.partition(", which")[0])
    ]


def test_the_objects_have_what_the_page_says() -> None:
    table = rows()
    with pop3spy.serve() as server:
        recording = pop3spy.read_recording(ROOT / "captures" / "dovecot-refused.yaml")
        mail = pop3spy.read_recording(ROOT / "captures" / "dovecot-user.yaml")
        session = next(iter(recording.sessions))
        whole = next(each for each in mail.exchanges if each.body)
        there = {
            "Recording": recording,
            "Server": server,
            "AsyncServer": server.aio,
            "Session": session,
            "Ending": session.ending,
            "Totals": session.totals,
            "Exchange": whole,
            "Command": whole.command,
            "CommandLine": whole.line,
            "StatusLine": whole.status,
            "Body": whole.body,
            "Finding": recording.findings[0],
        }
        missing = [
            f"{of}.{name}" for of, names in table for name in names if not hasattr(there[of], name)
        ]
    assert missing == []
    assert {of for of, _ in table} == there.keys()


@pytest.mark.parametrize("name", [*pop3spy.__all__, *MARKS])
def test_the_page_names_what_there_is(name: str) -> None:
    assert re.search(rf"\b{name}\b", PAGE)


@pytest.mark.parametrize("of", ["serve", "proxy", "stand_in"])
def test_the_page_names_what_each_can_be_told(of: str) -> None:
    section = PAGE.partition("### What each can be told")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.*?) \| (`.*?`) \|", section, re.MULTILINE)
    told = {
        name
        for ofs, names in rows
        if ofs == "all" or f"`{of}`" in ofs
        for name in re.findall(r"`(\w+)`", names)
    }
    assert told == set(inspect.signature(getattr(pop3spy, of)).parameters)


@pytest.mark.parametrize("name", pop3spy.__all__)
def test_what_is_exported_is_there(name: str) -> None:
    assert getattr(pop3spy, name) is not None
    assert name in dir(pop3spy)
