"""Several processes that are one proxy: what people see of them is what they see of one."""

import json
import os
import re
import resource
import signal
import socket
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from poplib import POP3, error_proto

import pytest

from cli.crowd import ASKED, crowd
from cli.processes import gone, processes_of
from cli.program import PATIENCE, Program, client, in_tls, run, run_here, running, session
from cli.test_terminal import ESCAPE, rows, terminal
from lab.loopback import until
from pop3spy.capture.reader import CaptureReader
from pop3spy.session.tape import Over, Spoke

FEW = 300
MANY = 10_000
STORY = ["session_opened", *["command_answered"] * len(ASKED), "session_ended"]
LOST = re.compile(r"worker (\d) \(process (\d+)\) was killed by SIGKILL; sessions lost")


@contextmanager
def workers(count: int, upstream: str, *args: str | Path) -> Iterator[Program]:
    options = ("--upstream", upstream, "--listen", ":0", "--workers", str(count))
    with running("proxy", *options, "--findings", "off", *args) as program:
        yield program


@contextmanager
def clients(port: int, count: int) -> Iterator[list[POP3]]:
    """Give so many clients that have been greeted; afterwards none is connected any more."""
    with ExitStack() as closing:
        connected = []
        for _ in range(count):
            connected.append(client(port))
            closing.callback(connected[-1].close)
        yield connected


def stories(log: Path) -> dict[int, list[str]]:
    """Return the events of each session of a JSON log, in the order in which they stand there.

    Whether the close of a side is told is a matter of time.
    """
    found: dict[int, list[str]] = defaultdict(list)
    for line in log.read_text().splitlines():
        told = json.loads(line)
        if "session" in told and told["event"] != "side_closed":
            found[told["session"]].append(told["event"])
    return found


def check_crowd(count: int, yes: str, log: Path) -> None:
    """Have *count* sessions over four workers; every one is in the log, whole and in order."""
    with workers(4, yes, "--quiet", "--log", log, "--log-format", "json") as proxy:
        crowd(proxy.port(), count)
        ended = proxy.stopped()
    assert (ended.status, len(ended.notes)) == (0, 1)
    told = stories(log)
    assert len(told) == count
    assert [story for story in told.values() if story != STORY] == []
    assert len({number % 4 for number in told}) == 4


@pytest.mark.promise("many")
def test_no_session_is_lost_and_each_is_told_in_order(yes: str, tmp_path: Path) -> None:
    check_crowd(FEW, yes, tmp_path / "log")


@pytest.mark.slow
def test_no_session_of_ten_thousand_is_lost(yes: str, tmp_path: Path) -> None:
    check_crowd(MANY, yes, tmp_path / "log")


def test_the_transcript_has_whole_lines_of_all_sessions(yes: str) -> None:
    with workers(3, yes) as proxy:
        crowd(proxy.port(), FEW)
        ended = proxy.stopped()
    lines = ended.out.splitlines()
    said: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        found = re.match(r" *[0-9]+\.[0-9]{3}  (s[0-9]+) .*?(┌─|└─|C:|S:|──)", line)
        assert found, line
        if found[2] == "──":  # a close of one side, which is told if the machine is slow
            continue
        said[found[1]].append(found[2])
    assert len(said) == FEW
    whole = ["┌─", "S:", *["C:", "S:"] * len(ASKED), "└─"]
    assert [marks for marks in said.values() if marks != whole] == []


