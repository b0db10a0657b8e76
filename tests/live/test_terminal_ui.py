"""The live console in a real terminal, between a real client and a real server."""

import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

import pytest

from cli.conftest import upstream
from cli.program import COMMAND, PATIENCE, Terminal, client, environment, session
from cli.window import Window
from lab.clients import Login, mpop
from lab.loopback import Address, until
from lab.mailserver import PASSWORD, USER, MailServer
from lab.servers import dovecot

__all__ = ["dovecot", "upstream"]

pytestmark = pytest.mark.lab

Opening = Callable[..., tuple[Window, int]]
PROMPT = r"pop3spy [^>\n]*> *$"


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    """Open a proxy in a window; what it writes there is in the file ``stream``."""
    windows: list[Window] = []

    def begin(upstream: str, *args: str, size: tuple[int, int] = (100, 50)) -> tuple[Window, int]:
        window = Window(
            tmp_path / f"tmux-{len(windows)}",
            "proxy",
            "--listen",
            ":0",
            "--upstream",
            upstream,
            *args,
            size=size,
            XDG_STATE_HOME=str(tmp_path / "state"),
        )
        windows.append(window)
        window.keep_stream(tmp_path / "stream")
        port = int(window.shows(r"listening on pop3://127\.0\.0\.1:(\d+)")[1])
        window.shows(PROMPT)
        return window, port

    yield begin
    for window in windows:
        window.close()


def history(tmp_path: Path) -> list[str]:
    path = tmp_path / "state/pop3spy/history"
    return path.read_text().splitlines() if path.exists() else []


def stream(tmp_path: Path) -> str:
    return (tmp_path / "stream").read_text(errors="replace")


