"""Readers of events from other packages: found, told of, and harmless."""

import json
import os
import poplib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from outside.conftest import ROOT, Outside

PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Readers of your own")[2]
RECORDING = ROOT / "captures" / "dovecot-user.yaml"


def block(kind: str) -> str:
    (text,) = re.findall(rf"```{kind}\n(.*?)```", SECTION, re.DOTALL)
    return str(text)


@pytest.fixture(name="page_package")
def installed_from_the_page(tmp_path: Path) -> Path:
    """Return where the package of the page is, as pip installs it."""
    package, place = tmp_path / "mail-stats", tmp_path / "packages"
    package.mkdir()
    (package / "pyproject.toml").write_text(block("toml"))
    (package / "mail_stats.py").write_text(block("python"))
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", place, package],
        check=True,
        capture_output=True,
    )
    return place


def installed(folder: Path, code: str) -> Path:
    """Return where that package is with *code* as its module, as if pip had installed it."""
    place = folder / "packages"
    about = place / "mail_stats-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mail-stats\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[pop3spy.readers]\nsessions = mail_stats:sessions\n")
    (place / "mail_stats.py").write_text(code)
    return place


def rows(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "mail-stats.jsonl").read_text().splitlines()]


@contextmanager
def serving(
    outside: Outside, cwd: Path, packages: Path, *args: str
) -> Iterator[tuple[int, list[str]]]:
    """Give the port of a post office, and what it has said, which is whole behind the block."""
    said: list[str] = []
    process = subprocess.Popen(
        [outside.python, "-m", "pop3spy", *args],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(packages)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            said.append(line)
            if listening := re.search(r"listening on \S+:(\d+)", line):
                yield int(listening[1]), said
                break
        process.send_signal(signal.SIGTERM)
        said += process.stderr.read().splitlines(keepends=True)
        assert process.wait(30) == 0, said
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def converse(port: int) -> None:
    client = poplib.POP3("127.0.0.1", port, timeout=30)
    client.user("demo")
    client.pass_("demo")
    assert len(client.retr(1)[1]) > 1
    client.quit()


def test_the_package_of_the_page_reads_a_server(
    outside: Outside, page_package: Path, tmp_path: Path
) -> None:
    with serving(outside, tmp_path, page_package, "serve", "--listen", ":0") as (port, said):
        converse(port)
    assert "pop3spy: sessions of mail-stats 1.0 reads along\n" in said
    assert rows(tmp_path) == [{"user": "demo", "commands": 4, "found": ["cleartext-password"]}]


def test_it_reads_a_recording_that_is_shown(
    outside: Outside, page_package: Path, tmp_path: Path
) -> None:
    done = outside.program("show", RECORDING, cwd=tmp_path, python_path=page_package)
    assert [row["user"] for row in rows(tmp_path)] == ["bob"]
    assert done.stderr == ""


def test_each_worker_has_one_and_that_is_told_once(
    outside: Outside, page_package: Path, tmp_path: Path
) -> None:
    proxy = ("proxy", "--listen", ":0", "--workers", "2", "--upstream")
    with (
        serving(outside, tmp_path, Path(), "serve", "--listen", ":0") as (upstream, _),
        serving(outside, tmp_path, page_package, *proxy, f":{upstream}") as (port, said),
    ):
        for _ in range(4):
            converse(port)
    assert [line for line in said if "reads along" in line] == [
        "pop3spy: sessions of mail-stats 1.0 reads along\n"
    ]
    assert len(rows(tmp_path)) == 4


SECRET = """
from pathlib import Path

def sessions(session):
    def read(event):
        with Path("seen").open("a") as file:
            file.write(f"{event!r}\\n")
    return read
"""


def test_what_it_is_handed_has_no_secret(outside: Outside, tmp_path: Path) -> None:
    packages = installed(tmp_path, SECRET)
    users = tmp_path / "users.yaml"
    users.touch(0o600)
    users.write_text("bob: tanstaaf-5150")
    args = ("serve", "--listen", ":0", "--users", str(users), "--redact", "strict")
    with serving(outside, tmp_path, packages, *args) as (port, _):
        client = poplib.POP3("127.0.0.1", port, timeout=30)
        client.user("bob")
        client.pass_("tanstaaf-5150")
        client.quit()
    seen = (tmp_path / "seen").read_text()
    assert "PASS" in seen
    assert "tanstaaf" not in seen
    assert "bob" not in seen


FAILING = [
    pytest.param("import nowhere", "it cannot be loaded: ModuleNotFoundError", id="no module"),
    pytest.param("sessions = 5", "is no function of a session", id="no function"),
    pytest.param("raise SystemExit(3)", "it cannot be loaded: SystemExit", id="it ends itself"),
    pytest.param(
        "def sessions(session): raise ValueError('tanstaaf')", "ValueError at ", id="it fails"
    ),
    pytest.param(
        "def sessions(session):\n    def read(event): 1 / 0\n    return read",
        "ZeroDivisionError at ",
        id="its reader fails",
    ),
    pytest.param(
        "import sys\ndef sessions(session): return lambda event: sys.exit(3)",
        "SystemExit at ",
        id="its reader ends the program",
    ),
    pytest.param("def sessions(session): return 5", "TypeError at ", id="it returns no reader"),
]


@pytest.mark.parametrize(("code", "said"), FAILING)
def test_one_that_fails_is_told_once_and_harms_nobody(
    code: str, said: str, outside: Outside, tmp_path: Path
) -> None:
    packages = installed(tmp_path, code)
    with serving(outside, tmp_path, packages, "serve", "--listen", ":0") as (port, lines):
        converse(port)
        converse(port)
    shown = outside.program("show", RECORDING, cwd=tmp_path, python_path=packages)
    plain = outside.program("show", RECORDING, cwd=tmp_path)
    for told in (lines, shown.stderr.splitlines()):
        failed = [line for line in told if "sessions of mail-stats 1.0 failed" in line]
        assert len(failed) == 1, told
        assert said in failed[0]
        assert not any("tanstaaf" in line or "Traceback" in line for line in told)
    assert shown.stdout == plain.stdout
