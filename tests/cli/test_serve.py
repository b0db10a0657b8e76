"""``pop3spy serve``: over every kind of mailbox, for users of one's own, on every kind of port."""

import mailbox
import os
import resource
import shutil
import socket
from contextlib import suppress
from pathlib import Path
from poplib import error_proto

import pytest

from cli.program import client, run, running, serving, session
from cli.without import without
from lab.loopback import until
from pop3spy.cli.main import main

MAIL = b"From: ann@example.org\r\nSubject: Hello\r\n\r\nHello\r\n"


def maildir(path: Path) -> None:
    mailbox.Maildir(path).add(MAIL)


def mbox(path: Path) -> None:
    box = mailbox.mbox(path)
    box.add(MAIL)
    box.close()


def eml(path: Path) -> None:
    path.mkdir()
    (path / "hello.eml").write_bytes(MAIL)


@pytest.mark.parametrize("make", [maildir, mbox, eml])
def test_every_kind_of_mailbox_is_served_and_deleted_from(make: object, tmp_path: Path) -> None:
    assert callable(make)
    make(tmp_path / "mail")
    with serving(tmp_path / "mail") as port:
        pop = client(port)
        pop.user("demo")
        pop.pass_("demo")
        assert b"\r\n".join(pop.retr(1)[1]).startswith(b"From: ann@example.org\r\nSubject: Hello")
        pop.dele(1)
        pop.quit()
        assert session(port) == []


def test_messages_of_its_own_are_there_without_a_mailbox() -> None:
    with serving() as port:
        assert len(session(port)) == 5


def test_a_second_wrong_password_waits_as_long_as_the_setting_says() -> None:
    with serving("--login-delay", "1h") as port:
        waiting = client(port)
        for command in (b"USER demo", b"PASS wrong"):
            waiting.sock.sendall(command + b"\r\n")
            waiting.file.readline()
        waiting.sock.sendall(b"USER demo\r\nPASS wrong\r\n")
        assert waiting.file.readline().startswith(b"+OK")
        assert len(session(port)) == 5
        waiting.sock.settimeout(0)
        with pytest.raises(BlockingIOError):
            waiting.sock.recv(1)
        waiting.close()


def test_with_no_delay_a_client_fails_as_fast_as_it_likes() -> None:
    with serving("--login-delay", "0") as port:
        pop = client(port)
        for _ in range(5):
            pop.user("demo")
            with pytest.raises(error_proto):
                pop.pass_("wrong")
        assert pop.file.readline() == b""
        pop.close()


def test_mailboxes_of_users_are_found_from_the_folder_of_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were looked for in the folder in which the program was started."""
    folder = tmp_path / "etc"
    (folder / "mail").mkdir(parents=True)
    maildir(folder / "mail" / "bob")
    mbox(tmp_path / "all")
    home = tmp_path / "home"
    home.mkdir()
    eml(home / "carol")
    (folder / "users.yaml").write_text(
        "alice: 0123\n"
        "bob: {password: builder, mailbox: mail/bob}\n"
        "carol: {password: 'no', mailbox: ~/carol}\n"
        f"dave: {{password: x, mailbox: {tmp_path}/none}}\n".replace("none", "all")
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    with serving("all", "--users", "etc/users.yaml") as port:
        users = [("alice", "0123"), ("bob", "builder"), ("carol", "no"), ("dave", "x")]
        assert [len(session(port, *user)) for user in users] == [1, 1, 1, 1]


USERS = [
    pytest.param("- bob", "must map user names", id="a list"),
    pytest.param("", "must map user names", id="nothing"),
    pytest.param("bob: *sesame", "what begins with * must stand in quotes", id="an alias"),
    pytest.param("bob: a\nbob: b", ":2: this key has stood before", id="a user twice"),
    pytest.param("bob: {pasword: sesame}", "did you mean password?", id="a key misspelt"),
    pytest.param(
        "bob: {password: sesame, mailbox: ~nobody-of-this-name}",
        "bob: mailbox: '~nobody-of-this-name' begins with a home folder that is not known",
        id="an unknown home",
    ),
]


@pytest.mark.parametrize(("text", "said"), USERS)
def test_a_wrong_file_of_users_is_told_in_one_line(
    text: str, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "users.yaml"
    file.write_text(text)
    assert main(["serve", "--users", str(file)]) == 2
    err = capfd.readouterr().err
    assert err.startswith(f"pop3spy: {file}")
    assert said in err
    assert "sesame" not in err
    assert err.count("\n") == 1


def test_a_mailbox_that_is_not_there_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "users.yaml"
    file.write_text("bob: {password: x, mailbox: nowhere}")
    assert main(["serve", "--listen", ":0", "--users", str(file)]) == 3
    assert str(tmp_path / "nowhere") in capfd.readouterr().err


def without_permission() -> list[str]:
    """Return a command that starts another without the permission to use low ports."""
    start = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if not start.exists() or int(start.read_text()) <= 110:
        pytest.skip("everybody may listen on port 110 of this machine")
    if os.geteuid() != 0:
        return []
    if not (setpriv := shutil.which("setpriv")):
        pytest.skip("setpriv, with which root gives up a permission, is not installed")
    return [setpriv, "--bounding-set=-net_bind_service"]


@pytest.mark.parametrize("verb", [["serve"], ["proxy", "--upstream", "mail"]], ids=lambda v: v[0])
def test_a_port_without_permission_is_told_with_ways_out(verb: list[str]) -> None:
    status, out, err = run(*verb, before=without_permission())
    assert (status, out) == (3, "")
    assert err.count("\n") == 1
    assert err.startswith("pop3spy: cannot listen on pop3://127.0.0.1:110: ")
    assert [way for way in ("--listen :1110", "setcap", "systemd") if way not in err] == []


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_more_clients_than_files_are_told_once_and_harm_nobody_later(loop: str) -> None:
    """asyncio's own loop complains a thousand times a second, and uvloop never."""
    with running("serve", "--listen", ":0", "--quiet", "--loop", loop) as program:
        port = program.port()
        resource.prlimit(program.process.pid, resource.RLIMIT_NOFILE, (40, 40))
        many = [socket.create_connection(("127.0.0.1", port)) for _ in range(80)]
        program.says(r"^pop3spy: too many files are open: new clients wait")
        for each in many:
            each.close()

        def messages() -> int | None:  # those who came before may have to go first
            with suppress(error_proto, OSError):
                with socket.create_connection(("127.0.0.1", port), 5) as probe:
                    greeted = probe.recv(1)
                return len(session(port)) if greeted else None
            return None

        assert until(messages, "a session") == 5
        ended = program.stopped()
    assert ended.err.count("too many files") == 1
    assert "OSError" not in ended.err
    assert ended.status == 0


def test_a_python_that_was_built_without_ctypes_serves_as_well(tmp_path: Path) -> None:
    with running("serve", "--listen", ":0", env=without(tmp_path, "_ctypes")) as program:
        session(program.port())
        assert program.stopped().status == 0
