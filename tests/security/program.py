"""The program as a process, a server that says what it is told to, and a client."""

import os
import pty
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

from net.certificates import Certificate

PATIENCE = 20.0
"""Seconds after which something that should have happened never will."""

HERE = "127.0.0.1"


STLS, GRANT = b"STLS\r\n", b"+OK go on\r\n"


class Play:
    """A server on a free port whose replies are given one for one, whatever it is asked.

    With *keys* there is TLS, at once or, with *stls*, behind the greeting and an STLS.
    """

    def __init__(
        self, replies: Sequence[bytes], keys: Certificate | None = None, *, stls: bool = False
    ) -> None:
        self._replies = replies
        self._context = keys.context() if keys else None
        self._stls = stls
        self._door = socket.create_server((HERE, 0))
        self.address = "{}:{}".format(*self._door.getsockname()[:2])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with self._door, self._door.accept()[0] as peer:
            peer.settimeout(PATIENCE)
            greeting, *replies = self._replies
            if self._context is None or self._stls:
                peer.sendall(greeting)
                greeting = b""
            if self._stls:
                assert peer.recv(len(STLS)) == STLS
                peer.sendall(GRANT)
            if self._context is None:
                self._answer(peer, replies)
                return
            with self._context.wrap_socket(peer, server_side=True) as inside:
                inside.sendall(greeting)
                self._answer(inside, replies)

    @staticmethod
    def _answer(peer: socket.socket, replies: Sequence[bytes]) -> None:
        with peer.makefile("rwb", 0) as stream:
            for reply in replies:
                stream.readline()
                stream.write(reply)
            stream.read()  # what nobody reads would turn the close into a reset


def ask(
    port: int,
    lines: Sequence[bytes],
    last: bytes = b"",
    ca: Path | None = None,
    *,
    stls: bool = False,
) -> bytes:
    """Say *lines* to *port* of this machine, each when something was answered to the one before.

    To *last* no answer is waited for.  With *ca*, who vouches for the peer, there is TLS.
    """
    context = ssl.create_default_context(cafile=ca) if ca else None
    with socket.create_connection((HERE, port), PATIENCE) as peer:
        if context is None:
            return peer.recv(65536) + _said(peer, lines, last)
        greeting = b""
        if stls:
            greeting = peer.recv(65536)
            peer.sendall(STLS)
            assert peer.recv(65536) == GRANT
        with context.wrap_socket(peer, server_hostname="localhost") as inside:
            greeting = greeting or inside.recv(65536)
            return greeting + _said(inside, lines, last)


def _said(peer: socket.socket, lines: Sequence[bytes], last: bytes) -> bytes:
    heard = b""
    for line in lines:
        peer.sendall(line)
        heard += peer.recv(65536)
    peer.sendall(last)
    peer.shutdown(socket.SHUT_WR)
    while piece := peer.recv(65536):
        heard += piece
    return heard


class Program:
    """A pop3spy that was started; what it says to a terminal or to pipes is kept."""

    def __init__(self, process: subprocess.Popen[bytes], streams: dict[int, str]) -> None:
        self.process = process
        self._streams = streams
        self.said: dict[str, bytes] = dict.fromkeys(streams.values(), b"")

    def wait_for(self, pattern: bytes) -> re.Match[bytes]:
        """Return the first place where what was said has *pattern*."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, b"\n".join(self.said.values()))):
            assert time.monotonic() < deadline, f"never said {pattern!r}: {self.said}"
            self._listen(0.5)
        return found

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.wait_for(rb"listening on pop3s?://[^ ]*:(\d+)")[1])

    def stop(self) -> int:
        """Ask it to end, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.status()

    def status(self) -> int:
        """Return its exit status, once it has ended."""
        while self._streams:
            self._listen(PATIENCE)
        return self.process.wait(PATIENCE)

    def _listen(self, seconds: float) -> None:
        for fd in select.select(list(self._streams), (), (), seconds)[0]:
            try:
                piece = os.read(fd, 65536)
            except OSError:  # a terminal whose last program has gone
                piece = b""
            if not piece:
                os.close(fd)
                del self._streams[fd]
            else:
                self.said[self._streams[fd]] += piece


def command(*args: str | Path) -> list[str]:
    return [sys.executable, "-m", "pop3spy", *map(str, args)]


@contextmanager
def started(*args: str | Path, terminal: bool = False, umask: int = 0o022) -> Iterator[Program]:
    """Run pop3spy with *args* while the block lasts, on a terminal or on pipes."""
    if terminal:
        master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        ends, ours = (slave, slave), {master: "terminal"}
    else:
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        ends, ours = (out_end, err_end), {out: "stdout", err: "stderr"}
    environment = {**os.environ, "TERM": "xterm", "PYTHONUNBUFFERED": "1"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        command(*args),
        stdin=ends[0] if terminal else subprocess.DEVNULL,
        stdout=ends[0],
        stderr=ends[1],
        env=environment,
        umask=umask,
        start_new_session=True,
    )
    for fd in set(ends):
        os.close(fd)
    program = Program(process, ours)
    try:
        yield program
    finally:
        process.kill()
        process.wait()
        for fd in ours:
            os.close(fd)
