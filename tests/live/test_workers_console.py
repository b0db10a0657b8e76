"""The live console of several workers, in a real terminal: one person, the sessions of all."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from poplib import POP3, error_proto

import pytest

from cli.conftest import upstream
from cli.processes import gone
from cli.program import PATIENCE, client
from lab.loopback import until
from live.test_terminal_ui import Opening, opening, threads

__all__ = ["opening", "threads", "upstream"]

pytestmark = pytest.mark.lab


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def of_both_workers(port: int, closing: ExitStack) -> list[POP3]:
    """Return so many clients that each of two workers has some, as good as certainly."""
    found = []
    for _ in range(16):
        found.append(client(port))
        closing.callback(found[-1].close)
    return found


def processes(word: Path) -> list[int]:
    """Return the processes that were started with *word* in their command, the first one first."""
    parents: dict[int, int] = {}
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            command = (each / "cmdline").read_bytes()
            if command.startswith(os.fsencode(sys.executable)) and bytes(word) in command:
                status = (each / "stat").read_text().rpartition(")")[2].split()
                parents[int(each.name)] = int(status[1])
    return sorted(parents, key=lambda pid: parents[pid] in parents)


def has(file: Path, text: str) -> bool | None:
    return (file.exists() and text in file.read_text()) or None


def test_one_console_has_the_sessions_of_all_workers(
    upstream: str,
    opening: Opening,
    tmp_path: Path,
    closing: ExitStack,
    threads: ThreadPoolExecutor,
) -> None:
    folder, log = tmp_path / "recorded", tmp_path / "log"
    window, port = opening(
        upstream, "--workers", "2", "--record", f"{folder}/", "--log", str(log), size=(100, 90)
    )
    clients = of_both_workers(port, closing)
    window.shows(r"16 open> *$")
    window.enter(":sessions")
    window.shows(r"s\d+ +127\.0\.0\.1:\d+ +AUTHORIZATION")
    rows = "\n".join(window.rows())
    numbers = {
        port: int(number) for number, port in re.findall(r"s(\d+) +127\.0\.0\.1:(\d+) ", rows)
    }
    ours = {str(each.sock.getsockname()[1]): each for each in clients}
    assert len(numbers) == 16
    assert numbers.keys() == ours.keys()
    assert {number % 2 for number in numbers.values()} == {0, 1}
    first = {number % 2: (number, ours[port]) for port, number in numbers.items()}

    window.enter(":hold verb = USER")
    window.shows(r"holding> *$")
    for _, pop in first.values():
        answered = threads.submit(pop.user, "demo")
        ticket = window.shows(r"USER demo: held as (\d+)[^◆]*1 held> *$")[1]
        window.enter(f":go {ticket}")
        assert answered.result(PATIENCE).startswith(b"+OK")
        window.shows(r"holding> *$")
    window.enter(":hold off")
    window.enter(":fault answer line='-ERR not now' when verb = NOOP")
    window.shows("a fault is set")
    for number, pop in first.values():
        pop.pass_("demo")
        with pytest.raises(Exception, match="not now"):
            pop.noop()
        window.enter(f":send {number} STAT")
        window.shows(rf"s{number} S: \+OK")
        window.enter(f":export {number} dialogue {tmp_path / str(number)}")
        exported = tmp_path / str(number)
        until(lambda file=exported: has(file, "C: PASS"), "the export", PATIENCE)  # type: ignore[misc]
        window.enter(f":kill {number}")
        window.shows(rf"session {number} is ended")
        assert pop.sock.recv(1) == b""
    window.enter(":stats")
    window.shows(r"PASS +2")
    window.enter(":note halfway")
    window.shows("note: halfway")
    window.press("C-d")
    window.shows("exit status 0")
    assert "note: halfway" in log.read_text()
    files = list(folder.iterdir())
    assert len(files) == 16
    assert sum("halfway" in file.read_text() for file in files) == 14  # two had ended


def test_a_worker_that_is_killed_is_told_on_the_console_and_the_others_go_on(
    upstream: str, opening: Opening, tmp_path: Path, closing: ExitStack
) -> None:
    log = tmp_path / "log"
    window, port = opening(upstream, "--workers", "2", "--yes", "--log", str(log))
    clients = of_both_workers(port, closing)
    window.shows(r"16 open> *$")
    first, victim, other = processes(log)
    os.kill(victim, signal.SIGKILL)
    found = window.shows(r"worker \d \(process \d+\) was killed by SIGKILL")
    assert str(victim) in found[0]
    left = int(window.shows(r" (\d+) open> *$")[1])
    alive = 0
    for each in clients:
        with suppress(OSError, error_proto):
            each.user("demo")
            alive += 1
    assert 0 < alive == left
    window.press("C-c")
    window.shows("exit status 130")
    gone([first, victim, other])


def test_when_no_worker_is_left_the_terminal_is_as_it_was(
    upstream: str, opening: Opening, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    window, _ = opening(upstream, "--workers", "2", "--log", str(log))
    for victim in processes(log)[1:]:
        os.kill(victim, signal.SIGKILL)
    window.shows("no worker is left, so nobody relays any more; start it again")
    window.shows("exit status 3")
