"""The log as rows and as Parquet, of a proxy as people start it."""

import json
import resource
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyarrow import parquet

from cli.program import Program, client, run_here, running, serving, session
from lab.loopback import until

PATIENCE = 20.0
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture(scope="module", name="upstream")
def server() -> Iterator[str]:
    with serving() as port:
        yield f"127.0.0.1:{port}"


@contextmanager
def logging(upstream: str, log: Path | str, *args: str, form: str = "parquet") -> Iterator[Program]:
    options = ("--upstream", upstream, "--listen", ":0", "--no-ledger", "--quiet")
    with running("proxy", *options, "--log", log, "--log-format", form, *args) as proxy:
        yield proxy


def sessions(folder: Path) -> list[int]:
    """Return the sessions in all files; each can be read, whatever happened to the proxy."""
    files = folder.glob("sessions/date=*/*.parquet")
    return sorted(n for path in files for n in parquet.read_table(path)["session"].to_pylist())


@pytest.mark.parametrize("workers", ["1", "3"])
def test_all_that_was_said_is_in_the_files_at_the_end(
    upstream: str, workers: str, tmp_path: Path
) -> None:
    with logging(upstream, tmp_path, "--workers", workers) as proxy:
        port = proxy.port()
        for _ in range(12):
            session(port)
        assert proxy.stopped().status == 0
    assert len(set(sessions(tmp_path))) == 12
    runs = {path.name.rpartition("-")[0] for path in tmp_path.rglob("*.parquet")}
    assert len(runs) == 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_killed_proxy_leaves_files_that_can_be_read_and_the_next_one_says_so(
    upstream: str, workers: str, tmp_path: Path
) -> None:
    options = ("--workers", workers, "--log-file-time", "0.1")
    with logging(upstream, tmp_path, *options) as proxy:
        port = proxy.port()
        session(port)
        until(lambda: sessions(tmp_path) or None, "a file", PATIENCE)
        client(port).close()
        proxy.stopped(signal.SIGKILL)
    assert sessions(tmp_path)[:1] != []
    with logging(upstream, tmp_path) as proxy:
        told = proxy.says("did not end in order")
        proxy.port()  # from then on it ends in order
        assert proxy.stopped().status == 0
    assert "rows that it had not written yet are missing" in told.string
    (path,) = tmp_path.glob("gaps/date=*/*.parquet")
    assert parquet.read_table(path)["why"].to_pylist() == ["killed"]


@contextmanager
def visited(port: int) -> Iterator[list[int]]:
    """Have one session after another while the block lasts; give a list with one for each."""
    done, had = threading.Event(), list[int]()

    def visit() -> None:
        while not done.is_set():
            session(port)
            had.append(1)

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield had
    finally:
        done.set()
        thread.join(PATIENCE)


def test_a_full_disk_is_told_once_and_what_waits_is_written_later(
    upstream: str, tmp_path: Path
) -> None:
    with logging(upstream, tmp_path, "--log-file-time", "0.1") as proxy:
        port = proxy.port()
        resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        with visited(port) as had:
            told = proxy.says("RowLog failed")
        resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, UNLIMITED)
        ended = proxy.stopped()
    assert "traffic goes on: File too large" in told.string
    assert (ended.status, ended.err.count("failed, traffic")) == (0, 1)
    assert len(sessions(tmp_path)) == len(had)


@pytest.mark.promise("disk")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk_is_told_though_nobody_comes_any_more(
    upstream: str, workers: str, tmp_path: Path
) -> None:
    """What kept rows from being written was raised to whoever wrote next, which may be never."""
    options = ("--log-file-time", "0.1", "--workers", workers)
    with logging(upstream, tmp_path, *options) as proxy:
        port = proxy.port()
        resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        session(port)
        proxy.says("RowLog failed")
        resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, UNLIMITED)
        assert proxy.stopped().status == 0
    assert len(sessions(tmp_path)) == 1


def test_a_folder_that_is_gone_stops_no_session(upstream: str, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    with logging(upstream, folder) as proxy:
        port = proxy.port()
        shutil.rmtree(folder)
        listing = session(port)
        assert session(port) == listing
        ended = proxy.stopped()
    assert ended.status == 3
    assert "no such file or directory" in ended.err
    assert "rows lost" in ended.err


def test_rows_can_be_read_as_lines(upstream: str) -> None:
    with logging(upstream, "-", form="rows") as proxy:
        session(proxy.port())
        out = proxy.stopped().out
    tables = [json.loads(line)["table"] for line in out.splitlines()]
    assert (tables.count("exchanges"), tables[-1]) == (4, "sessions")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--log-format", "parquet"), "name it: --log DIR"),
        (("--log-format", "parquet", "--log", "-"), "name it: --log DIR"),
        (("--log-format", "parquet", "--log", __file__), "needs a folder"),
        (("--log-file-time", "5"), "add --log-format parquet"),
        (("--log-file-size", "5"), "add --log-format parquet"),
        (("--log-file-size", "5", "--workers", "2"), "add --log-format parquet"),
    ],
)
def test_what_cannot_be_is_refused(args: tuple[str, ...], said: str) -> None:
    told = run_here("proxy", "--upstream", "127.0.0.1:1", "--listen", ":0", *args)
    assert told.status == 2
    assert said in told.err
    assert len(told.err.splitlines()) == 1
