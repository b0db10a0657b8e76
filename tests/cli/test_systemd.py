"""Sockets that systemd opened, and what it is told of the service that it gave them to."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from cli.processes import processes_of
from cli.program import PATIENCE, VERBS, Program, client, in_tls, run, running, session
from lab.loopback import until
from lab.processes import need
from lab.processes import running as running_program
from net.certificates import Authority
from pop3spy.net.systemd import inherited

# Does what systemd does between fork and exec: sockets from 3 on, and whom they are for.
HAND_OVER = """
import os, sys
fds, names, pid, *command = sys.argv[1:]
fds = fds.split(",")
for place, fd in enumerate(fds, 3):
    os.dup2(int(fd), place)
os.environ["LISTEN_FDS"], os.environ["LISTEN_FDNAMES"] = str(len(fds)), names
os.environ["LISTEN_PID"] = pid or str(os.getpid())
os.execv(command[0], command)
"""
SERVE = ("serve", "--quiet")
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    """A socket of each family; their descriptors are above those that they are handed over as."""
    with ExitStack() as opened:
        for _ in range(6):
            opened.enter_context(socket.socket())
        four = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        six = opened.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        yield [four, six]


@pytest.fixture(autouse=True)
def nothing_at_the_places(listeners: list[socket.socket]) -> None:
    """What a test makes gets a descriptor above them as well."""


@contextmanager
def activated(
    sockets: Sequence[socket.socket],
    *args: str,
    names: str = "",
    pid: str = "",
    env: dict[str, str] | None = None,
) -> Iterator[Program]:
    fds = [each.fileno() for each in sockets]
    hand_over = [sys.executable, "-c", HAND_OVER, ",".join(map(str, fds)), names, pid]
    with running(*args, before=hand_over, pass_fds=fds, env=env) as program:
        yield program


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


@pytest.mark.parametrize("verb", ["serve", "proxy"])
def test_sockets_of_both_families_take_the_place_of_the_default(
    verb: str, listeners: list[socket.socket], upstream: str
) -> None:
    where = ["--upstream", upstream, "--no-console"] if verb == "proxy" else []
    with activated(listeners, verb, "--quiet", *where, names="a:b") as program:
        four, six = map(port_of, listeners)
        program.says(rf"listening on pop3://127\.0\.0\.1:{four}\b")
        program.says(rf"listening on pop3://\[::1\]:{six}\b")
        assert session(four)
        with socket.create_connection(("::1", six), PATIENCE) as connection:
            assert connection.makefile("rb").readline().startswith(b"+OK")
        assert "listening" not in program.stopped().err.split(str(six))[1]


def test_workers_share_them_and_those_who_are_left_take_every_client(
    listeners: list[socket.socket], upstream: str
) -> None:
    args = ("proxy", "--quiet", "--upstream", upstream, "--workers", "3", "--no-console")
    with activated(listeners, *args) as program:
        four, six = map(port_of, listeners)
        program.says(rf"listening on pop3://127\.0\.0\.1:{four}\b")
        program.says(rf"listening on pop3://\[::1\]:{six}\b")
        os.kill(processes_of(program)[0], signal.SIGKILL)
        program.says("workers left: 2")
        for _ in range(12):
            assert session(four)
        assert program.stopped().status == 0


def test_a_replayed_server_takes_them_too(listeners: list[socket.socket]) -> None:
    sample = next((DOCS.parent / "captures").glob("*.yaml"))
    with activated(listeners[:1], "replay", "server", "--quiet", str(sample)) as program:
        program.says("listening")
        client(port_of(listeners[0])).close()
        program.stopped()


def test_a_socket_that_is_named_so_is_for_tls(
    listeners: list[socket.socket], tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "ca")
    shown = authority.issue("server")
    files = ["--cert", str(shown.chain), "--key", str(shown.key)]
    with activated(listeners, *SERVE, *files, names="pop3s:pop3s.socket") as program:
        four, six = map(port_of, listeners)
        program.says(rf"listening on pop3s://127\.0\.0\.1:{four}\b")
        program.says(rf"listening on pop3://\[::1\]:{six}\b")
        with in_tls(four, authority.certificate) as tls:
            assert tls.recv(100).startswith(b"+OK")


def test_a_listener_that_is_named_is_added(listeners: list[socket.socket]) -> None:
    with activated(listeners[:1], *SERVE, "--listen", "127.0.0.2:0") as program:
        program.says(rf"127\.0\.0\.1:{port_of(listeners[0])}\b")
        program.says(r"listening on pop3://127\.0\.0\.2:\d+")


def test_who_came_before_the_program_did_is_served(listeners: list[socket.socket]) -> None:
    early = socket.create_connection(listeners[0].getsockname(), PATIENCE)
    with early, activated(listeners[:1], *SERVE):
        assert early.makefile("rb").readline().startswith(b"+OK")


def test_sockets_for_another_process_are_not_taken(listeners: list[socket.socket]) -> None:
    with activated(listeners[:1], *SERVE, "--listen", ":0", pid="1") as program:
        assert program.port() != port_of(listeners[0])


@pytest.mark.parametrize("pid", ["1", "", "own"])
def test_the_variables_are_gone_afterwards(pid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = str(os.getpid())
    given = {"LISTEN_FDS": "0", "LISTEN_FDNAMES": "a", "LISTEN_PIDFDID": "7"}
    given["LISTEN_PID"] = pid.replace("own", own)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert inherited() == {}
    assert not given.keys() & os.environ.keys()


def unlistened() -> socket.socket:
    return socket.socket()


def unix() -> socket.socket:
    near, far = socket.socketpair()
    far.close()
    return near


def datagrams() -> socket.socket:
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    return sock


@pytest.mark.parametrize("make", [unlistened, unix, datagrams])
def test_what_is_no_listening_tcp_socket_is_refused(make: Callable[[], socket.socket]) -> None:
    with make() as sock, activated([sock], *SERVE) as program:
        status, out, err = program.ended()
    assert (status, out) == (3, "")
    assert err.count("\n") == 1
    assert "descriptor 3, given by systemd, is no TCP socket that listens" in err


def test_systemd_itself_can_start_it(tmp_path: Path) -> None:
    """Its own test program listens, and starts the service when somebody comes."""
    activate = need("systemd-socket-activate")
    listener = socket.create_server(("127.0.0.1", 0))
    port = port_of(listener)
    listener.close()
    command = [activate, "-l", f"127.0.0.1:{port}", sys.executable, "-m", "pop3spy", *SERVE]
    with (tmp_path / "said").open("wb") as said, running_program(command, stderr=said):
        until(lambda: said_listening(tmp_path / "said"), "systemd's listening")
        assert session(port)


def said_listening(said: Path) -> bool | None:
    return b"Listening on" in said.read_bytes() or None


PROXY = ("proxy", "--upstream", "127.0.0.1:1", "--quiet", "--workers", "3")


@pytest.mark.parametrize("verb", [SERVE, PROXY], ids=["serve", "workers"])
@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told_when_it_is_ready_and_when_it_stops(
    *, verb: Sequence[str], abstract: bool, tmp_path: Path
) -> None:
    name = f"\0pop3spy-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(name)
        systemd.settimeout(PATIENCE)
        env = {"NOTIFY_SOCKET": name.replace("\0", "@")}
        with running(*verb, "--listen", ":0", env=env) as program:
            assert systemd.recv(100) == b"READY=1"
            socket.create_connection(("127.0.0.1", program.port())).close()  # it was true
            assert program.stopped().status == 0
            assert systemd.recv(100) == b"STOPPING=1"
            systemd.settimeout(0)
            with pytest.raises(BlockingIOError):
                systemd.recv(100)


def test_a_service_that_cannot_start_is_not_called_ready(tmp_path: Path) -> None:
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(name)
        with running(
            *SERVE, "--listen", ":0", "--log", "/", env={"NOTIFY_SOCKET": name}
        ) as program:
            assert program.ended().status == 2
        systemd.settimeout(0)
        with pytest.raises(BlockingIOError):
            systemd.recv(100)


def test_no_systemd_to_tell_is_no_trouble(tmp_path: Path) -> None:
    with running(
        *SERVE, "--listen", ":0", env={"NOTIFY_SOCKET": str(tmp_path / "gone")}
    ) as program:
        assert session(program.port())
        assert program.stopped().status == 0


def unit(name: str) -> str:
    return (DOCS / "systemd" / name).read_text(encoding="utf-8")


def test_systemd_understands_the_units_of_the_docs(tmp_path: Path) -> None:
    service = unit("pop3spy.service").replace("=pop3spy proxy", f"={shutil.which('true')} proxy")
    (tmp_path / "pop3spy.service").write_text(service)
    (tmp_path / "pop3spy.socket").write_text(unit("pop3spy.socket"))
    units = [str(each) for each in tmp_path.iterdir()]
    verify = [need("systemd-analyze"), "verify", "--man=no", *units]
    done = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_makes_the_user_of_the_service(tmp_path: Path) -> None:
    users = DOCS / "systemd" / "pop3spy.sysusers"
    (tmp_path / "etc").mkdir()
    make = [need("systemd-sysusers"), f"--root={tmp_path}", str(users)]
    done = subprocess.run(make, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    name, _, uid, _, _, home, shell = (tmp_path / "etc" / "passwd").read_text().strip().split(":")
    assert f"User={name}\n" in unit("pop3spy.service")
    assert int(uid) > 0
    assert home == f"/var/lib/{name}"
    assert shell.endswith("nologin")


def service_command() -> list[str]:
    (command,) = re.findall(r"^ExecStart=(.*)$", unit("pop3spy.service"), re.MULTILINE)
    program, verb, *args = shlex.split(command)
    assert (program, verb) == ("pop3spy", "proxy")
    assert args[:2] == ["--config", "/etc/pop3spy/proxy.yaml"]
    return [verb, *args]


def test_the_service_of_the_docs_is_started_with_options_that_there_are(tmp_path: Path) -> None:
    verb, _, _, *args = service_command()
    config = tmp_path / "proxy.yaml"
    config.write_text(
        unit("proxy.yaml").replace("# upstream:", "upstream:").replace("# listen", "listen")
    )
    taken = VERBS[verb].make_context(verb, ["--config", str(config), *args]).params
    assert taken["upstream"]
    assert "Type=notify" in unit("pop3spy.service")


def test_the_folders_of_the_service_are_those_of_its_configuration() -> None:
    places = re.findall(r": (/var/(?:lib|log)/\w+)/", unit("proxy.yaml"))
    made = dict(re.findall(r"^(State|Logs)Directory=(.*)$", unit("pop3spy.service"), re.MULTILINE))
    assert set(places) == {f"/var/lib/{made['State']}", f"/var/log/{made['Logs']}"}


def test_a_service_without_a_server_ends_with_what_to_do(tmp_path: Path) -> None:
    verb, _, _, *args = service_command()
    (tmp_path / "proxy.yaml").write_text(unit("proxy.yaml"))
    ended = run(verb, "--config", str(tmp_path / "proxy.yaml"), *args)
    assert ended.status == 2  # which the service takes for an end, see RestartPreventExitStatus
    assert ended.err.count("\n") == 1
    assert "upstream" in ended.err
    assert "RestartPreventExitStatus=2\n" in unit("pop3spy.service")
