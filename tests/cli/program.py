"""The program as people start it: a process with its own streams, signals and exit status.

Nothing here sleeps: a test waits for a line of the program, or for its end.
"""

import codecs
import os
import re
import resource
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from poplib import POP3
from typing import IO, NamedTuple
from unittest.mock import patch

import click

from pop3spy.cli.main import LazyVerb, main, program

COMMAND = (sys.executable, "-m", "pop3spy")
PATIENCE = 20.0

Output = IO[bytes] | int | None


def commands_of(group: click.Group, before: str = "") -> dict[str, click.Command]:
    """Return every command by what a person types: ``replay server``."""
    found: dict[str, click.Command] = {}
    for name, listed in sorted(group.commands.items()):
        command = listed.load() if isinstance(listed, LazyVerb) else listed
        if isinstance(command, click.Group):
            found |= commands_of(command, f"{before}{name} ")
        else:
            found[f"{before}{name}"] = command
    return found


VERBS = commands_of(program)


class Ended(NamedTuple):
    """How a process ended, and what it had to say."""

    status: int
    out: str
    err: str

    @property
    def notes(self) -> list[str]:
        """What it said on stderr, but for ``stopping``: a session may still be closing then."""
        return [line for line in self.err.splitlines() if "stopping" not in line]


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a person's shell: this one, less what changes Python and output."""
    odd = {"NO_COLOR", "COLUMNS", "LINES", "PYTHONUNBUFFERED", "PYTHONUTF8", "PYTHONIOENCODING"}
    kept = {name: value for name, value in os.environ.items() if name not in odd}
    return {**kept, "TERM": "xterm", **changes}


def run(*args: str, before: Sequence[str] = (), **changes: str) -> Ended:
    """Run the program to its end; *before* is a command that starts it."""
    done = subprocess.run(
        [*before, *COMMAND, *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        env=environment(**changes),
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def run_here(*args: str, **changes: str) -> Ended:
    """Do as ``run`` does, in this process: its start would take longer than what is tried.

    It is for what reads and writes files, for a client that is played, and for what is told of a
    wrong command line.  Signals, closed streams and servers need a process of their own.
    """
    hook, streams = sys.unraisablehook, (sys.stdin, sys.stdout, sys.stderr)
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    with (
        patch.dict(os.environ, environment(**changes), clear=True),
        warnings.catch_warnings(action="ignore"),  # as in a process that nobody asked for them
        Path(os.devnull).open(encoding="utf-8") as nothing,
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as out,
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace") as err,
    ):
        sys.stdin, sys.stdout, sys.stderr = nothing, out, err
        try:
            status = main(args)
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
            sys.unraisablehook = hook
            resource.setrlimit(resource.RLIMIT_NOFILE, files)
        return Ended(status, _written(out), _written(err))


def _written(stream: IO[str]) -> str:
    stream.seek(0)
    return stream.read()


class Program:
    """The program in the background; its stderr is a pipe, so what it says can be waited for."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._said = ""

    def says(self, pattern: str) -> re.Match[str]:
        """Wait for a line of stderr that *pattern* is found in."""
        assert self.process.stderr
        for line in iter(self.process.stderr.readline, b""):
            self._said += line.decode()
            if found := re.search(pattern, line.decode()):
                return found
        raise AssertionError(f"it ended without saying {pattern!r}: {self._said}")

    def port(self, scheme: str = "pop3") -> int:
        """Wait until it listens; return the port.  Ask for several in the order of its options."""
        return int(self.says(rf"listening on {re.escape(scheme)}://127\.0\.0\.1:(\d+)")[1])

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self) -> Ended:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=PATIENCE)
        said = self._said + (err or b"").decode()
        return Ended(self.process.returncode, (out or b"").decode(errors="replace"), said)

    def stopped(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        """End it with a signal."""
        self.send(number)
        return self.ended()


@contextmanager
def running(
    *args: str | Path,
    stdout: Output = subprocess.PIPE,
    stderr: Output = subprocess.PIPE,
    env: dict[str, str] | None = None,
    before: Sequence[str] = (),
    pass_fds: Sequence[int] = (),
) -> Iterator[Program]:
    """Run the program while the block lasts; whatever happens, it does not outlive it.

    *before* is a command that starts it.
    """
    command = [*before, *COMMAND, *map(str, args)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env=environment(**(env or {})),
        pass_fds=pass_fds,
        start_new_session=True,
    )
    try:
        with process:
            try:
                yield Program(process)
            finally:
                process.kill()
    finally:
        process.wait()


@contextmanager
def serving(*args: str | Path) -> Iterator[int]:
    """Run ``pop3spy serve`` and give its port: a server to relay to."""
    with running("serve", "--listen", ":0", "--quiet", *args) as server:
        yield server.port()


def client(port: int) -> POP3:
    return POP3("127.0.0.1", port, timeout=PATIENCE)


@contextmanager
def in_tls(port: int, ca: Path, name: str = "localhost") -> Iterator[ssl.SSLSocket]:
    """Give a connection in TLS to *port*, as a client that believes *ca* and wants *name*."""
    context = ssl.create_default_context(cafile=ca)
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE) as connection,
        context.wrap_socket(connection, server_hostname=name) as tls,
    ):
        yield tls


def session(port: int, user: str = "demo", password: str = "demo") -> list[bytes]:
    """Have a session of a few commands, until the server has closed it; return the listing."""
    pop = client(port)
    pop.user(user)
    pop.pass_(password)
    listing = pop.list()[1]
    pop._shortcmd("QUIT")  # type: ignore[attr-defined]
    assert pop.sock.recv(1) == b""
    pop.close()
    return listing


class Terminal:
    """What the program writes to a terminal, which is read from its other end."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a read may cut one
        self.text = ""

    def shows(self, pattern: str) -> re.Match[str]:
        """Wait until *pattern* is found in what has been shown."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.text)):
            ready, _, _ = select.select([self._fd], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{pattern!r} is not in {self.text!r}"
            self.text += self._decoder.decode(os.read(self._fd, 65536))
        return found
