"""Filters on the command line: what is shown, exported and told of a mistake."""

import json
import mailbox
from pathlib import Path

import pytest

from cli.program import run, run_here, running, serving, session

FILE = """pop3spy: 1
records:
- S: +OK ready
- C: USER bob
- S: +OK
- C: PASS ████████
- S: +OK
- C: UIDL
- S: |
    +OK
    1 first
    2 second
    .
- C: RETR 1
- S: |
    +OK
    Subject: one

    short
    .
- C: RETR 2
- S: |
    +OK
    Subject: two

    a little longer than the first
    .
- C: DELE 9
- S: -ERR no such message
- C: QUIT
- S: +OK bye
"""


@pytest.fixture
def recording(tmp_path: Path) -> str:
    path = tmp_path / "session.yaml"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def out(*args: str) -> str:
    ended = run_here(*args)
    assert ended.status == 0, ended.err
    return ended.out


def test_only_what_is_meant_is_shown(recording: str) -> None:
    rows = out("show", "--filter", "err", "--findings", "off", recording).splitlines()

    assert "┌─" in rows[0]
    assert ["C: DELE 9" in rows[1], "S: -ERR no such message" in rows[2]] == [True, True]
    assert "└─" in rows[3]
    assert len(rows) == 4


def test_bodies_octets_and_counts_are_those_of_what_is_meant(recording: str) -> None:
    large = ("--filter", "octets > 30 and verb = RETR", recording)

    assert "a little longer" in out("show", "--bodies", *large)
    assert "short" not in out("show", "--bodies", *large)
    assert "RETR 2" in out("show", "--raw", *large)
    assert "RETR 1" not in out("show", "--raw", *large)
    assert out("show", "--stats", *large).splitlines()[1].split()[:2] == ["RETR", "1"]


def test_only_what_is_meant_is_exported(recording: str, tmp_path: Path) -> None:
    wanted = ("--filter", "octets > 30 and verb = RETR")
    lines = out("export", recording, "--to", "jsonl", *wanted).splitlines()
    dialogue = out("export", recording, "--to", "dialogue", *wanted)
    out("export", recording, "--to", "mbox", "-o", str(tmp_path / "mbox"), *wanted)
    ended = run_here("export", recording, "--to", "eml", "-o", str(tmp_path / "eml"), *wanted)

    told = [json.loads(line) for line in lines]
    assert [each["line"] for each in told if each["event"] == "command_answered"] == ["RETR 2"]
    assert "C: RETR 2\nS: +OK\nS: Subject: two\n" in dialogue
    assert dialogue.count("C: ") == 1
    box = mailbox.mbox(tmp_path / "mbox")
    assert [message["Subject"] for message in box] == ["two"]
    box.close()
    assert [path.name for path in (tmp_path / "eml").iterdir()] == ["s0001-m0002-second.eml"]
    assert ended.err.splitlines()[-1] == "pop3spy: 1 message"


def test_packets_hold_whole_sessions(recording: str, tmp_path: Path) -> None:
    packets = str(tmp_path / "packets")
    ended = run_here("export", recording, "--to", "pcapng", "-o", packets, "--filter", "ok")

    assert ended.status == 2
    assert "pcapng holds whole sessions" in ended.err
    assert not Path(packets).exists()


def test_a_mistake_is_told_with_a_caret(recording: str) -> None:
    ended = run_here("show", "--filter", "ok and latecy > 200ms", recording)

    assert ended.status == 2
    assert ended.err.splitlines() == [
        "pop3spy: --filter: column 8: there is no such term; did you mean latency?",
        "  ok and latecy > 200ms",
        "         ^",
    ]


def test_a_mistake_in_a_configuration_is_told_with_a_caret(tmp_path: Path) -> None:
    config = tmp_path / "spy.yaml"
    config.write_text("show: verb = RERT\n", encoding="utf-8")
    ended = run("serve", "--config", str(config))

    assert ended.status == 2
    assert ended.err.splitlines()[0].endswith(
        "spy.yaml: show: column 8: there is no such verb; did you mean RSET?"
    )
    assert ended.err.splitlines()[1:] == ["  verb = RERT", "         ^"]


@pytest.mark.parametrize("how", ["option", "setting"])
def test_the_transcript_shows_what_is_meant_and_the_log_has_everything(
    tmp_path: Path, how: str
) -> None:
    log, config = tmp_path / "log", tmp_path / "spy.yaml"
    config.write_text("show: verb = LIST\n", encoding="utf-8")
    args = ("--show", "verb = LIST") if how == "option" else ("--config", config)
    record = tmp_path / "record.yaml"
    with serving() as port:
        where = ("--upstream", f"127.0.0.1:{port}", "--listen", ":0")
        with running("proxy", *where, "--log", log, "--record", record, *args) as proxy:
            session(proxy.port())
            ended = proxy.stopped()

    commands = [line for line in ended.out.splitlines() if " C: " in line]
    assert len(commands) == 1
    assert commands[0].endswith("C: LIST")
    for whole in (log, record):
        assert "USER demo" in whole.read_text(encoding="utf-8")
        assert "QUIT" in whole.read_text(encoding="utf-8")


def test_the_post_office_and_a_replay_show_what_is_meant(recording: str) -> None:
    with running("serve", "--listen", ":0", "--show", "verb = LIST") as server:
        session(server.port())
        assert server.stopped().out.count(" C: ") == 1
    with running("replay", "server", recording, "--listen", ":0", "--show", "err") as server:
        session(server.port(), "bob", "anything")
        shown = server.stopped().out
    assert shown.count(" C: ") == shown.count("S: -ERR")
