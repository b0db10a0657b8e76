"""On a terminal: colour, the width of the window, and a demo that stays."""

import os
import pty
import re
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

import pytest

from cli.program import COMMAND, PATIENCE, Terminal, environment, running, session
from cli.window import Window
from lab.processes import need

ESCAPE = "\x1b["
SERVE = ("serve", "--listen", ":0")


@contextmanager
def terminal(columns: int) -> Iterator[tuple[Terminal, int]]:
    """Give a terminal: what it shows, and the end that a program writes to."""
    ours, theirs = pty.openpty()
    resize(theirs, columns)
    try:
        yield Terminal(ours), theirs
    finally:
        os.close(ours)
        os.close(theirs)


def resize(fd: int, columns: int) -> None:
    ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))


def rows(text: str) -> list[str]:
    """Return what is seen: rows without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r", "").splitlines()


PLAIN = [
    pytest.param({"NO_COLOR": "1"}, id="NO_COLOR"),
    pytest.param({"TERM": "dumb"}, id="a dumb terminal"),
]


@pytest.mark.parametrize("env", PLAIN)
def test_there_is_no_colour_for_who_wants_none(env: dict[str, str]) -> None:
    with terminal(100) as (screen, theirs), running(*SERVE, stdout=theirs, env=env) as program:
        session(program.port())
        screen.shows("ended by QUIT")
    assert ESCAPE not in screen.text
    assert "PASS ████████" in screen.text


def test_there_is_colour_on_a_terminal_and_only_there() -> None:
    with (
        terminal(100) as (screen, theirs),
        running(*SERVE, stdout=theirs, env={"NO_COLOR": ""}) as program,
    ):
        session(program.port())
        screen.shows("ended by QUIT")
        ended = program.stopped()
    assert ESCAPE in screen.text
    assert ESCAPE not in ended.err


def test_rows_follow_the_size_of_the_window() -> None:
    with terminal(120) as (screen, theirs), running(*SERVE, stdout=theirs) as program:
        port = program.port()
        for columns in (120, 40, 63, 64, 80, 200):
            resize(theirs, columns)
            program.send(signal.SIGWINCH)  # the terminal is not the one that controls it
            screen.text = ""
            session(port)
            screen.shows(r"└─[^\n]*\n")
            assert max(map(len, rows(screen.text))) == columns


def test_a_demo_without_a_terminal_shows_one_session_and_ends() -> None:
    with running("demo") as demo:
        ended = demo.ended()
    assert ended.status == 0
    assert ended.out.splitlines()[-1].split("└─")[1].startswith(" ended by QUIT")
    assert ESCAPE not in ended.out
    assert ended.err.count("\n") == 1


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Window]:
    window = Window(tmp_path / "tmux", "demo")
    yield window
    window.close()


def test_a_demo_on_a_terminal_stays_until_ctrl_c(demo: Window) -> None:
    port = int(demo.shows(r"pop3spy connect\s+pop3://127\.0\.0\.1:(\d+)")[1])
    shown = demo.rows()
    assert "listening on" in shown[0]
    assert "ended by QUIT" in shown[-3], "the note is behind it, on two lines"
    assert "still here for you" in shown[-2]
    session(port)
    demo.shows(r"s2 +└─ ended by QUIT")
    demo.press("C-c")
    demo.shows("exit status 130")
    assert "Traceback" not in "\n".join(demo.rows())


@pytest.mark.parametrize(
    ("args", "up"),
    [
        (["connect", "{upstream}"], "now|ready"),
        (["proxy", "--upstream", "{upstream}", "--listen", ":0"], "open>"),
        (["serve", "--listen", ":0"], "listening"),
        (["demo"], "ends it"),
    ],
    ids=lambda args: args[0] if isinstance(args, list) else "",
)
def test_it_ends_with_its_terminal(args: list[str], up: str, upstream: str) -> None:
    command = [need("setsid"), "--ctty", *COMMAND, *(arg.format(upstream=upstream) for arg in args)]
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment()
    )
    os.close(theirs)
    try:
        Terminal(ours).shows(up)
        os.close(ours)
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()
