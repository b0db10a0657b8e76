"""``pop3spy connect`` without a terminal: scripts, pipes, stages, and how it ends."""

import json
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from cli.program import COMMAND, PATIENCE, Ended, environment, run_here, running
from pop3spy.cli.secret_command import printed_by
from pop3spy.errors import ConfigError
from security.program import Play

PASSWORD = "tanstaaf-Hunter2"


def piped(text: str, *args: str, **changes: str) -> Ended:
    """Run ``connect`` with *text* on its stdin."""
    done = subprocess.run(
        [*COMMAND, "connect", *args],
        input=text.encode("utf-8", "surrogateescape"),
        capture_output=True,
        timeout=PATIENCE,
        env=environment(**changes),
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_lines_from_a_pipe_are_a_session(upstream: str) -> None:
    ended = piped("USER demo\nPASS demo\nSTAT\nQUIT\n", upstream)
    assert (ended.status, ended.err) == (0, "")
    rows = ended.out.splitlines()
    assert rows[0] == f" · connected to {upstream}"
    assert rows[2:] == [
        "C: USER demo",
        "S: +OK now the password",
        "C: PASS ████████",
        "S: +OK maildrop has 5 messages (2137 octets)",
        "C: STAT",
        "S: +OK 5 2137",
        "C: QUIT",
        "S: +OK good bye (5 messages left)",
        " · the session has ended",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_script_is_the_same_from_a_file_whatever_ends_its_lines(
    upstream: str, tmp_path: Path, end: str
) -> None:
    script = tmp_path / "script"
    script.write_bytes(
        end.join(["# log in", "USER demo", "PASS demo", "", "STAT", "QUIT"]).encode()
    )
    ended = run_here("connect", upstream, "--script", str(script))
    assert ended.status == 0
    assert "S: +OK 5 2137" in ended.out.splitlines()


def test_nothing_that_a_person_tries_out_is_remembered(upstream: str, tmp_path: Path) -> None:
    lines = "USER demo\nPASS demo\nUIDL\nRETR 1\nQUIT\n"
    assert piped(lines, upstream, XDG_STATE_HOME=str(tmp_path)).status == 0
    assert not list(tmp_path.rglob("ledger*"))


def test_a_password_of_a_script_is_nowhere_in_what_is_shown_or_recorded(
    upstream: str, tmp_path: Path
) -> None:
    capture = tmp_path / "session.yaml"
    text = (
        f"USER demo\nPASS {PASSWORD}\n:login\ndemo\n{PASSWORD}\nPASS{PASSWORD}\n:{PASSWORD}\nQUIT\n"
    )
    ended = piped(text, upstream, "--record", str(capture), XDG_STATE_HOME=str(tmp_path))
    assert ended.status == 13, "a login was refused"
    everything = ended.out + ended.err + capture.read_text()
    assert PASSWORD.lower() not in everything.lower()
    assert "█" in capture.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["session.yaml"]
    assert capture.stat().st_mode & 0o777 == 0o600


SAID = "XFOO bar\nUSER demo\nletmein\nPASS demo\nXTAGS 7\nQUIT\n"


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ([], ["XFOO bar", "USER demo", "████████", "PASS ████████", "XTAGS 7", "QUIT"]),
        (
            ["--hide-unknown"],
            ["████████", "USER demo", "████████", "PASS ████████", "████████", "QUIT"],
        ),
    ],
    ids=["shown", "hidden"],
)
def test_a_command_that_nobody_knows_is_shown_live_and_later_unless_it_is_to_be_hidden(
    upstream: str, tmp_path: Path, args: list[str], shown: list[str]
) -> None:
    capture, copy = tmp_path / "session.yaml", tmp_path / "copy.yaml"
    ended = piped(SAID, upstream, "--record", str(capture), *args)
    assert [row[3:] for row in ended.out.splitlines() if row.startswith("C:")] == shown
    assert run_here("scrub", str(capture), "-o", str(copy)).status == 0
    for recorded in (capture, copy):
        rows = run_here("show", str(recorded)).out.splitlines()
        assert [row.partition("C: ")[2] for row in rows if " C: " in row] == shown
        lines = run_here("export", str(recorded), "--to", "jsonl").out.splitlines()
        told = [json.loads(line) for line in lines]
        assert [each["line"] for each in told if each["event"] != "finding_raised"] == shown
    strict = run_here("scrub", "--redact", "strict", str(capture)).out
    assert "XFOO" not in strict
    assert "XTAGS" not in strict


