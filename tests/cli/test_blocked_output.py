"""Traffic goes on whatever becomes of what is written about it: the promise of a proxy."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.program import PATIENCE, environment, running, session

FULL = Path("/dev/full")
PIPE_SIZE = 4096
PROXY = ("proxy", "--listen", ":0", "--upstream")
SESSIONS = 20  # of some 2 KB each in the transcript


@contextmanager
def small_pipe() -> Iterator[tuple[int, int]]:
    """A pipe that is full soon; unread unless the test reads it."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    try:
        yield reader, writer
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.promise("disk")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_is_told_once_while_traffic_goes_on(form: str, upstream: str) -> None:
    with running(*PROXY, upstream, "--log", FULL, "--log-format", form, "--quiet") as program:
        port = program.port()
        for _ in range(5):
            session(port)
        ended = program.stopped()
    told = [line for line in ended.err.splitlines() if "traffic goes on" in line]
    assert len(told) == 1
    assert "No space left on device" in told[0]
    last = "pop3spy: cannot write to the log /dev/full: no space left on device"
    assert ended.err.splitlines()[-1] == last
    assert ended.status == 3


def test_a_full_disk_for_the_transcript_leaves_the_log_whole(upstream: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        FULL.open("wb") as full,
        running(*PROXY, upstream, "--log", log, stdout=full.fileno()) as program,
    ):
        port = program.port()
        for _ in range(5):
            session(port)
        ended = program.stopped()
    assert ended.err.count("traffic goes on") == 1
    assert log.read_text().count("ended by QUIT") == 5
    assert ended.status == 3


def test_a_pipe_that_nobody_reads_holds_up_neither_traffic_nor_the_end(
    upstream: str, tmp_path: Path
) -> None:
    """At its end the interpreter wanted a lock that the held-up thread had, and aborted."""
    log = tmp_path / "log"
    with (
        small_pipe() as (_, writer),
        running(*PROXY, upstream, "--log", log, stdout=writer) as program,
    ):
        port = program.port()
        for _ in range(SESSIONS):
            assert len(session(port)) == 5
        began = time.monotonic()
        ended = program.stopped()
        assert time.monotonic() - began < PATIENCE / 2
    assert log.read_text().count("ended by QUIT") == SESSIONS
    assert ended.status == 3
    assert "cannot write to standard output: it does not take what is left" in ended.err


def test_a_pipe_for_both_streams_holds_up_nothing_either(upstream: str) -> None:
    with (
        small_pipe() as (reader, writer),
        running(*PROXY, upstream, stdout=writer, stderr=writer) as program,
    ):
        found = re.search(rb"listening on pop3://127.0.0.1:(\d+)", os.read(reader, PIPE_SIZE))
        assert found
        for _ in range(SESSIONS):
            session(int(found[1]))
        program.send(signal.SIGTERM)
        assert program.process.wait(PATIENCE) == 3


def test_a_pipe_that_is_read_late_has_everything_in_order(upstream: str) -> None:
    with small_pipe() as (reader, writer), running(*PROXY, upstream, stdout=writer) as program:
        port = program.port()
        for _ in range(SESSIONS):
            session(port)
        text = b""
        while text.count(b"\xe2\x94\x94\xe2\x94\x80") < SESSIONS:
            text += os.read(reader, 65536)
        assert program.stopped().status == 0
    numbers = re.findall(r"  s(\d+) +┌─", text.decode())
    assert numbers == [str(number) for number in range(1, SESSIONS + 1)]


def test_traffic_goes_on_when_the_reader_has_gone(upstream: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    reader, writer = os.pipe()
    try:
        with running(*PROXY, upstream, "--log", log, stdout=writer) as program:
            port = program.port()
            session(port)
            os.close(reader)
            for _ in range(5):
                session(port)
            ended = program.stopped()
    finally:
        os.close(writer)
    assert ended.status == 0
    assert ended.err.count("traffic goes on") == 1
    assert log.read_text().count("ended by QUIT") == 6


LAST_WORDS = """
import sys
from pop3spy.cli import main
sys.unraisablehook = main._unraised
sys.stdout.write("x")
class Bug:
    def __del__(self):
        {failing}
kept = Bug()
"""


@pytest.mark.parametrize(
    ("failing", "told"),
    [("pass", ""), ("raise KeyError", "pop3spy: this is a bug in pop3spy: KeyError at")],
)
def test_what_fails_in_the_last_moment_holds_up_no_end(failing: str, told: str) -> None:
    """Python writes what is left to stdout when no thread can begin any more."""
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", LAST_WORDS.replace("{failing}", failing)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            env=environment(),
            check=False,
        )
    assert done.stderr.startswith(told)
    assert len(done.stderr.splitlines()) == bool(told)
