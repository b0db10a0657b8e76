"""A proxy that is killed leaves a recording of all that was said until then."""

import signal
import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from cli.program import PATIENCE, run, running
from pop3spy.capture.reader import CaptureReader
from pop3spy.protocol.frames import Side
from pop3spy.session.how import How
from pop3spy.session.tape import Over, Spoke

LOST = 0.1
"""Seconds whose octets may be missing at the end of a recording."""
WHILE = 0.5
"""Seconds for which the message has been coming when the proxy is killed."""
STATUS = b"+OK it begins\r\n"


@contextmanager
def endless_message() -> Iterator[int]:
    """Serve one client a message of numbered lines that goes on until the client is gone."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=_serve, args=(door,), daemon=True)
        thread.start()
        yield door.getsockname()[1]
        thread.join(PATIENCE)
        assert not thread.is_alive()


def _serve(door: socket.socket) -> None:
    peer, _ = door.accept()
    with peer, peer.makefile("rb") as asked:
        peer.sendall(b"+OK ready\r\n")
        while asked.readline()[:4] != b"RETR":
            peer.sendall(b"+OK\r\n")
        peer.sendall(STATUS)
        try:
            for number in count():
                peer.sendall(b"line %d\r\n" % number)
        except OSError:  # it was killed
            return


def retrieve(port: int) -> Generator[tuple[float, int], None, None]:
    """Log in and retrieve; yield when there were how many octets of the message."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
        for line in (b"", b"USER bob\r\n", b"PASS sesame123\r\n"):
            peer.sendall(line)
            assert peer.recv(64).startswith(b"+OK")
        peer.sendall(b"RETR 1\r\n")
        octets = -len(STATUS)
        while data := peer.recv(4096):
            octets += len(data)
            yield time.monotonic(), octets


@pytest.mark.parametrize("bodies", ["keep", "mask", "drop"])
def test_a_killed_proxy_has_recorded_all_but_the_last_moment(tmp_path: Path, bodies: str) -> None:
    path = tmp_path / "killed.yaml"
    with endless_message() as upstream:
        args = ("--upstream", f"127.0.0.1:{upstream}", "--listen", ":0", "--quiet")
        with running("proxy", *args, "--record", path, "--bodies", bodies) as proxy:
            came: list[tuple[float, int]] = []
            coming = retrieve(proxy.port())  # it stays connected as long as this is there
            for at, octets in coming:
                came.append((at, octets))
                if at - came[0][0] > WHILE:
                    break
            killed = time.monotonic()  # first: behind it, this process may have to wait for long
            proxy.send(signal.SIGKILL)
            proxy.process.wait(PATIENCE)
            coming.close()

    message, over = message_in(path)
    assert over.ending.how is How.CUT
    assert len(message) >= max(octets for at, octets in came if at < killed - LOST)
    whole = b"".join(b"line %d\r\n" % number for number in range(len(message)))
    assert bodies != "keep" or whole.startswith(message)
    shown = run("show", str(path))
    assert shown.status == 0
    assert "the capture ends before session 1 does" in shown.err
    assert "message broken off after" in shown.out


def message_in(path: Path) -> tuple[bytes, Over]:
    with path.open(encoding="utf-8", newline="\n") as stream:
        *items, over = CaptureReader(stream, path.name)
    assert isinstance(over, Over)
    said = b"".join(
        i.chunk.data for i in items if isinstance(i, Spoke) and i.chunk.side is Side.SERVER
    )
    return said.partition(STATUS)[2], over