def test_the_transcript_has_the_colours_and_the_width_of_the_terminal(yes: str) -> None:
    options = ("--upstream", yes, "--listen", ":0", "--workers", "2")
    with terminal(70) as (screen, theirs), running("proxy", *options, stdout=theirs) as proxy:
        crowd(proxy.port(), 20)
        screen.shows(r"(?s)(└─[^\n]*\n.*){20}")
        proxy.stopped()
    assert ESCAPE in screen.text
    assert max(map(len, rows(screen.text))) == 70


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_may_stand_in_place_of_the_transcript(form: str, yes: str) -> None:
    with workers(2, yes, "--log", "-", "--log-format", form) as proxy:
        crowd(proxy.port(), 60)
        ended = proxy.stopped()
    if form == "json":
        told = [json.loads(line)["event"] for line in ended.out.splitlines()]
        assert (told.count("session_ended"), told.count("listening")) == (60, 1)
    else:
        assert ended.out.count("ended by QUIT") == 60


def test_every_session_is_recorded_in_a_file_of_its_own(yes: str, tmp_path: Path) -> None:
    folder = tmp_path / "recorded"
    with workers(3, yes, "--quiet", "--record", f"{folder}/") as proxy:
        crowd(proxy.port(), 60)
        ended = proxy.stopped()
    assert ended.status == 0
    assert ended.err.count("recording to") == 1
    files = list(folder.iterdir())
    assert len(files) == 60
    numbers = set()
    for file in files:
        with file.open() as stream:
            items = list(CaptureReader(stream, file.name))
        numbers |= {item.session for item in items}
        spoken = [each.chunk.data for each in items if isinstance(each, Spoke)]
        assert sum(data.count(b"\n") for data in spoken) == 1 + 2 * len(ASKED)
        assert isinstance(items[-1], Over)
    assert len(numbers) == 60


