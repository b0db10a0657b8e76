"""Started as root: who the program is once it listens, and whose its files are."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import USER
from cli.processes import processes_of
from cli.program import Program, in_tls, run, running, serving, session
from net.certificates import Authority
from pop3spy.cli.privileges import account_of
from pop3spy.errors import ConfigError

GROUP = "mail"
SERVE = ("serve", "--listen", ":0", "--quiet")


def status_of(program: Program) -> dict[str, list[str]]:
    return status_of_process(program.process.pid)


def status_of_process(pid: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: words.split() for name, _, words in (line.partition(":") for line in lines)}


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("verb", ["serve", "proxy", "replay"])
@pytest.mark.usefixtures("root")
def test_nothing_of_root_is_left(verb: str, loop: str, upstream: str) -> None:
    sample = next(Path("captures").glob("*.yaml"))
    start = {
        "serve": ["serve"],
        "proxy": ["proxy", "--upstream", upstream],
        "replay": ["replay", "server", str(sample)],
    }[verb]
    options = ["--listen", ":0", "--quiet", "--loop", loop, "--run-as", USER]
    with running(*start, *options) as program:
        program.says("listening")
        status, who = status_of(program), pwd.getpwnam(USER)
    assert status["Uid"] == [str(who.pw_uid)] * 4
    assert status["Gid"] == [str(who.pw_gid)] * 4
    assert [int(group) for group in status["Groups"]] == os.getgrouplist(USER, who.pw_gid)
    assert {int(status[name][0], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}


def test_nothing_of_root_is_left_in_any_worker(folder: Path, upstream: str) -> None:
    log, recorded = folder / "log", folder / "recorded"
    options = ("--listen", ":0", "--quiet", "--log", log, "--record", f"{recorded}/")
    workers = ("--workers", "2", "--run-as", USER)
    with running("proxy", "--upstream", upstream, *options, *workers) as program:
        port = program.port()
        states = [status_of_process(pid) for pid in processes_of(program)]
        for _ in range(4):
            session(port)
        assert program.stopped().status == 0
    uid = pwd.getpwnam(USER).pw_uid
    assert [status["Uid"] for status in states] == [[str(uid)] * 4] * 2
    files = [log, recorded, *recorded.iterdir()]
    assert len(files) == 6
    assert {path.stat().st_uid for path in files} == {uid}


@pytest.mark.usefixtures("root")
def test_a_group_may_be_named() -> None:
    with running(*SERVE, "--run-as", f"{USER}:{GROUP}") as program:
        program.says("listening")
        groups = status_of(program)["Gid"]
    assert len(set(groups)) == 1
    assert groups[0] != str(pwd.getpwnam(USER).pw_gid)


@pytest.mark.usefixtures("root")
def test_the_port_was_had_as_root() -> None:
    """A port below 1024 on an address of its own: nobody else has it."""
    with running("serve", "--listen", "127.11.0.1:110", "--quiet", "--run-as", USER) as program:
        program.says(r"listening on pop3://127\.11\.0\.1:110")
        assert status_of(program)["Uid"][1] != "0"
        with socket.create_connection(("127.11.0.1", 110)) as client:
            assert client.makefile("rb").readline().startswith(b"+OK")


def test_logs_and_recordings_are_the_users_and_go_on_in_new_files(folder: Path) -> None:
    recording, log = folder / "all.yaml", folder / "log"
    files = ["--record", str(recording), "--rotate", "1K", "--log", str(log)]
    with running(*SERVE, *files, "--run-as", USER) as program:
        port = program.port()
        for _ in range(100):  # a thread of its own writes, and how much it has written counts
            session(port)
            if (folder / "all.1.yaml").exists():
                break
        ended = program.stopped()
    assert ended.status == 0
    assert (folder / "all.1.yaml").exists()
    assert {path.stat().st_uid for path in folder.iterdir()} == {pwd.getpwnam(USER).pw_uid}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.usefixtures("root")
def test_a_key_that_only_root_may_read_serves(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    shown = authority.issue("server")
    shown.key.chmod(0o600)
    files = ["--cert", str(shown.chain), "--key", str(shown.key), "--run-as", USER]
    with running("serve", "--quiet", "--listen", "pop3s://127.0.0.1:0", *files) as program:
        port = int(program.says(r"listening on pop3s://127\.0\.0\.1:(\d+)")[1])
        with in_tls(port, authority.certificate) as tls:
            assert tls.recv(100).startswith(b"+OK")


def test_keys_of_tls_go_on_being_written_into_a_file_of_the_users(
    folder: Path, tmp_path: Path
) -> None:
    """Each certificate that is made opens it again."""
    keys, ca = folder / "keys", tmp_path / "ca"
    options = ["--quiet", "--listen", "pop3s://127.0.0.1:0", "--run-as", USER, "--ca-dir", str(ca)]
    with running("serve", *options, env={"SSLKEYLOGFILE": str(keys)}) as program:
        port = program.port("pop3s")
        for name in ("one.example", "two.example"):
            with in_tls(port, ca / "ca.pem", name) as tls:
                assert tls.recv(100).startswith(b"+OK")
    assert keys.owner() == USER
    assert keys.stat().st_mode & 0o077 == 0
    assert len({line.split()[1] for line in keys.read_text().splitlines() if line[0] != "#"}) == 2


@pytest.mark.usefixtures("root")
def test_keys_that_the_user_could_not_write_are_told_at_once(tmp_path: Path) -> None:
    ended = run(*SERVE, "--run-as", USER, SSLKEYLOGFILE=str(tmp_path / "keys"))
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "SSLKEYLOGFILE" in ended.err
    assert "permission denied" in ended.err


@pytest.mark.usefixtures("root")
def test_the_authority_of_root_goes_on_signing(tmp_path: Path) -> None:
    """It is opened before, and needs its folder no more."""
    with serving() as port:
        where = ["--upstream", f"127.0.0.1:{port}", "--listen", "pop3s://127.0.0.1:0"]
        options = [*where, "--ca-dir", str(tmp_path / "ca"), "--run-as", USER]
        with running("proxy", "--quiet", *options) as program:
            mine = int(program.says(r"listening on pop3s://127\.0\.0\.1:(\d+)")[1])
            certificate = tmp_path / "ca" / "ca.pem"
            for name in ("one.example", "two.example"):
                with in_tls(mine, certificate, name) as tls:
                    assert tls.recv(100).startswith(b"+OK")


@pytest.mark.parametrize("option", ["--log", "--record"])
@pytest.mark.usefixtures("root")
def test_a_folder_that_the_user_may_not_write_is_told(option: str, tmp_path: Path) -> None:
    ended = run(*SERVE, "--run-as", USER, option, str(tmp_path / "file"))
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "ermission denied" in ended.err


@pytest.mark.usefixtures("root")
def test_a_server_is_found_by_name_without_root() -> None:
    """What looks names up is loaded late, from files that the user may not read."""
    options = ["--upstream", "localhost:1", "--listen", ":0", "--run-as", USER]
    with running("proxy", *options) as program:
        with socket.create_connection(("127.0.0.1", program.port())) as client:
            assert client.recv(1) == b""
        ended = program.stopped()
    assert "connection refused" in ended.out
    assert "bug" not in ended.err


WAY_BACK = """
import os
from pop3spy.cli.privileges import account_of, become
os.environ.update(HOME="/home/somebody", XDG_STATE_HOME="/home/somebody/state")
become(account_of("nobody"))
print(os.environ["HOME"], os.environ["USER"], "XDG_STATE_HOME" in os.environ)
for way in (os.setuid, os.seteuid, os.setgid):
    try:
        way(0)
    except PermissionError:
        print("refused")
