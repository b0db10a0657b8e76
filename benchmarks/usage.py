"""What programs use of the machine: memory, and processor time.

A program is a process group: whoever forks for each connection, and whoever has workers, is
counted with all of them.  Processor time is user and system time of all threads, in nanoseconds,
from the clock that Linux has for each process; that of /proc/PID/stat has steps of 10 ms.
"""

import contextlib
import os
import subprocess
import time
from pathlib import Path


def group_memory(leader: int) -> int:
    """Return the KiB that the group holds, pages that several share counted once."""
    return sum(_own_memory(pid) for pid in _group(leader))


def group_seconds(leader: int) -> float:
    """Return the seconds of processor time of the group so far, children that ended included."""
    return sum(process_seconds(pid) + _of_ended_children(pid) for pid in _group(leader))


def process_seconds(pid: int) -> float:
    """Return the seconds of processor time that a process has had so far, without children."""
    with contextlib.suppress(OSError):  # it has ended meanwhile
        # What clock_getcpuclockid(3) makes of a process id; Python has it for threads only.
        return time.clock_gettime(~pid << 3 | 2)
    return 0.0


def run_seconds(command: list[str]) -> float:
    """Run a command to its end and return the seconds of processor time that it took."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return used.ru_utime + used.ru_stime


def _group(leader: int) -> list[int]:
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            # After the name, which may hold anything: state, parent, group.
            if int(_fields(stat)[2]) == leader:
                members.append(int(stat.parent.name))
    return members


def _of_ended_children(pid: int) -> float:
    with contextlib.suppress(OSError):  # it has ended meanwhile
        user, system = _fields(Path(f"/proc/{pid}/stat"))[13:15]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _fields(stat: Path) -> list[str]:
    return stat.read_text().rpartition(")")[2].split()


def _own_memory(pid: int) -> int:
    """Return the KiB of anonymous memory; pages of files are shared with half of the machine."""
    with contextlib.suppress(OSError):  # it has ended meanwhile
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1])
    return 0
