"""Faults, rewrites and the dry run from the command line and a file, on everything that serves."""

import json
import poplib
import socket
from pathlib import Path

import pytest

from cli.program import client, run, run_here, running, serving

CUT = "cut after=6 when verb = STAT"


def logged_in(port: int) -> poplib.POP3:
    pop = client(port)
    pop.user("demo")
    pop.pass_("demo")
    return pop


def stat_of(port: int) -> bytes:
    """Return what comes of STAT until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), 20) as sock, sock.makefile("rb") as replies:
        assert replies.readline().startswith(b"+OK")
        for line in (b"USER demo\r\n", b"PASS demo\r\n"):
            sock.sendall(line)
            assert replies.readline().startswith(b"+OK")
        sock.sendall(b"STAT\r\n")
        return replies.read()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record a session that asks for STAT and deletes."""
    path = tmp_path_factory.mktemp("faults") / "session.yaml"
    with running("serve", "--listen", ":0", "--quiet", "--record", path) as program:
        pop = logged_in(program.port())
        pop.stat()
        pop.dele(1)
        pop.quit()
        assert program.stopped().status == 0
    return path


@pytest.mark.parametrize("verb", ["proxy", "serve", "replay server"])
def test_a_fault_works_on_everything_that_serves(
    verb: str, recording: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    with serving() as upstream:
        own = {"proxy": f"--upstream=127.0.0.1:{upstream}", "replay server": str(recording)}
        args = [*verb.split(), *filter(None, [own.get(verb)])]
        options = ["--listen", ":0", "--log", str(log), "--log-format", "json", "--fault", CUT]
        with running(*args, *options) as program:
            port = program.port()
            assert stat_of(port) == b"+OK 5 "[:6]
            ended = program.stopped()
    assert ended.status == 0
    assert f"a fault is set: {CUT}" in ended.err
    assert ended.out.count("┌─") == 1  # a session is shown once
    assert "cut: closed after 6 octets" in ended.out
    events = [json.loads(line) for line in log.read_text().splitlines()]
    (started,) = [each for each in events if each["event"] == "session_opened"]
    assert started["client"].startswith("127.0.0.1:")
    if verb != "proxy":
        assert started["server"] == f"127.0.0.1:{port}"


def test_a_file_takes_texts_and_mappings(tmp_path: Path) -> None:
    file = tmp_path / "pop3spy.yaml"
    file.write_text(
        "fault:\n- drop chance=10% seed=7\n- {fault: cut, after: 6, when: verb = STAT}\n"
        "rewrite: client s/^LAST$/STAT/\ndry-run-delete: true\n"
    )
    with running("serve", "--listen", ":0", "--quiet", "--config", file) as program:
        program.port()
        ended = program.stopped()
    assert [line.split("pop3spy: ")[1] for line in ended.err.splitlines() if "warning" in line] == [
        "warning: lines are rewritten: client s/^LAST$/STAT/",
        "warning: a fault is set: drop chance=10% seed=7",
        "warning: a fault is set: cut after=6 when verb = STAT",
        "warning: a dry run: no server hears a DELE",
    ]


def test_a_drawn_seed_is_told(tmp_path: Path) -> None:
    with running("serve", "--listen", ":0", "--quiet", "--fault", "delay jitter=1s") as program:
        assert int(program.says(r"a fault is set: delay jitter=1s seed=(\d+)")[1]) >= 0
        program.stopped()
    del tmp_path


def test_strict_logs_name_nobody_of_a_filter(tmp_path: Path) -> None:
    log = tmp_path / "log"
    options = ["--redact", "strict", "--log", str(log), "--fault", "drop when user = alice"]
    with running("serve", "--listen", ":0", "--quiet", *options) as program:
        program.port()
        program.stopped()
    assert "alice" not in log.read_text()


@pytest.mark.parametrize(
    ("args", "told", "pointer"),
    [
        (
            ["--fault", "ct"],
            "--fault: column 1: there is no such fault; did you mean cut?",
            "ct\n  ^",
        ),
        (["--fault", "cut when verb = RTR"], "column 17: there is no such verb", " " * 16 + "^"),
        (["--rewrite", "client s/a"], "--rewrite: column 9: s needs the same sign", " " * 8 + "^"),
    ],
)
def test_a_mistake_is_one_line_and_a_place(args: list[str], told: str, pointer: str) -> None:
    ended = run_here("serve", *args)
    assert ended.status == 2
    assert told in ended.err
    assert pointer in ended.err
    assert "Traceback" not in ended.err


def test_a_mistake_in_a_file_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "pop3spy.yaml"
    file.write_text("fault: {fault: cut, aftr: 1}\n")
    ended = run_here("serve", "--config", str(file))
    assert ended.status == 2
    assert f"{file}: fault: cut: there is no such setting of cut; did you mean after?" in ended.err


def test_a_dry_run_leaves_the_mailbox_as_it_was(tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    for name in ("a", "b"):
        (mail / f"{name}.eml").write_bytes(b"Subject: x\r\n\r\nx\r\n")
    with running("serve", mail, "--listen", ":0", "--dry-run-delete") as program:
        port = program.port()
        pop = logged_in(port)
        assert pop.dele(1).startswith(b"+OK")
        with pytest.raises(poplib.error_proto, match="is deleted"):
            pop.retr(1)
        assert pop.stat()[0] == 1
        assert pop.list()[1] == [b"2 17"]
        pop.quit()
        again = logged_in(port)
        assert again.stat()[0] == 2
        again.quit()
        ended = program.stopped()
    assert sorted(path.name for path in mail.glob("*.eml")) == ["a.eml", "b.eml"]
    assert "dry run: asked the server for the size instead" in ended.out


def test_a_recorded_server_can_be_asked_for_a_dry_run(recording: Path) -> None:
    options = ["--listen", ":0", "--quiet", "--strict", "--dry-run-delete"]
    with running("replay", "server", recording, *options) as program:
        pop = logged_in(program.port())
        count, _ = pop.stat()
        assert pop.dele(1).startswith(b"+OK")
        assert pop.stat()[0] == count - 1
        pop.close()
        program.stopped()


def test_an_address_in_use_is_told_in_one_line_with_faults_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("serve", "--listen", f":{port}", "--fault", "drop")
    assert ended.status == 3
    assert "another program does" in ended.err.splitlines()[-1]
