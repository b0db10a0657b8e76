"""What a gated side says at once arrives at once, if nobody acts on it.

The peers are blocking sockets and the proxy a process of its own, so what it writes in two goes is
read in two.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.program import PATIENCE, run, running

TIMES = 50
COMMANDS = b"STAT\r\nNOOP\r\nLIST 1\r\n"
REPLIES = b"+OK 1 120\r\n+OK\r\n+OK 1 120\r\n"
LOGIN = ((b"USER bob\r\n", b"+OK\r\n"), (b"PASS sesame\r\n", b"+OK\r\n"))
SILENT = {
    "faults": ("--fault", "drop when verb = QUIT", "--fault", "cut side=client when verb = RETR"),
    "rewrites": ("--rewrite", "client s/^LAST$/STAT/", "--rewrite", "server s/^never//"),
    "a dry run": ("--dry-run-delete",),
}
BEFORE_LOGIN = b"CAPA\r\nNOOP\r\nHELP\r\n"
REFUSALS = b"-ERR no\r\n-ERR what?\r\n-ERR none\r\n"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ca")
    assert run("ca", "--ca-dir", str(folder)).status == 0
    return folder


@contextmanager
def between(*options: str | Path) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Run a proxy with *options*; give its client, which has been greeted, and its server."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"127.0.0.1:{door.getsockname()[1]}"
        listen = ("--listen", ":0", "--quiet", "--no-console")
        with (
            running("proxy", "--upstream", url, *listen, *options) as proxy,
            socket.create_connection(("127.0.0.1", proxy.port()), PATIENCE) as client,
            door.accept()[0] as server,
        ):
            server.settimeout(PATIENCE)
            for peer in (client, server):
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server.sendall(b"+OK ready\r\n")
            assert client.recv(100) == b"+OK ready\r\n"
            yield client, server


def exchange(
    client: socket.socket, server: socket.socket, asked: bytes, answered: bytes
) -> tuple[bytes, bytes]:
    """Let *client* say *asked* at once, and *server* answer at once; return what one read gives."""
    client.sendall(asked)
    heard = server.recv(1000)
    server.sendall(answered)
    return heard, client.recv(1000)


@pytest.mark.parametrize("options", SILENT.values(), ids=list(SILENT))
def test_three_lines_that_nobody_acts_on_arrive_in_one_read(options: tuple[str, ...]) -> None:
    with between(*options) as (client, server):
        for asked, answered in LOGIN:
            assert exchange(client, server, asked, answered) == (asked, answered)
        for _ in range(TIMES):
            assert exchange(client, server, COMMANDS, REPLIES) == (COMMANDS, REPLIES)


def test_three_lines_arrive_in_one_read_while_stls_is_looked_for(ca: Path) -> None:
    with between("--stls", "inspect", "--ca-dir", ca) as (client, server):
        for _ in range(TIMES):
            found = exchange(client, server, BEFORE_LOGIN, REFUSALS)
            assert found == (BEFORE_LOGIN, REFUSALS)
