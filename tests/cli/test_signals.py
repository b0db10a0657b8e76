"""Ctrl-C and SIGTERM end the program in order; a second one ends it at once."""

import json
import signal
import socket
import subprocess
from pathlib import Path
from poplib import POP3

import pytest

from cli.program import PATIENCE, client, environment, running, session

STOPS = [
    pytest.param(signal.SIGINT, 130, id="Ctrl-C"),
    pytest.param(signal.SIGTERM, 0, id="SIGTERM"),
    pytest.param(signal.SIGHUP, 0, id="SIGHUP"),
]
LOOPS = ["uvloop", "asyncio"]
SAMPLE = Path(__file__).parents[2] / "captures" / "postoffice-user.yaml"


def events(log: Path) -> list[tuple[str, str | None]]:
    """Return the events of a JSON log; of a session's end also how it ended."""
    objects = [json.loads(line) for line in log.read_text().splitlines()]
    return [(each["event"], each.get("how")) for each in objects]


@pytest.mark.promise("signals")
@pytest.mark.parametrize("loop", LOOPS)
def test_the_proxy_ends_in_order(loop: str, upstream: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    options = ("--listen", ":0", "--log", log, "--log-format", "json", "--loop", loop)
    with running("proxy", "--upstream", upstream, *options) as proxy:
        session(proxy.port())
        ended = proxy.stopped()
    assert ended.status == 0
    assert len(ended.notes) == 1
    assert ended.out.splitlines()[-1].split("└─")[1].startswith(" ended by QUIT")
    assert events(log)[-1] == ("session_ended", "quit")


@pytest.mark.parametrize(("number", "status"), STOPS)
def test_a_session_in_progress_is_ended_and_told(
    number: signal.Signals, status: int, upstream: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    options = ("--listen", ":0", "--log", log, "--log-format", "json")
    with running("proxy", "--upstream", upstream, *options) as proxy:
        pop = client(proxy.port())
        pop.user("demo")
        ended = proxy.stopped(number)
        assert pop.sock.recv(1) == b""
        pop.close()
    assert ended.status == status
    assert "stopping" in ended.err
    assert "Traceback" not in ended.err
    assert events(log)[-1] == ("session_ended", "shutdown")


@pytest.mark.promise("signals")
def test_nohup_keeps_a_proxy_that_nobody_hears(upstream: str) -> None:
    options = ("proxy", "--upstream", upstream, "--listen", ":0")
    with running(*options, before=["nohup"]) as proxy:
        port = proxy.port()
        proxy.send(signal.SIGHUP)
        session(port)
        assert proxy.stopped().status == 0


@pytest.mark.promise("signals")
def test_a_reply_on_its_way_still_arrives() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        running(
            "proxy", "--upstream", f"127.0.0.1:{listening.getsockname()[1]}", "--listen", ":0"
        ) as proxy,
    ):
        with socket.create_connection(("127.0.0.1", proxy.port()), PATIENCE) as mail_client:
            server, _ = listening.accept()
            with server, mail_client.makefile("rb") as replies:
                server.sendall(b"+OK ready\r\n")
                assert replies.readline() == b"+OK ready\r\n"
                mail_client.sendall(b"CAPA\r\n")
                server.recv(100)
                server.sendall(b"+OK\r\nUSER\r\n")
                assert replies.readline() == b"+OK\r\n"
                proxy.send(signal.SIGTERM)
                proxy.says("stopping")
                server.sendall(b"TOP\r\n.\r\n")
                assert replies.read() == b"USER\r\nTOP\r\n.\r\n"
        assert proxy.ended().status == 0


@pytest.mark.promise("signals")
@pytest.mark.parametrize(
    ("loop", "number"), [("uvloop", signal.SIGINT), ("asyncio", signal.SIGTERM)]
)
def test_a_second_signal_ends_it_at_once(loop: str, number: signal.Signals) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        running(
            *("proxy", "--upstream", f"127.0.0.1:{silent.getsockname()[1]}", "--listen", ":0"),
            *("--grace", "1h", "--loop", loop),
        ) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port()), PATIENCE) as mail_client,
    ):
        server, _ = silent.accept()
        with server:
            server.sendall(b"+OK ready\r\n")
            mail_client.recv(100)
            mail_client.sendall(b"STAT\r\n")
            server.recv(100)
            proxy.send(number)
            proxy.says("stopping")
            ended = proxy.stopped(number)
    assert ended.status == -number
    assert "Traceback" not in ended.err


def test_serve_ends_in_order() -> None:
    with running("serve", "--listen", ":0") as server:
        port = server.port()
        session(port)
        pop = client(port)
        ended = server.stopped()
        assert pop.sock.recv(1) == b""
        pop.close()
    assert ended.status == 0
    assert "Traceback" not in ended.err
    assert ended.out.count("└─") == 2


@pytest.mark.parametrize(("number", "status"), STOPS)
def test_a_signal_before_anybody_came_ends_it_without_a_word(
    number: signal.Signals, status: int
) -> None:
    with running("proxy", "--upstream", "mail.invalid", "--listen", ":0") as proxy:
        proxy.port()
        ended = proxy.stopped(number)
    assert (ended.status, ended.out) == (status, "")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("loop", LOOPS)
def test_the_demo_can_be_stopped_at_any_moment(loop: str) -> None:
    with running("demo", "--loop", loop) as demo:
        demo.says("listening")
        ended = demo.stopped(signal.SIGINT)
    assert ended.status in {0, 130}  # it may be over before that comes
    assert "Traceback" not in ended.err
    assert "bug" not in ended.err


@pytest.mark.parametrize(("number", "status"), STOPS)
def test_a_replay_is_stopped_while_its_server_is_silent(
    number: signal.Signals, status: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        to = f"pop3s://127.0.0.1:{silent.getsockname()[1]}"
        args = ("replay", "client", SAMPLE, "--to", to, "--password-env", "SECRET")
        with running(*args, env=environment(SECRET="whatever")) as replay:
            server, _ = silent.accept()
            with server:
                assert server.recv(1), "the handshake begins"
                ended = replay.stopped(number)
    assert (ended.status, ended.out, ended.err) == (status, "", "")


def test_a_port_is_free_again_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running("serve", "--listen", ":0", "--quiet") as first:
        port = first.port()
        pop = POP3("127.0.0.1", port, timeout=PATIENCE)
        assert first.stopped().status == 0
    with running(
        "serve", "--listen", f":{port}", "--log", log, stdout=subprocess.DEVNULL
    ) as second:
        session(second.port())
        assert second.stopped().status == 0
    pop.close()
    assert "ended by QUIT" in log.read_text()
