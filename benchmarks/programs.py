"""The programs that the benchmark starts: the load generator and the relays under test.

1. Everything listens on 127.0.0.1 and every wait has an end.
2. A program gets a process group of its own, and only that group is ever ended.
3. The relay has one core for itself and the load has the others. Left to itself, the scheduler
   puts two processes on one core or on two from run to run, which changes a round trip fourfold.
"""

import contextlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOAD = HERE / "bin" / "load"
SOURCES = ("load.c", "serve.c", "clients.c")
SPY = "pop3spy proxy --upstream 127.0.0.1:{upstream} --listen pop3://127.0.0.1:{port}"

BODY_MB = 256

# In a command, {upstream} and {port} are ports, {folder} is for files and {here} is this folder.
RELAYS = {
    # A server in the relay's place.
    "none": f"{{here}}/bin/load serve {{port}} {BODY_MB}",
    "haproxy": "haproxy -db -f {here}/haproxy.cfg",
    "socat": "socat TCP-LISTEN:{port},bind=127.0.0.1,backlog=4096,reuseaddr,nodelay,fork"
    " TCP:127.0.0.1:{upstream},nodelay",
    "pop3spy": SPY,
    "pop3spy quiet": f"{SPY} --quiet",
    "pop3spy json": f"{SPY} --quiet --log {{folder}}/{{port}}.json --log-format json",
    "pop3spy recording": f"{SPY} --quiet --record {{folder}}/{{port}}.yaml",
    "pop3spy console": f"python {{here}}/on_terminal.py {SPY}",
    "pop3spy gated": f"{SPY} --quiet --fault 'delay chance=0 side=client'"
    " --fault 'delay chance=0 side=server'",
    "pop3spy asyncio": f"{SPY} --quiet --loop asyncio",
}

_cores = sorted(os.sched_getaffinity(0))
RELAY_CORES = set(_cores[-1:])
LOAD_CORES = set(_cores[:-1]) or RELAY_CORES


class BenchmarkError(Exception):
    """Something did not start or did not finish; the text says what and why, in one line."""


def build() -> None:
    """Compile the load generator."""
    LOAD.parent.mkdir(exist_ok=True)
    command = ["cc", "-O2", "-std=c11", "-Wall", "-Wextra", "-o", str(LOAD)]
    command += [str(HERE / source) for source in SOURCES]
    try:
        subprocess.run(command, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as problem:
        raise BenchmarkError(f"the load generator was not compiled: {problem}") from None


def load(role: str, port: int, *arguments: int) -> dict[str, float]:
    """Run one client role and return the figures that it prints."""
    command = [str(LOAD), role, "127.0.0.1", str(port), *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        raise BenchmarkError(f"{role}: not done after two minutes") from None
    if done.returncode:
        raise BenchmarkError(f"{role}: {last_line(done.stderr)}")
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


@dataclass
class Program:
    """A started program and whatever it starts itself."""

    name: str
    process: subprocess.Popen[bytes]
    errors: Path

    def memory(self) -> int:
        """Return the KiB that the group holds, pages that several share counted once."""
        return sum(_own_memory(pid) for pid in _group(self.process.pid))

    def stop(self) -> None:
        """End the group, at first politely."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            # A relay that forks may have children left after it has ended.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=5)


def start_server(folder: Path) -> tuple[Program, int]:
    """Start the server that the relays relay to and return it with its port."""
    return _start(RELAYS["none"], 0, folder, LOAD_CORES)


def start_relay(command: str, upstream: int, folder: Path) -> tuple[Program, int]:
    """Start a relay in front of the server and return it with its port."""
    return _start(command, upstream, folder, RELAY_CORES)


def _start(command: str, upstream: int, folder: Path, cores: set[int]) -> tuple[Program, int]:
    """Start a program and wait until it answers."""
    port = free_port()
    places = {"port": port, "upstream": upstream, "folder": folder, "here": HERE}
    name, *arguments = (word.format(**places) for word in shlex.split(command))
    errors = folder / f"{port}.err"
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)  # which the program inherits
    try:
        with errors.open("w") as stderr:
            process = subprocess.Popen(
                [find(name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env={**os.environ, "LISTEN_PORT": str(port), "UPSTREAM_PORT": str(upstream)},
                start_new_session=True,
            )
    finally:
        os.sched_setaffinity(0, before)
    program = Program(name, process, errors)
    try:
        _await_session(program, port)
    except BaseException:  # Ctrl-C too: nobody else knows the program yet
        program.stop()
        raise
    return program, port


def _await_session(program: Program, port: int) -> None:
    deadline = time.monotonic() + 15
    while not _relays(port):
        if program.process.poll() is not None or time.monotonic() > deadline:
            said = last_line(program.errors.read_text(errors="replace"))
            raise BenchmarkError(f"{program.name} does not answer: {said}")
        time.sleep(0.05)


def find(name: str) -> str:
    """Return the path of a program: beside this Python, on the PATH, or where daemons are."""
    places = (str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin", "/sbin")
    found = shutil.which(name, path=os.pathsep.join(places))
    if not found:
        raise BenchmarkError(f"{name} is not installed")
    return found


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def last_line(text: str) -> str:
    """Return the last line of what a program said, which is the one that tells why it ended."""
    return (text.strip().splitlines() or ["it said nothing"])[-1].removeprefix("load: ")


@contextlib.contextmanager
def idle_sessions(port: int, count: int) -> Iterator[None]:
    """Hold so many logged-in sessions open."""
    command = [str(LOAD), "idle", "127.0.0.1", str(port), str(count)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as holder:
        assert holder.stdout
        assert holder.stderr
        # The program ends by itself when a session does not come about, which ends this wait.
        if not holder.stdout.readline():
            raise BenchmarkError(f"idle: {last_line(holder.stderr.read())}")
        yield
        # Leaving closes its stdin, upon which it ends.


def _relays(port: int) -> bool:
    """Tell whether one whole short session passes; it also warms the relay up."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"QUIT\r\n")
            heard = connection.makefile("rb").read()
    except OSError:
        return False
    return heard.count(b"+OK") == 2


def _group(leader: int) -> list[int]:
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            # After the name, which may hold anything: state, parent, group.
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == leader:
                members.append(int(stat.parent.name))
    return members


def _own_memory(pid: int) -> int:
    """Return the KiB of anonymous memory; pages of files are shared with half of the machine."""
    with contextlib.suppress(OSError):  # it has ended meanwhile
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1])
    return 0
