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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.usage import group_memory, group_seconds

HERE = Path(__file__).resolve().parent
LOAD = HERE / "bin" / "load"
SOURCES = ("load.c", "serve.c", "clients.c")
SPY = "pop3spy proxy --upstream 127.0.0.1:{upstream} --listen pop3://127.0.0.1:{port}"

# In a command, {upstream} and {port} are ports, {folder} is for files, {here} is this folder, and
# {body} is the size of a large message in MB.
RELAYS = {
    # A server in the relay's place.
    "none": "{here}/bin/load serve {port} {body}",
    "haproxy": "haproxy -db -f {here}/haproxy.cfg",
    "socat": "socat TCP-LISTEN:{port},bind=127.0.0.1,backlog=4096,reuseaddr,nodelay,fork"
    " TCP:127.0.0.1:{upstream},nodelay",
    "pop3spy": SPY,
    "pop3spy quiet": f"{SPY} --quiet",
    "pop3spy unjudged": f"{SPY} --quiet --log {{folder}}/{{port}}.json --log-format json"
    " --findings off",
    "pop3spy json": f"{SPY} --quiet --log {{folder}}/{{port}}.json --log-format json",
    "pop3spy recording": f"{SPY} --quiet --record {{folder}}/{{port}}.yaml",
    "pop3spy console": f"python {{here}}/on_terminal.py {SPY}",
    "pop3spy judged": f"{SPY} --quiet --log /dev/null",
    "pop3spy web": f"python -m benchmarks.inspected {SPY} --quiet --web 0",
    "pop3spy web, unjudged": f"python -m benchmarks.inspected {SPY} --quiet --web 0 --findings off",
    "pop3spy gated": f"{SPY} --quiet --fault 'delay chance=0 side=client'"
    " --fault 'delay chance=0 side=server'",
    "pop3spy asyncio": f"{SPY} --quiet --loop asyncio",
    "pop3spy workers": f"{SPY} --quiet --workers 2",
}

_cores = sorted(os.sched_getaffinity(0))
RELAY_CORES = set(_cores[-1:])
LOAD_CORES = set(_cores[:-1]) or RELAY_CORES


REST = 0.2  # seconds; who uses less than a hundredth of them has nothing left to do


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


@contextlib.contextmanager
def client(role: str, port: int, *arguments: int) -> Iterator[Callable[[], dict[str, float]]]:
    """Run one client role until it is ready; what is given lets it work, and returns its figures.

    Its connections stay until the end of the block.
    """
    command = [str(LOAD), role, "127.0.0.1", str(port), *map(str, arguments)]
    pipe = subprocess.PIPE
    # It ends by itself, within ten minutes at most, which ends every wait here.
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        if not process.stdout.readline():
            raise BenchmarkError(f"{role}: {last_line(process.communicate()[1])}")

        def work() -> dict[str, float]:
            assert process.stdin
            assert process.stdout
            process.stdin.write("\n")
            process.stdin.flush()
            if not (told := process.stdout.readline()):
                raise BenchmarkError(f"{role}: {last_line(process.communicate()[1])}")
            return {name: float(value) for name, value in json.loads(told).items()}

        yield work
        errors = process.communicate()[1]  # it hangs up
    if process.returncode:
        raise BenchmarkError(f"{role}: {last_line(errors)}")


@dataclass
class Program:
    """A started program and whatever it starts itself."""

    name: str
    process: subprocess.Popen[bytes]
    errors: Path

    def memory(self) -> int:
        """Return the KiB that the group holds, pages that several share counted once."""
        return group_memory(self.process.pid)

    def seconds(self) -> float:
        """Return the processor time so far, once what the program does behind its relaying is done.

        A relay may read, write and end sessions after the client has all that it waits for.
        """
        used = group_seconds(self.process.pid)
        for _ in range(50):
            time.sleep(REST)
            before, used = used, group_seconds(self.process.pid)
            if used - before < REST / 100:
                break
        return used

    def stop(self) -> None:
        """End the group, at first politely."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            # A relay that forks may have children left after it has ended.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=5)


def start_server(folder: Path, body: int) -> tuple[Program, int]:
    """Start the server that the relays relay to and return it with its port.

    A large message of it has *body* MB.
    """
    return _start(RELAYS["none"], 0, folder, body, LOAD_CORES)


def start_relay(command: str, upstream: int, folder: Path, body: int) -> tuple[Program, int]:
    """Start a relay in front of the server and return it with its port."""
    several = "--workers" in command  # on one core they would only be in each other's way
    return _start(command, upstream, folder, body, RELAY_CORES | (LOAD_CORES if several else set()))


def _start(
    command: str, upstream: int, folder: Path, body: int, cores: set[int]
) -> tuple[Program, int]:
    """Start a program and wait until it answers."""
    port = free_port()
    places = {"port": port, "upstream": upstream, "folder": folder, "here": HERE, "body": body}
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


def _relays(port: int) -> bool:
    """Tell whether one whole short session passes; it also warms the relay up."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"QUIT\r\n")
            heard = connection.makefile("rb").read()
    except OSError:
        return False
    return heard.count(b"+OK") == 2
