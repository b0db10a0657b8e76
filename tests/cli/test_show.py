"""How recordings are shown: in the width of a terminal, whole in a pipe, and of which ports."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from capture.packets.talk import session
from capture.packets.wire import RAW, pcap, timed
from cli.program import COMMAND, PATIENCE, Ended, environment, run_here, running
from cli.test_terminal import rows, terminal
from pop3spy.capture import opening
from pop3spy.cli.main import main
from pop3spy.wrapping import columns

LONG = "a subject that is longer than any terminal is wide, \\u2602, " * 4
CAPTURE = (
    "pop3spy: 1\nrecords:\n- S: +OK ready\n- C: USER bob\n- S: +OK\n- C: PASS ████████\n- S: +OK\n"
    f'- C: RETR 1\n- S: +OK\n- S: "Subject: {LONG}"\n- S: ""\n- S: "{LONG}\\e[31m"\n- S: .\n'
    f'- C: QUIT\n- S: "+OK {LONG}"\n'
)
VIEWS = [(), ("--bodies",), ("--raw",), ("--hex",), ("--stats",)]


@pytest.fixture
def capture(tmp_path: Path) -> str:
    path = tmp_path / "long.yaml"
    path.write_text(CAPTURE, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("view", VIEWS, ids=" ".join)
def test_no_row_is_wider_than_the_terminal(capture: str, view: tuple[str, ...], width: int) -> None:
    with terminal(width) as (screen, theirs):
        command = [*COMMAND, "show", *view, capture]
        end = "; echo; echo shown"
        script = ["sh", "-c", f'"$@"{end}', "sh", *command]
        env = environment()
        with subprocess.Popen(script, stdout=theirs, stderr=theirs, env=env) as program:
            screen.shows("shown\r")
            assert program.wait(PATIENCE) == 0
    seen = rows(screen.text)
    assert len(seen) > 3
    assert [row for row in seen if columns(row) > width] == []


@pytest.mark.parametrize("view", [("--bodies",), ("--raw",)], ids=" ".join)
def test_in_a_pipe_nothing_is_cut(capture: str, view: tuple[str, ...]) -> None:
    shown = run_here("show", *view, capture).out
    whole = LONG.replace("\\u2602", "☂")
    assert whole.rstrip() in shown.replace("\n" + " " * 22, "")


@pytest.mark.parametrize("view", VIEWS, ids=" ".join)
@pytest.mark.parametrize("kind", ["a capture", "packets"])
def test_what_is_followed_through_a_pipe_ends_with_it(
    capture: str, packets: str, kind: str, view: tuple[str, ...]
) -> None:
    path = capture if kind == "a capture" else packets
    done = subprocess.run(
        [*COMMAND, "show", "--follow", *view, "-"],
        input=Path(path).read_bytes(),
        capture_output=True,
        timeout=PATIENCE,
        env=environment(),
        check=True,
    )
    assert done.stdout.decode() == well(run_here("show", *view, path))


def test_what_was_counted_is_told_when_somebody_stops_following(
    packets: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    # It comes when all was read; the test runner's own threads sleep as ever.
    monkeypatch.setattr(opening, "time", SimpleNamespace(sleep=interrupt))

    assert main(["show", "--stats", "--follow", packets]) == 130
    assert capsys.readouterr().out == well(run_here("show", "--stats", packets))


@pytest.fixture
def packets(tmp_path: Path) -> str:
    """Sessions with servers on three ports, of which POP3's own is one."""
    path = tmp_path / "three.pcap"
    talk = [packet for port in (110, 2110, 3110) for packet in session(50000 + port, port).packets]
    path.write_bytes(pcap(timed(talk), RAW))
    return str(path)


def well(ended: Ended) -> str:
    assert ended.status == 0, ended.err
    return ended.out


TWO = ("--port", "2110", "--port", "3110")


@pytest.mark.parametrize(
    "verb", [("show",), ("export", "--to", "dialogue"), ("export", "--to", "yaml")], ids=" ".join
)
def test_only_sessions_to_these_ports_are_read(packets: str, verb: tuple[str, ...]) -> None:
    every, two = well(run_here(*verb, packets)), well(run_here(*verb, packets, *TWO))
    assert [every.count(f":{port}") for port in ("110", "2110", "3110")] == [1, 1, 1]
    assert [two.count(f":{port}") for port in ("110", "2110", "3110")] == [0, 1, 1]


def test_a_copy_has_only_the_sessions_to_these_ports(packets: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    well(run_here("scrub", packets, *TWO, "-o", str(copy)))
    assert copy.read_text(encoding="utf-8").count('"open"') == 2


def test_a_session_to_this_port_is_played_and_compared(packets: str) -> None:
    well(run_here("compare", packets, packets, "--port", "2110"))
    with running("replay", "server", packets, "--port", "2110", "--listen", ":0") as server:
        args = ("replay", "client", packets, "--port", "3110", "--to", f"127.0.0.1:{server.port()}")
        assert well(run_here(*args)).startswith("no differences")


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(("compare", "FILE", "FILE"), id="compare"),
        pytest.param(("replay", "server", "FILE", "--listen", ":0"), id="replay server"),
        pytest.param(("replay", "client", "FILE", "--to", "127.0.0.1:1"), id="replay client"),
    ],
)
def test_a_port_without_sessions_is_told(packets: str, verb: tuple[str, ...]) -> None:
    ended = run_here(*[packets if arg == "FILE" else arg for arg in verb], "--port", "9")
    assert ended.status == 3
    assert ended.err == f"pop3spy: {packets}: no client asks anything in this recording\n"


@pytest.mark.parametrize("port", ["0", "65536", "pop3", "-1"])
def test_a_port_that_is_none_is_told(packets: str, port: str) -> None:
    ended = run_here("show", packets, "--port", port)
    assert ended.status == 2
    assert ended.err.startswith("pop3spy: --port: ")
    assert ended.err.count("\n") == 1
