"""Programs are found or missed aloud, and nothing of them is left behind."""

import os
import signal
import subprocess
import sys

import pytest

from lab.loopback import until
from lab.processes import end, need, running, start

A_FAMILY = """
import subprocess, sys
child = subprocess.Popen(["sleep", "600"])
print(child.pid, flush=True)
child.wait()
"""


def test_a_missing_program_skips_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        need("no-such-program")


def test_a_missing_program_fails_the_test_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        need("no-such-program")


def test_what_a_program_started_ends_with_it() -> None:
    with running([sys.executable, "-c", A_FAMILY], stdout=subprocess.PIPE) as process:
        assert process.stdout
        with process.stdout:
            child = int(process.stdout.readline())

    until(lambda: not alive(child) or None, "the end of the child")


def test_a_program_that_ignores_the_request_is_ended_all_the_same() -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); "
    process = start([sys.executable, "-c", deaf + "signal.pause()"], stdout=subprocess.PIPE)
    assert process.stdout
    with process.stdout:
        process.stdout.readline()

    with pytest.raises(TimeoutError):
        end(process, patience=0.1)

    assert process.returncode == -signal.SIGKILL


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
