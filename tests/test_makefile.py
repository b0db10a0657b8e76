"""What a person sees of make who changes their mind."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.loopback import until
from lab.processes import need

ROOT = Path(__file__).parents[1]

# Stands for Python: what it is asked to set up goes on until Ctrl-C, and then fails.
SLOW = """#!/bin/sh
case "$*" in
  *"{slow}"*)
    trap 'echo cancelled; exit 1' INT
    touch at-work
    for _ in $(seq 600); do sleep 0.1; done ;;
  *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
esac
"""


@pytest.mark.parametrize("slow", ["-m venv", "pip"])
def test_ctrl_c_while_make_sets_up_leaves_no_error_of_makes(slow: str, tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "pop3spy").mkdir()
    python = tmp_path / "python"
    python.write_text(SLOW.replace("{slow}", slow))
    python.chmod(0o755)
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [need("setsid"), "--ctty", need("make"), "demo", f"PYTHON={python}"],
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={name: text for name, text in os.environ.items() if not name.startswith("MAKE")},
    )
    os.close(theirs)
    try:
        until(lambda: (tmp_path / "at-work").exists() or None, "the start of the work", 30)
        os.write(ours, b"\x03")
        status = process.wait(timeout=30)
        said = os.read(ours, 65536).decode()
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert status == 0
    assert said.startswith("setting up pop3spy")
    assert "***" not in said
    assert "Error" not in said
    assert not (tmp_path / ".venv" / ".alone").exists()
