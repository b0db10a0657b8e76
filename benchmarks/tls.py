"""Measures TLS on both legs: pop3spy beside HAProxy and stunnel, in turn and in one run.

The load is written in Python and has the other core, which is no match for these relays; so what
counts is how much the relay does in a second of *its own* processor time, all its processes and
threads together.  The clock's figures stand beside it.
"""

import argparse
import contextlib
import os
import shlex
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import programs, report
from benchmarks.usage import process_seconds
from pop3spy.authority import Authority

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
START, END = "<!-- tls:start -->", "<!-- tls:end -->"
SPY = (
    "pop3spy proxy --upstream pop3s://localhost:{upstream} --upstream-ca {folder}/ca.pem"
    " --listen pop3s://127.0.0.1:{port} --cert {folder}/server.pem --no-console --quiet"
)
RELAYS = {
    "haproxy": "haproxy -db -f {here}/haproxy-tls.cfg",
    "stunnel": "stunnel {folder}/stunnel.conf",
    "pop3spy": SPY,
    "pop3spy reading": SPY.removesuffix(" --quiet"),
    "pop3spy asyncio": f"{SPY} --loop asyncio",
}
MEGABYTES = 256
SESSIONS = 300
CHUNK = b"x" * 998 + b"\r\n"
FIGURES = (
    "RETR, MB a second of its CPU",
    "RETR, MB/s",
    "sessions a second of its CPU",
    "sessions/s",
)


def main() -> int:
    """Measure, and print or write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--relay", action="append", choices=RELAYS, help="only these")
    parser.add_argument(
        "--write", action="store_true", help="put the table into docs/performance.md"
    )
    options = parser.parse_args()
    chosen = options.relay or list(RELAYS)
    with tempfile.TemporaryDirectory() as name, certified(Path(name)) as folder:
        rounds = measure(folder, chosen, options.rounds)
    text = table(rounds, chosen)
    if options.write:
        report.write(PAGE, text, START, END)
    print(text)
    return 0


@contextlib.contextmanager
def certified(folder: Path) -> Iterator[Path]:
    """Give *folder* with a certificate for localhost, and its authority's."""
    authority = Authority.open(folder / "authority")
    (folder / "ca.pem").write_bytes(authority.exported("pem"))
    (folder / "server.pem").touch(mode=0o600)
    (folder / "server.pem").write_bytes(authority.leaf(["localhost"]).pem)
    yield folder


def measure(folder: Path, names: list[str], rounds: int) -> list[dict[str, tuple[float, ...]]]:
    """Return, for each round, the figures of each relay."""
    done = []
    for number in range(rounds):
        each = {}
        for name in names if number % 2 == 0 else reversed(names):
            print(f"round {number + 1}: {name}", file=sys.stderr)
            with server(folder) as upstream, relay(name, folder, upstream) as (port, process):
                each[name] = figures(port, process, folder)
        done.append(each)
    return done


def figures(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> tuple[float, ...]:
    """Return what FIGURES names."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    retrieve(port, context, 8)  # whatever is made at the first use is made
    before, began = process_seconds(process.pid), time.perf_counter()
    retrieve(port, context, MEGABYTES)
    bulk, bulk_took = process_seconds(process.pid) - before, time.perf_counter() - began
    before, began = process_seconds(process.pid), time.perf_counter()
    for _ in range(SESSIONS):
        retrieve(port, context, 0)
    short, short_took = process_seconds(process.pid) - before, time.perf_counter() - began
    return MEGABYTES / bulk, MEGABYTES / bulk_took, SESSIONS / short, SESSIONS / short_took


def retrieve(port: int, context: ssl.SSLContext, megabytes: int) -> None:
    """Be a client that says RETR and QUIT, or, without any *megabytes*, only QUIT."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as sock,
        context.wrap_socket(sock, server_hostname="localhost") as tls,
    ):
        assert tls.recv(100).startswith(b"+OK")
        if megabytes:
            tls.sendall(b"RETR %d\r\n" % megabytes)
            room, left = bytearray(1 << 16), megabytes * 1_000_000 + len(b"+OK\r\n.\r\n")
            while left:
                got = tls.recv_into(room)
                assert got, "the relay hung up"
                left -= got
        tls.sendall(b"QUIT\r\n")
        assert tls.recv(100).startswith(b"+OK")