"""


@pytest.mark.usefixtures("root")
def test_there_is_no_way_back_and_the_home_is_the_users() -> None:
    command = [sys.executable, "-c", WAY_BACK]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    home = pwd.getpwnam(USER).pw_dir
    assert done.stdout.splitlines() == [f"{home} {USER} False", *["refused"] * 3]


@pytest.mark.usefixtures("root")
def test_who_keeps_a_way_back_is_not_served() -> None:
    """With this bit set, the kernel lets capabilities survive the change of user."""
    setpriv = shutil.which("setpriv")
    assert setpriv
    bits = ["--securebits", "+no_setuid_fixup"]
    ended = run(*SERVE, "--run-as", USER, before=[setpriv, *bits])
    assert ended.status == 2
    assert "root could be had again" in ended.err


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nobody-of-this-name", "there is no user 'nobody-of-this-name' here"),
        ("nobody:no-such-group", "there is no group 'no-such-group' here"),
        ("root", "root is root; name a user who is not"),
        ("", "there is no value"),
        ("\x1b[2J", r"there is no user '\x1b[2J' here"),
    ],
)
@pytest.mark.usefixtures("root")
def test_whom_it_cannot_be_is_told_in_one_line(name: str, told: str) -> None:
    ended = run(*SERVE, "--run-as", name)
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert told in ended.err


def test_it_takes_root_to_become_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ConfigError, match=r"^--run-as needs root to begin with; leave it out"):
        account_of(USER)


@pytest.mark.parametrize("more", [(), ("--run-as", USER)], ids=["root", "user"])
@pytest.mark.usefixtures("root")
def test_root_is_advised_once_where_others_can_speak_to_it(more: tuple[str, ...]) -> None:
    for host in ("127.0.0.1", "0.0.0.0"):
        with running("serve", "--listen", f"{host}:0", "--quiet", *more) as program:
            program.says("listening")
            said = program.stopped().err
        assert said.count("--run-as USER gives root up") == (host == "0.0.0.0" and not more)
