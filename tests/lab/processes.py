"""Programs of others: found, started and ended without leaving anything behind.

Each is the leader of its own process group, so that whatever it started ends with it.
A program dies with the test run even if that is killed: the kernel sees to it.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

import pytest

from lab.loopback import until

SYSTEM_FOLDERS = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin"))

Output = IO[bytes] | int | None


def missing(reason: str) -> NoReturn:
    """Skip the test for *reason*; in CI, where nothing may be missing, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def need(program: str, *folders: Path) -> str:
    """Return the path of *program*, which may also be in one of the *folders*."""
    places = [os.environ.get("PATH", os.defpath), SYSTEM_FOLDERS, *map(str, folders)]
    found = shutil.which(program, path=os.pathsep.join(places))
    return found or missing(f"{program} is not installed (tests/lab/install.sh installs it)")


def need_root(why: str) -> None:
    if os.geteuid() != 0:
        missing(f"only root may {why}")


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    pass_fds: Sequence[int] = (),
    stdout: Output = None,
    stderr: Output = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* in the background and end it, and all that it started, afterwards."""
    process = start(command, pass_fds=pass_fds, stdout=stdout, stderr=stderr)
    try:
        yield process
    finally:
        end(process)


def start(
    command: Sequence[str | Path],
    *,
    pass_fds: Sequence[int] = (),
    stdout: Output = None,
    stderr: Output = None,
) -> subprocess.Popen[bytes]:
    bound = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    return subprocess.Popen(
        [*bound, *map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        pass_fds=pass_fds,
        start_new_session=True,
    )


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether *process* has ended, leaving its exit status for later."""
    if process.returncode is not None:
        return True
    look = os.WEXITED | os.WNOWAIT | os.WNOHANG
    return os.waitid(os.P_PID, process.pid, look) is not None


def ask_to_end(process: subprocess.Popen[bytes]) -> None:
    """Send SIGTERM to *process* and do not wait."""
    if process.returncode is None:
        os.kill(process.pid, signal.SIGTERM)  # Popen.terminate would fetch the exit status


def end(process: subprocess.Popen[bytes], patience: float = 10.0) -> int:
    """End *process* politely and what is left of its group by force; return its exit status.

    The group is killed before the exit status is fetched: until then the kernel
    gives the number to nobody else.
    """
    if process.returncode is not None:
        return process.returncode
    ask_to_end(process)
    try:
        until(lambda: has_ended(process) or None, f"the end of {process.args!r}", patience)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
    return status