def plain(text: str) -> str:
    """Return what was written to a terminal, without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def test_a_command_of_mpop_is_held_and_edited(
    dovecot: MailServer, opening: Opening, tmp_path: Path, threads: ThreadPoolExecutor
) -> None:
    """The client asks for message 1 and gets message 2, twice; it does not notice."""
    capture = tmp_path / "session.yaml"
    window, port = opening(f"127.0.0.1:{dovecot.address.port}", "--record", str(capture))
    window.enter(":hold verb = RETR and arg = 1")
    window.shows(r"holding> *$")
    saved = threads.submit(mpop, Address("127.0.0.1", port), tmp_path / "mpop", Login())
    window.shows(r"◆ s1 RETR 1: held as 1")
    window.shows(r"1 open, 1 held> *$")
    window.enter(":edit 1")
    window.shows(r"in place of RETR 1: RETR 1 *$")
    window.press("BSpace")
    window.enter("2")
    first, second, *rest = saved.result(PATIENCE)
    assert first == second
    assert len(rest) == 26
    window.shows(r"s1 +└─ ended by QUIT")
    window.press("C-d")
    window.shows("exit status 0")
    recorded = capture.read_text()
    assert re.search(r'"C", "RETR 1\\r\\n"', recorded)
    assert re.search(r'"did": "edited after.*"sent": "RETR 2\\r\\n"', recorded)
    assert PASSWORD not in stream(tmp_path)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_password_is_typed_and_is_nowhere(
    workers: str, dovecot: MailServer, opening: Opening, tmp_path: Path, threads: ThreadPoolExecutor
) -> None:
    """Promise 10: every octet that was written to the terminal is looked at."""
    folder, log = tmp_path / "recorded", tmp_path / "log"
    options = ("--record", f"{folder}/", "--log", str(log), "--workers", workers)
    window, port = opening(f"127.0.0.1:{dovecot.address.port}", *options)
    window.enter(":hold verb = PASS")
    window.shows(r"holding> *$")
    pop = client(port)
    pop.user(USER)
    logged_in = threads.submit(pop.pass_, "not-the-word")
    found = window.shows(r"s(\d) PASS █{8}: held as (\d)")
    number, ticket = found[1], found[2]
    window.type(f":answer {ticket} -ERR bad password {PASSWORD}")
    window.shows(rf"> :answer {ticket} -ERR █{{8}} *$")
    window.press("C-u")
    window.enter(f":edit {ticket}")
    window.shows(r"in place of PASS █{8}: *$")
    window.type(f"PASS {PASSWORD}")
    window.shows(r"in place of PASS █{8}: █{8} *$")
    window.press("Enter")
    assert logged_in.result(PATIENCE).startswith(b"+OK")
    window.shows(r"0|1 open")
    window.enter(":hold off")
    window.enter(f":send {number} STAT")
    window.shows(rf"s{number} S: \+OK 28 1099243")
    window.type(f":send {number} PASS {PASSWORD}")
    window.shows(rf"> :send {number} PASS █{{8}} *$")
    window.press("Enter")
    window.shows(rf"s{number} S: -ERR Unknown command")
    window.type(f":sen {number} apop {USER} {PASSWORD}")
    window.shows(rf"> :sen {number} apop █{{8}} *$|apop alice █{{8}} *$")
    window.press("C-u")
    assert pop.stat() == (28, 1099243)
    pop.quit()
    window.enter(":quit")
    window.shows("exit status 0")
    (recorded,) = folder.iterdir()
    everything = [stream(tmp_path), recorded.read_text(), log.read_text(), *history(tmp_path)]
    assert [place for place in everything if PASSWORD in place or "not-the-word" in place] == []
    assert f":send {number} STAT" in history(tmp_path)
    assert not [line for line in history(tmp_path) if "PASS" in line and "send" in line]


def test_pasted_lines_are_entered_one_by_one(
    upstream: str, opening: Opening, tmp_path: Path
) -> None:
    window, port = opening(upstream)
    window.enter(":hold verb = PASS")
    window.shows("holding> *$")
    pop = client(port)
    pop.user("demo")
    pop._putcmd("PASS wrong")  # type: ignore[attr-defined]
    window.shows("held as 1")
    window.paste(":edit 1\nPASS demo\n:hold off\n:sess")
    window.shows(r"> :sess *$")
    assert pop._getresp().startswith(b"+OK")  # type: ignore[attr-defined]
    window.enter("ions")
    window.shows(r"s1 127\.0\.0\.1:\d+  demo  TRANSACTION")
    pop.quit()
    assert "PASS demo" not in stream(tmp_path)
    assert history(tmp_path) == [":hold verb = PASS", ":edit 1", ":hold off", ":sessions"]


def test_what_happens_stands_above_the_line_that_is_typed(
    upstream: str, opening: Opening, tmp_path: Path
) -> None:
    window, port = opening(upstream, "--record", str(tmp_path / "capture.yaml"))
    window.type(":note it is")
    window.shows(r"> :note it is *$")
    session(port)
    window.shows(r"(?s)s1 +└─ ended by QUIT.*pop3spy 0 open> :note it is *$")
    window.resize(60, 20)
    session(port)
    window.shows(r"(?s)s2 .*└─.*pop3spy 0 open> :note it is *$")
    assert max(map(len, window.rows())) <= 60
    window.enter(" done")
    window.shows(r"pop3spy: note: it is done")
    window.press("C-d")
    window.shows("exit status 0")
    assert '"text": "it is done"' in (tmp_path / "capture.yaml").read_text()
    assert "Traceback" not in stream(tmp_path)


LEAVING = [
    ("C-c", "uvloop", 130),
    ("C-c", "asyncio", 130),
    ("C-d", "uvloop", 0),
    ("C-d", "asyncio", 0),
]


@pytest.mark.parametrize(("key", "loop", "status"), LEAVING)
def test_a_key_ends_it_in_order_and_leaves_the_terminal_as_it_was(
    upstream: str, opening: Opening, key: str, loop: str, status: int
) -> None:
    window, port = opening(upstream, "--loop", loop)
    pop = client(port)
    window.shows(r"S: \+OK")
    window.press(key)
    if key == "C-c":
        window.shows("Ctrl-C once more ends pop3spy, and a session with it")
        window.press(key)
    window.shows(r"ended because pop3spy stopped")
    window.shows(f"exit status {status}")
    pop.close()
    window.type("echoed again")
    window.shows("echoed again")


def test_ctrl_c_clears_a_line_before_it_asks_and_asks_anew_behind_each_command(
    upstream: str, opening: Opening
) -> None:
    window, port = opening(upstream)
    pop = client(port)
    window.shows("1 open>")
    window.type(":note to be cleared")
    window.shows("1 open> :note to be cleared")
    window.press("C-c")
    window.shows(r"1 open> *$")
    window.press("C-c")
    window.shows("Ctrl-C once more ends pop3spy")
    window.enter(":note still here")
    window.shows("note: still here")
    window.press("C-c")
    window.shows(r"(?s)once more ends pop3spy.*once more ends pop3spy")
    pop.quit()
    window.shows("0 open>")
    window.press("C-c")
    window.shows("exit status 130")


def test_who_says_yes_is_not_asked(upstream: str, opening: Opening) -> None:
    window, port = opening(upstream, "--yes")
    pop = client(port)
    window.shows("1 open>")
    window.press("C-c")
    window.shows("exit status 130")
    assert "once more" not in "\n".join(window.rows())
    pop.close()


def test_without_the_console_there_is_no_prompt(upstream: str, tmp_path: Path) -> None:
    args = ("proxy", "--listen", ":0", "--upstream", upstream, "--no-console")
    window = Window(tmp_path / "tmux", *args)
    try:
        port = int(window.shows(r"listening on pop3://127\.0\.0\.1:(\d+)")[1])
        session(port)
        window.shows("ended by QUIT")
        assert "pop3spy 0 open>" not in "\n".join(window.rows())
        window.press("C-c")
        window.shows("exit status 130")
    finally:
        window.close()


def test_a_busy_proxy_stays_readable_and_its_log_is_whole(
    upstream: str, opening: Opening, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    window, port = opening(upstream, "--log", str(log))
    window.type(":stats")
    for _ in range(60):
        session(port)
    window.shows(r"… [\d,]+ lines left out, too fast to read")
    window.shows(r"0 open> :stats *$")
    window.press("Enter")
    window.shows(r"QUIT +60 +0")
    window.press("C-d")
    window.shows("exit status 0")
    assert log.read_text().count("ended by QUIT") == 60
    rows = re.findall(r"s\d+ +(?:┌─|└─|[A-Z_]+ )", plain(stream(tmp_path)))
    assert 100 < len(rows) < 500


def test_an_escape_sequence_of_a_peer_stays_text(
    upstream: str, opening: Opening, tmp_path: Path
) -> None:
    """Promise 14: in the prompt of an edit, in lists, and in what is held."""
    window, port = opening(upstream)
    window.enter(":hold verb = USER,TOP")
    window.shows("holding> *$")
    pop = client(port)
    pop._putline(b"USER \x1b]0;bad\x07x")  # type: ignore[attr-defined]
    window.shows(r"USER \\x1b\]0;bad\\x07x: held as 1")
    window.enter(":edit 1")
    window.shows(r"in place of USER \\x1b\]0;bad\\x07x: *$")
    window.enter("USER demo")
    window.shows("edited after")
    window.enter(":show 1")
    window.press("C-d")
    window.shows("exit status")
    pop.close()
    assert "\x1b]0;" not in stream(tmp_path)


@contextmanager
def on_terminal(
    *args: str, command: Sequence[str] = COMMAND, **changes: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the program on a terminal from which nobody but the test reads; give its other end."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    process = subprocess.Popen(
        [*command, *args],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment(**changes),
        start_new_session=True,
    )
    try:
        with process:
            try:
                yield process, ours
            finally:
                process.kill()
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_terminal_that_takes_nothing_stops_neither_traffic_nor_keys(
    upstream: str, tmp_path: Path, loop: str
) -> None:
    """As with Ctrl-S, or a window that hangs: the prompt too goes through the spool."""
    log = tmp_path / "log"
    args = ("proxy", "--listen", ":0", "--upstream", upstream, "--log", str(log), "--loop", loop)
    with on_terminal(*args, XDG_STATE_HOME=str(tmp_path)) as (process, ours):
        assert process.stderr
        found = re.search(rb"127\.0\.0\.1:(\d+)", process.stderr.readline())
        assert found
        os.write(ours, b":note " + b"x" * 500 + b"\r")
        for _ in range(100):
            session(int(found[1]))
        os.write(ours, b":note still here\r")
        until(lambda: "still here" in log.read_text(), "the note", PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) in (0, 3)
    assert log.read_text().count("ended by QUIT") == 100


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_the_modes_of_the_terminal_as_they_were(
    upstream: str, tmp_path: Path, loop: str, number: signal.Signals
) -> None:
    args = ("proxy", "--listen", ":0", "--upstream", upstream, "--loop", loop)
    with on_terminal(*args, XDG_STATE_HOME=str(tmp_path)) as (process, ours):
        before = termios.tcgetattr(ours), os.get_blocking(ours)
        screen = Terminal(ours)
        screen.shows("pop3spy 0 open>")
        until(lambda: termios.tcgetattr(ours) != before[0], "a prompt", PATIENCE)
        process.send_signal(number)
        assert process.wait(PATIENCE) == (0 if number is signal.SIGTERM else 130)
        assert (termios.tcgetattr(ours), os.get_blocking(ours)) == before


BUGGY = """
import sys
from pop3spy.live.console import LiveConsole
from pop3spy.live.terminal_ui import LiveCompleter