def test_what_all_would_say_is_said_once(yes: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    faults = ("--fault", "delay time=1ms", "--rewrite", "client s/^NOPE$/NOOP/", "--dry-run-delete")
    with workers(3, yes, "--listen", ":0", *faults, "--quiet", "--log", log) as proxy:
        proxy.says("listening")
        proxy.says("listening")
        ended = proxy.stopped()
    for told in (ended.err, log.read_text()):
        for what in ("a fault is set", "lines are rewritten", "a dry run"):
            assert told.count(what) == 1
        assert told.count("listening on") == 2


def test_a_worker_that_is_killed_is_told_and_the_others_go_on(yes: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with workers(3, yes, "--quiet", "--log", log, "--log-format", "json") as proxy:
        port = proxy.port()
        victim, *others = processes_of(proxy)
        os.kill(victim, signal.SIGKILL)
        found = proxy.says(LOST.pattern)
        assert int(found[2]) == victim
        assert processes_of(proxy) == others
        crowd(port, FEW)
        ended = proxy.stopped()
    assert ended.status == 0
    told = [json.loads(line) for line in log.read_text().splitlines()]
    lost = [each for each in told if each["event"] == "worker_lost"]
    assert [(each["level"], each["process"], each["left"]) for each in lost] == [
        ("error", victim, 2)
    ]
    whole = stories(log)
    assert len(whole) == FEW
    assert all(story == STORY for story in whole.values())


def test_the_sessions_of_a_killed_worker_are_counted_and_told_as_far_as_they_came(
    yes: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    options = ("--quiet", "--log", log, "--log-format", "json")
    with workers(2, yes, *options) as proxy, clients(proxy.port(), 12) as connected:
        for each in connected:
            each.user("bob")
        numbers = until(
            lambda: told if len(told := finished(log)) == 12 else None, "all in the log", PATIENCE
        )
        lost = sum(number % 2 for number in numbers)
        os.kill(processes_of(proxy)[0], signal.SIGKILL)
        proxy.says(rf"sessions lost with it: {lost}; workers left: 1")
        alive = 0
        for each in connected:
            with suppress(OSError, error_proto):
                each.noop()
                alive += 1
        assert alive == 12 - lost
        proxy.stopped()


def finished(log: Path) -> list[int]:
    """Return the sessions of a JSON log in which a command was answered."""
    return [number for number, story in stories(log).items() if "command_answered" in story]


def test_without_any_worker_the_program_ends(yes: str) -> None:
    with workers(2, yes, "--quiet") as proxy:
        proxy.port()
        for pid in processes_of(proxy):
            os.kill(pid, signal.SIGKILL)
        ended = proxy.ended()
    assert ended.status == 3
    assert len(LOST.findall(ended.err)) == 2
    last = "pop3spy: no worker is left, so nobody relays any more; start it again"
    assert ended.err.splitlines()[-1] == last


STOPS = [
    pytest.param(signal.SIGINT, 130, id="Ctrl-C"),
    pytest.param(signal.SIGTERM, 0, id="SIGTERM"),
]


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("group", [True, False], ids=["all", "the first"])
@pytest.mark.parametrize(("number", "status"), STOPS)
def test_all_end_in_order(  # noqa: PLR0913 - whatever there is
    number: signal.Signals, status: int, *, group: bool, loop: str, yes: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    options = ("--quiet", "--log", log, "--log-format", "json", "--loop", loop)
    with workers(3, yes, *options) as proxy, clients(proxy.port(), 6) as connected:
        pids = processes_of(proxy)
        for each in connected:
            each.user("bob")
        if group:
            os.killpg(proxy.process.pid, number)
        else:
            proxy.send(number)
        for each in connected:
            assert each.sock.recv(1) == b""
        ended = proxy.ended()
    assert ended.status == status
    assert len(re.findall("stopping; sessions still open, with 5 s to end: 6", ended.err)) == 1
    assert len(ended.notes) == 1
    assert [story[-1] for story in stories(log).values()] == ["session_ended"] * 6
    gone(pids)


def test_the_second_ctrl_c_ends_all_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        upstream = f"127.0.0.1:{silent.getsockname()[1]}"
        with workers(2, upstream, "--quiet", "--grace", "10m") as proxy:
            port = proxy.port()
            pids = processes_of(proxy)
            with socket.create_connection(("127.0.0.1", port)) as peer:
                server, _ = silent.accept()
                with server:
                    server.sendall(b"+OK ready\r\n")
                    assert peer.recv(64) == b"+OK ready\r\n"
                    peer.sendall(b"STAT\r\n")  # a reply that never comes
                    assert server.recv(64) == b"STAT\r\n"
                    os.killpg(proxy.process.pid, signal.SIGINT)
                    proxy.says("stopping; sessions still open, with 600 s to end: 1")
                    os.killpg(proxy.process.pid, signal.SIGINT)
                    assert proxy.ended().status == -signal.SIGINT
                    gone(pids)


def test_no_worker_outlives_who_started_it(yes: str) -> None:
    with workers(3, yes, "--quiet") as proxy, clients(proxy.port(), 6):
        *others, sleeps = processes_of(proxy)
        os.kill(sleeps, signal.SIGSTOP)
        try:
            proxy.send(signal.SIGKILL)
            proxy.process.wait(PATIENCE)
            gone(others)
        finally:
            os.kill(sleeps, signal.SIGCONT)
        gone([sleeps])


def test_a_worker_that_hangs_does_not_hold_up_the_end(yes: str) -> None:
    with workers(2, yes, "--quiet", "--grace", "0") as proxy:
        proxy.port()
        hangs = processes_of(proxy)[0]
        os.kill(hangs, signal.SIGSTOP)
        ended = proxy.stopped()
    assert ended.status == 0
    assert LOST.search(ended.err)


def test_max_sessions_is_of_all_workers_together(yes: str) -> None:
    with workers(3, yes, "--quiet", "--max-sessions", "5", "--answer-when-down") as proxy:
        port = proxy.port()
        with clients(port, 5):
            for _ in range(10):
                with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
                    assert peer.recv(100) == b"-ERR [SYS/TEMP] too many sessions\r\n"
        until(lambda: True if greets(port) else None, "a free place", PATIENCE)
        proxy.stopped()


def greets(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
        return peer.recv(100).startswith(b"+OK")


def test_places_of_a_killed_worker_are_free_again(yes: str) -> None:
    with workers(2, yes, "--quiet", "--max-sessions", "4", "--answer-when-down") as proxy:
        port = proxy.port()
        with clients(port, 4):
            assert not greets(port)
            os.kill(max(processes_of(proxy), key=sockets_of), signal.SIGKILL)
            proxy.says("workers left: 1")
            assert greets(port)
        proxy.stopped()


def sockets_of(pid: int) -> int:
    return sum("socket:" in name for name in opened_by(pid))


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_is_told_once_while_traffic_goes_on(form: str, yes: str) -> None:
    with workers(3, yes, "--quiet", "--log", "/dev/full", "--log-format", form) as proxy:
        crowd(proxy.port(), 60)
        ended = proxy.stopped()
    name = "JsonLog" if form == "json" else "Transcript"
    # A note is written by another, which may find out as well.
    assert ended.err.count(f"error: {name} failed, traffic goes on: No space left") == 1
    last = "pop3spy: cannot write to the log /dev/full: no space left on device"
    assert (ended.status, ended.err.splitlines()[-1]) == (3, last)


def test_a_recording_that_cannot_be_written_is_told_once_and_at_the_end(
    yes: str, tmp_path: Path
) -> None:
    folder = tmp_path / "recorded"
    with workers(2, yes, "--quiet", "--record", f"{folder}/") as proxy:
        port = proxy.port()
        folder.rmdir()
        folder.write_text("in the way")
        crowd(port, 60)
        ended = proxy.stopped()
    assert ended.status == 0
    told = [line for line in ended.err.splitlines() if "traffic goes on" in line]
    assert len(told) == 1
    assert told[0].startswith("pop3spy: error: Captures failed, traffic goes on: ")


def test_nobody_who_reads_the_transcript_does_not_stop_traffic(yes: str, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    log = tmp_path / "log"
    try:
        options = ("--upstream", yes, "--listen", ":0", "--workers", "2")
        arguments = (*options, "--log", log, "--log-format", "json", "--findings", "off")
        with running("proxy", *arguments, stdout=writer) as proxy:
            crowd(proxy.port(), FEW)
            ended = proxy.stopped()
    finally:
        os.close(reader)
        os.close(writer)
    assert ended.status == 3
    assert "cannot write to standard output" in ended.err
    assert [story for story in stories(log).values() if story != STORY] == []
    assert len(stories(log)) == FEW


def test_workers_do_not_wait_for_who_writes_and_nothing_is_missing(
    yes: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with workers(2, yes, "--log", log, "--log-format", "json") as proxy:
        port = proxy.port()
        proxy.send(signal.SIGSTOP)
        try:
            crowd(port, FEW)  # its transcript alone is more than a pipe takes
        finally:
            proxy.send(signal.SIGCONT)
        ended = proxy.stopped()
    assert [story for story in stories(log).values() if story != STORY] == []
    assert len(stories(log)) == ended.out.count("ended by QUIT") == FEW


def test_who_hangs_up_on_the_transcript_is_no_mistake(yes: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    options = ("--upstream", yes, "--listen", ":0", "--workers", "2")
    with running("proxy", *options, stdout=writer) as proxy:
        os.close(writer)
        crowd(proxy.port(), 60)
        ended = proxy.stopped()
    assert ended.status == 0
    assert ended.err.count("Transcript failed, traffic goes on: Broken pipe") == 1


def test_a_worker_has_nothing_of_another_and_no_log(yes: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with workers(2, yes, "--log", log, "--max-sessions", "9") as proxy:
        proxy.port()
        first, second = map(opened_by, processes_of(proxy))
        proxy.stopped()
    assert str(log) not in first | second
    shared = {name.partition(":")[0] for name in first & second}
    # Their standard streams and the lock; the sockets, pipes and loops are their own.
    assert shared == {"/dev/null", "pipe", "/memfd"}
    assert sum(name.startswith("pipe:") for name in first & second) == 2


def opened_by(pid: int) -> set[str]:
    found = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            found.add(str(each.readlink()))
    return {link for link in found if not link.startswith("anon_inode:")}  # of its loop


def test_workers_speak_tls_as_one(yes: str, tmp_path: Path) -> None:
    folder, keys = tmp_path / "ca", tmp_path / "keys"
    options = ("--listen", "pop3s://localhost:0", "--ca-dir", folder, "--quiet")
    env = {"SSLKEYLOGFILE": str(keys)}
    arguments = ("--upstream", yes, "--workers", "3", *options)
    with running("proxy", *arguments, env=env) as proxy:
        port = proxy.port("pop3s")
        for _ in range(9):
            with in_tls(port, folder / "ca.pem") as tls:
                assert tls.recv(100) == b"+OK ready\r\n"
        proxy.stopped()
    lines = [line for line in keys.read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Z_0-9]+ [0-9a-f]+ [0-9a-f]+", line) for line in lines)
    assert sum(line.startswith("CLIENT_HANDSHAKE_TRAFFIC_SECRET ") for line in lines) == 9


@pytest.mark.promise("files")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_more_clients_than_files_are_told_once_and_harm_nobody_later(loop: str, yes: str) -> None:
    """asyncio's own loop complains a thousand times a second, and uvloop never."""
    with workers(2, yes, "--quiet", "--loop", loop) as proxy:
        port = proxy.port()
        for pid in processes_of(proxy):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (40, 40))
        many = [socket.create_connection(("127.0.0.1", port)) for _ in range(120)]
        proxy.says(r"^pop3spy: too many files are open: new clients wait")
        for each in many:
            each.close()
        until(lambda: greets(port) or None, "a greeting", PATIENCE)
        ended = proxy.stopped()
    assert ended.err.count("too many files") == 1
    assert ended.status == 0


def test_one_worker_is_one_process(yes: str) -> None:
    with workers(1, yes) as proxy:
        proxy.port()
        assert processes_of(proxy) == []


def test_real_sessions_go_through_the_workers(upstream: str) -> None:
    with workers(2, upstream) as proxy:
        port = proxy.port()
        for _ in range(8):
            assert session(port)
        ended = proxy.stopped()
    assert ended.out.count("ended by QUIT") == 8


REFUSED = [
    pytest.param(
        ["--record", "all.yaml"],
        "--workers records each session in a file of its own, so it needs a folder: --record all/",
        id="one recording",
    ),
    pytest.param(
        ["--transparent"],
        "--workers does not go with --transparent: a worker would not know the connections of the"
        " others, if the firewall sent them back; leave one of the two out",
        id="transparent",
    ),
]


@pytest.mark.parametrize(("args", "told"), REFUSED)
def test_what_workers_cannot_do_is_refused_in_one_sentence(args: list[str], told: str) -> None:
    server = [] if "--transparent" in args else ["--upstream", "mail"]
    ended = run("proxy", *server, "--listen", ":0", "--workers", "2", *args)
    assert (ended.status, ended.err) == (2, f"pop3spy: {told}\n")


@pytest.mark.parametrize("count", ["0", "-1", "two", "1000"])
def test_a_number_of_workers_that_cannot_be_is_refused(count: str) -> None:
    ended = run_here("proxy", "--upstream", "mail", "--workers", count)
    assert ended.status == 2
    assert ended.err.startswith(f"pop3spy: --workers: {count!r} is no ")


def test_nobody_else_may_listen_where_workers_do(yes: str) -> None:
    with workers(2, yes, "--quiet") as proxy:
        port = proxy.port()
        args = ("--upstream", yes, "--listen", f":{port}", "--workers", "2")
        ended = run("proxy", *args)
        assert ended.status == 3
        assert "another program does; stop it" in ended.err
        proxy.stopped()
