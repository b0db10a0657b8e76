"""More sessions than anybody has, and fewer files than that takes."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from cli.program import PATIENCE, client, running, serving, session
from lab.loopback import HOST
from lab.processes import missing

MANY, BATCH = 5000, 500
FILES = 2 * MANY + 500


@contextmanager
def room_for_files(count: int) -> Iterator[None]:
    """Let this process have so many files while the block lasts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        missing(f"no more than {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def line(sock: socket.socket) -> bytes:
    """Return what *sock* says up to the end of a line, and no more."""
    said = b""
    while not said.endswith(b"\r\n"):
        piece = sock.recv(1)
        assert piece, said
        said += piece
    return said


@pytest.mark.promise("many")
@pytest.mark.slow
def test_five_thousand_sessions_at_once_are_each_with_their_own_server() -> None:
    with ExitStack() as stack:
        stack.enter_context(room_for_files(FILES))
        upstream = stack.enter_context(socket.create_server((HOST, 0), backlog=BATCH))
        upstream.settimeout(PATIENCE)
        args = ("--upstream", f"{HOST}:{upstream.getsockname()[1]}", "--listen", ":0", "--quiet")
        proxy = stack.enter_context(running("proxy", *args))
        port = proxy.port()
        clients: list[socket.socket] = []
        servers: dict[bytes, socket.socket] = {}
        while len(clients) < MANY:
            for _ in range(BATCH):
                made = stack.enter_context(socket.create_connection((HOST, port), PATIENCE))
                made.sendall(b"NOOP %d\r\n" % len(clients))
                clients.append(made)
            for _ in range(BATCH):
                far = stack.enter_context(upstream.accept()[0])
                far.settimeout(PATIENCE)
                servers[line(far)] = far
        for number in reversed(range(MANY)):
            servers[b"NOOP %d\r\n" % number].sendall(b"+OK this is server %d\r\n" % number)
        for number, each in enumerate(clients):
            assert line(each) == b"+OK this is server %d\r\n" % number
        proxy.process.terminate()
        assert proxy.ended().status == 0


@pytest.mark.promise("files")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_without_files_for_more_clients_those_that_are_there_go_on(loop: str) -> None:
    with serving() as port:
        args = ("--upstream", f"{HOST}:{port}", "--listen", ":0", "--quiet", "--loop", loop)
        with running("proxy", *args) as proxy:
            here = proxy.port()
            there = client(here)
            few = len(list(Path(f"/proc/{proxy.process.pid}/fd").iterdir())) + 6
            resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (few, few))
            more = [socket.create_connection((HOST, here)) for _ in range(30)]
            proxy.says(r"too many files are open: new clients wait")
            there.user("demo")
            there.pass_("demo")
            assert there.stat()[0] > 0
            for each in more:
                each.close()
            there.quit()
            assert session(here)
            assert proxy.stopped().status == 0


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_server_that_is_reached_as_the_time_for_it_is_over_leaves_no_session(loop: str) -> None:
    with serving() as port:
        for seconds in ("0.000001", "0.0003", "0.001"):
            upstream = ("--upstream", f"{HOST}:{port}", "--listen", ":0", "--loop", loop)
            args = (*upstream, "--no-ledger", "--quiet", "--connect-timeout", seconds)
            with running("proxy", *args) as proxy:
                here = proxy.port()
                for _ in range(10):
                    with socket.create_connection((HOST, here), PATIENCE) as client:
                        client.recv(100)  # a greeting, or the end
                assert proxy.stopped().status == 0