def fail(*_):
    raise ValueError("tanstaafl-hunter2")

{place} = fail
from pop3spy.__main__ import start
sys.exit(start())
"""
BUGS = [
    ("LiveConsole.hides", "", "the console failed"),
    ("LiveCompleter.choices", ":\t", "pop3spy: ValueError at"),
    ("LiveConsole.dispatch", ":go\r", "the console failed"),
]


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("bug", BUGS, ids=["in drawing", "in completion", "in a command"])
def test_a_bug_in_the_console_is_one_line_and_the_traffic_goes_on(
    upstream: str, tmp_path: Path, bug: tuple[str, str, str], loop: str
) -> None:
    place, keys, told = bug
    log, command = tmp_path / "log", [sys.executable, "-c", BUGGY.format(place=place)]
    args = ("proxy", "--listen", ":0", "--upstream", upstream, "--log", str(log), "--loop", loop)
    with on_terminal(*args, command=command, XDG_STATE_HOME=str(tmp_path)) as (process, ours):
        assert process.stderr
        found = re.search(rb"127\.0\.0\.1:(\d+)", process.stderr.readline())
        assert found
        pop, screen = client(int(found[1])), Terminal(ours)
        pop.user("demo")
        screen.shows("USER demo")
        os.write(ours, keys.encode())
        if place == "LiveCompleter.choices":
            screen.shows(told)
        else:
            until(lambda: told in log.read_text(), told, PATIENCE)
        pop.pass_("demo")
        pop.quit()
        session(int(found[1]))
        until(lambda: log.read_text().count("ended by QUIT") == 2, "two sessions", PATIENCE)
        process.send_signal(signal.SIGTERM)
        everything = screen.text + log.read_text() + process.stderr.read().decode()
        assert process.wait(PATIENCE) == 0
    assert "Traceback" not in everything
    assert "hunter2" not in everything
    assert (screen.text + log.read_text()).count(told) == 1


def test_a_port_that_cannot_be_had_is_one_line_and_no_prompt(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        args = ("proxy", "--listen", f":{taken.getsockname()[1]}", "--upstream", "127.0.0.1")
        with on_terminal(*args, XDG_STATE_HOME=str(tmp_path)) as (process, ours):
            before = termios.tcgetattr(ours)
            assert process.stderr
            said = process.stderr.read().decode()
            assert process.wait(PATIENCE) == 3
            assert termios.tcgetattr(ours) == before
    assert said.count("\n") == 1
    assert "cannot listen" in said