# -- the server ---------------------------------------------------------------------------------


@contextlib.contextmanager
def server(folder: Path) -> Iterator[int]:
    """Run this file as a server, with the cores of the load; give its port."""
    port = programs.free_port()
    os.sched_setaffinity(0, programs.LOAD_CORES)
    command = [sys.executable, "-m", "benchmarks.tls", "--serve", str(port), str(folder)]
    process = subprocess.Popen(command, cwd=programs.HERE.parent)
    try:
        await_port(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


def serve(port: int, folder: Path) -> None:
    """Serve until somebody ends it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    context.num_tickets = 0
    with socket.create_server(("127.0.0.1", port), backlog=64) as door:
        while True:
            sock, _ = door.accept()
            threading.Thread(target=converse, args=(sock, context), daemon=True).start()


def converse(sock: socket.socket, context: ssl.SSLContext) -> None:
    """Be the server of one client."""
    with contextlib.suppress(OSError), sock, context.wrap_socket(sock, server_side=True) as tls:
        tls.sendall(b"+OK ready\r\n")
        for line in tls.makefile("rb"):
            if line.startswith(b"RETR"):
                tls.sendall(b"+OK\r\n")
                for _ in range(int(line.split()[1])):
                    tls.sendall(CHUNK * 1000)
                tls.sendall(b".\r\n")
            else:
                tls.sendall(b"+OK\r\n")


# -- the relays ---------------------------------------------------------------------------------


@contextlib.contextmanager
def relay(
    name: str, folder: Path, upstream: int
) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Run a relay with a core for itself; give its port and its process."""
    port, between = programs.free_port(), programs.free_port()
    places = {"port": port, "upstream": upstream, "folder": folder, "here": programs.HERE}
    text = (programs.HERE / "stunnel.conf").read_text().replace("FOLDER", str(folder))
    for word, value in {"LISTEN": port, "BETWEEN": between, "UPSTREAM": upstream}.items():
        text = text.replace(word, str(value))
    (folder / "stunnel.conf").write_text(text)
    first, *rest = (word.format(**places) for word in shlex.split(RELAYS[name]))
    own = {"LISTEN_PORT": str(port), "UPSTREAM_PORT": str(upstream), "FOLDER": str(folder)}
    process = subprocess.Popen(
        [programs.find(first), *rest],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **own},
    )
    try:
        os.sched_setaffinity(process.pid, programs.RELAY_CORES)
        await_port(port, process)
        yield port, process
    finally:
        process.terminate()
        process.wait(timeout=15)


def await_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until somebody listens on *port*."""
    deadline = time.monotonic() + 15
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise programs.BenchmarkError(f"{process.args!r} does not listen")
        time.sleep(0.05)


def table(rounds: list[dict[str, tuple[float, ...]]], names: list[str]) -> str:
    """Return the medians, and behind them the ratios to HAProxy in the same round."""
    rows = [f"| TLS on both legs | {' | '.join(FIGURES)} |", "|---|" + "---:|" * len(FIGURES)]
    for name in names:
        cells = []
        for place in range(len(FIGURES)):
            values = [each[name][place] for each in rounds]
            cell = f"{statistics.median(values):,.0f}"
            if "haproxy" in names and name != "haproxy":
                ratios = [each[name][place] / each["haproxy"][place] for each in rounds]
                cell += f" ({statistics.median(ratios):.2f} of it)"
            cells.append(cell)
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return f"{report.conditions(len(rounds))}\n\n" + "\n".join(rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]), Path(sys.argv[3]))
    sys.exit(main())