def test_commands_of_the_console_stand_in_a_script_too(upstream: str, tmp_path: Path) -> None:
    mail = tmp_path / "mail.eml"
    ended = piped(f":login\ndemo\ndemo\n:headers\n:save 3 {mail}\n:eol lf\n:quit\n", upstream)
    assert ended.status == 0
    assert "Lines that begin with dots" in ended.out
    assert mail.read_bytes().startswith(b"From: Dot ")
    assert " ? " not in ended.out


def test_whoever_reads_may_go(upstream: str) -> None:
    command = [*COMMAND, "connect", upstream]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b"CAPA\n" * 500 + b"QUIT\n")
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_a_script_in_order(
    upstream: str, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    script, capture = tmp_path / "script", tmp_path / "session.yaml"
    script.write_text("CAPA\n:wait 600\n")
    with running("connect", upstream, "--script", script, "--record", capture) as program:
        assert program.process.stdout
        for line in iter(program.process.stdout.readline, b""):
            if b":wait" in line:
                break
        ended = program.stopped(number)
    assert ended.status == status
    assert "Traceback" not in ended.err
    assert '"close"' in capture.read_text().splitlines()[-1]


def test_a_connection_that_breaks_is_status_1() -> None:
    play = Play([b"+OK ready\r\n", b"+OK"])
    ended = piped("NOOP\nSTAT\n", play.address, "--patience", "1s")
    assert ended.status == 1
    assert "the server said nothing for 1 s" in ended.out


def test_a_server_that_cannot_be_reached_is_status_3() -> None:
    ended = run_here("connect", "127.0.0.1:1")
    assert ended.status == 3
    assert ended.err == "pop3spy: pop3://127.0.0.1:1: 127.0.0.1 connection refused\n"
    assert ended.out == ""


def test_a_server_without_tls_is_told_in_one_line(upstream: str) -> None:
    for scheme, told in (("pop3s", "clear text came"), ("pop3+stls", "the server refuses STLS")):
        ended = run_here("connect", f"{scheme}://{upstream}")
        assert ended.status == 11
        assert ended.err.startswith(f"pop3spy: {scheme}://{upstream}: {told}")
        assert ended.err.count("\n") == 1


WRONG = [
    (["--script", "x", "--quit-after", "capa"], "--script and --quit-after are two ways to go"),
    (["--script", "/nowhere"], "/nowhere: no such file or directory"),
    (["--quit-after", "later"], "--quit-after: 'later' is not one of connect, tls, capa"),
    (["--upstream-ca", "/nowhere"], "/nowhere: no such file or directory"),
    (["--quit-after", "auth", "--password-env", "NOT_THERE"], "there is no variable of that name"),
    (["--record", "/nowhere/x.yaml"], "cannot write /nowhere/x.yaml"),
]


@pytest.mark.parametrize(("args", "told"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_done_is_told_before_anything_is_said(
    upstream: str, args: list[str], told: str
) -> None:
    ended = run_here("connect", upstream, *args)
    assert ended.status == 2
    assert told in ended.err
    assert ended.err.count("\n") == 1
    assert ended.out == ""


STAGES = [
    ("connect", ["QUIT"]),
    ("capa", ["CAPA", "QUIT"]),
    ("auth", ["CAPA", "APOP demo ████████", "QUIT"]),
    ("stat", ["CAPA", "APOP demo ████████", "STAT", "QUIT"]),
    ("uidl", ["CAPA", "APOP demo ████████", "STAT", "LIST", "UIDL", "QUIT"]),
]


@pytest.mark.parametrize(("stage", "said"), STAGES)
def test_a_session_goes_up_to_a_stage_and_ends(upstream: str, stage: str, said: list[str]) -> None:
    login = ["--user", "demo", "--password-env", "SECRET"]
    ended = run_here("connect", upstream, "--quit-after", stage, *login, SECRET="demo")
    assert ended.status == 0
    assert [row[3:] for row in ended.out.splitlines() if row.startswith("C:")] == said


def test_a_stage_that_is_not_reached_has_a_status_of_its_own(upstream: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\n")
    login = ["--user", "demo", "--password-file", str(secret)]
    ended = run_here("connect", upstream, "--quit-after", "stat", *login)
    assert ended.status == 13
    assert " ? stage not reached: auth" in ended.out.splitlines()
    assert "C: STAT" not in ended.out
    assert PASSWORD not in ended.out
    ended = run_here("connect", upstream, "--quit-after", "tls")
    assert ended.status == 11
    assert "C: STLS" in ended.out


@pytest.mark.parametrize(
    "way", [("--quit-after", "capa"), ("--script", "/dev/null")], ids=["stage", "script"]
)
def test_why_the_connection_is_of_no_use_is_told(way: tuple[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"127.0.0.1:{silent.getsockname()[1]}"
        ended = run_here("connect", url, *way, "--patience", "0.1s")
    assert ended.status == 10
    stage = [" ? stage not reached: connect"] * (way[0] == "--quit-after")
    assert ended.out.splitlines()[2:] == [" ? the server said nothing for 0.1 s", *stage]


def test_a_server_that_sends_its_client_away_was_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"127.0.0.1:{door.getsockname()[1]}"
        with running("connect", url, "--quit-after", "connect") as program:
            server, _ = door.accept()
            with server:
                server.sendall(b"-ERR too many connections\r\n")
                assert server.recv(100) == b"QUIT\r\n"
                server.sendall(b"+OK bye\r\n")
            ended = program.ended()
    assert ended.status == 10
    assert " ? stage not reached: connect" in ended.out.splitlines()


def test_why_tls_is_not_reached_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"127.0.0.1:{door.getsockname()[1]}"
        with running("connect", url, "--quit-after", "tls") as program:
            server, _ = door.accept()
            with server:
                server.sendall(b"+OK ready\r\n")
                assert server.recv(100) == b"STLS\r\n"
                server.sendall(b"+OK go on\r\nmore")
            ended = program.ended()
    assert ended.status == 11
    *_, why, stage = ended.out.splitlines()
    assert "the server said more in clear behind its +OK to STLS" in why
    assert stage == " ? stage not reached: tls"


def test_nobody_is_asked_where_there_is_nobody(upstream: str) -> None:
    ended = run_here("connect", upstream, "--quit-after", "auth")
    assert ended.status == 13
    assert "an answer is needed: User" in ended.out


def test_a_recording_of_connect_shows_and_exports(upstream: str, tmp_path: Path) -> None:
    capture = str(tmp_path / "session.yaml")
    piped("CAPA\nQUIT\n", upstream, "--record", capture)
    shown = run_here("show", capture)
    assert "C: CAPA" in shown.out
    lines = run_here("export", capture, "--to", "jsonl").out.splitlines()
    assert [json.loads(line)["verb"] for line in lines if '"verb"' in line] == ["CAPA", "QUIT"]


def test_options_may_stand_in_a_file(upstream: str, tmp_path: Path) -> None:
    config = tmp_path / "pop3spy.yaml"
    config.write_text("quit-after: capa\nconnect-timeout: 5s\ninsecure: true\n")
    ended = run_here("connect", upstream, "--config", str(config))
    assert ended.status == 0
    assert "C: CAPA" in ended.out


REFUSALS = [
    b"-ERR",
    b"-ERR busy",
    b"-ERR [IN-USE] no",
    b"-err",
    b"- ERR",
    b"-ERR\tno",
    b"hm\r\n-ERR",
]


@pytest.mark.parametrize("greeting", REFUSALS, ids=repr)
def test_nothing_but_stls_is_said_in_clear_to_a_server_that_is_to_have_tls(
    greeting: bytes, tmp_path: Path
) -> None:
    """Whatever the server says: not behind a greeting that sends us away, nor a refusal of STLS."""
    script = tmp_path / "script"
    script.write_text(f"USER bob\nPASS {PASSWORD}\nDELE 1\nQUIT\n")
    heard: list[bytes] = []

    def serve(door: socket.socket) -> None:
        with door.accept()[0] as peer, peer.makefile("rb") as said:
            peer.settimeout(PATIENCE)
            peer.sendall(greeting + b"\r\n")
            for line in said:
                heard.append(line)
                peer.sendall(b"-ERR no\r\n")

    with socket.create_server(("127.0.0.1", 0)) as door:
        server = threading.Thread(target=serve, args=(door,), daemon=True)
        server.start()
        url = f"pop3+stls://127.0.0.1:{door.getsockname()[1]}"
        ended = run_here("connect", url, "--script", str(script))
        server.join(PATIENCE)
    assert not server.is_alive()
    assert ended.status == 11
    assert set(heard) <= {b"STLS\r\n"}


FAILURES = [
    pytest.param(":auth PLAIN demo\nwrong\nQUIT\n", 13, id="a refused :auth"),
    pytest.param(":login demo\nwrong\n:login demo\ndemo\nQUIT\n", 13, id="then a good one"),
    pytest.param(":login demo\ndemo\nQUIT\n", 0, id="a good :login"),
    pytest.param(":auth PLAIN demo\n", 13, id="no password"),
    pytest.param(":stls\nQUIT\n", 11, id="a refused :stls"),
    pytest.param(":login demo\ndemo\n:message 99\nQUIT\n", 14, id="a message that is not there"),
    pytest.param("USER demo\nPASS wrong\nRETR 1\nQUIT\n", 0, id="lines of its own"),
]


@pytest.mark.parametrize(("script", "status"), FAILURES)
def test_a_script_ends_with_the_status_of_the_stage_that_failed_first(
    upstream: str, script: str, status: int
) -> None:
    assert piped(script, upstream).status == status


def test_a_secret_is_asked_of_its_command_at_each_login_and_shown_nowhere(
    upstream: str, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    command = f"echo run >> {runs}; echo {PASSWORD}; echo more; echo {PASSWORD} >&2"
    login = ["--user", "demo", "--password-command", command]
    ended = piped(":login\n:login\nQUIT\n", upstream, *login)
    assert runs.read_text() == "run\n" * 2
    assert ended.status == 13
    assert PASSWORD not in ended.out + ended.err
    login[-1] = "echo demo; echo more"
    assert run_here("connect", upstream, "--quit-after", "stat", *login).status == 0


COMMANDS = [
    (f"echo {PASSWORD}; exit 4", "the command ended with status 4; run it in a shell to see why"),
    ("true", "the first line that the command printed is empty"),
    ("kill -9 $$", "the command was ended by signal 9"),
    (f"yes {PASSWORD}", "the command printed more than 65,536 octets"),
    (f"no-{PASSWORD}", "the command ended with status 127"),
]


@pytest.mark.parametrize(("command", "told"), COMMANDS, ids=[told for _, told in COMMANDS])
@pytest.mark.parametrize("option", ["--password-command", "--token-command"])
def test_a_command_that_gives_no_secret_is_told_in_one_line_without_its_output(
    upstream: str, option: str, command: str, told: str
) -> None:
    auth = "XOAUTH2" if option == "--token-command" else "PLAIN"
    login = ["--user", "demo", "--auth", auth, option, command]
    ended = run_here("connect", upstream, "--quit-after", "auth", *login)
    assert ended.status == 13
    assert [row for row in ended.out.splitlines() if f"{option}: {told}" in row]
    assert PASSWORD not in ended.out + ended.err
    assert not [row for row in ended.out.splitlines() if row.startswith("C: AUTH")]


async def test_a_command_has_so_long_and_no_longer() -> None:
    with pytest.raises(ConfigError, match=r"the command has not ended within 0\.1 s"):
        await printed_by("sleep 1000 & sleep 1000", "--token-command", patience=0.1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--auth", "GSSAPI"], "--auth: GSSAPI cannot be computed here"),
        (["--auth", "PLAN"], "'PLAN' is no way to log in"),
        (["--password-command", "a", "--password-file", "b"], "choose one"),
    ],
)
def test_a_login_that_cannot_be_is_told_before_anything_is_said(
    upstream: str, options: list[str], told: str
) -> None:
    ended = run_here("connect", upstream, *options)
    assert (ended.status, ended.out) == (2, "")
    assert told in ended.err
