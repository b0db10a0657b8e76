"""The processes that a program has started: which there are, and whether they have ended."""

from pathlib import Path

from cli.program import PATIENCE, Program
from lab.loopback import until


def processes_of(program: Program) -> list[int]:
    pid = program.process.pid
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    """Return whether there is a process *pid* that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pids: list[int]) -> None:
    """Wait until none of *pids* is running."""
    until(lambda: None if any(map(is_running, pids)) else True, f"the end of {pids}", PATIENCE)
