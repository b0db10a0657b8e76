"""Where pop3spy is the server, findings are about its clients alone."""

import json
import poplib
import socket
import ssl
from pathlib import Path

import pytest

from cli.program import PATIENCE, running

LOGIN = ["USER demo", "PASS demo"]
SAID = [
    pytest.param([], [*LOGIN, "RETR", "QUIT"], {"argument-missing"}, id="a client's mistake"),
    pytest.param(
        ["--personality", "odd.yaml"], ["CAPA", *LOGIN, "UIDL", "QUIT"], set(), id="what it lacks"
    ),
    pytest.param(
        ["--fault", "answer line='+ok nothing' when verb = NOOP"],
        [*LOGIN, "NOOP", "QUIT"],
        set(),
        id="a fault",
    ),
    pytest.param(
        ["--rewrite", "server s/^.OK 5 .*/+OK five/ when verb = STAT"],
        [*LOGIN, "STAT", "RETR", "QUIT"],
        {"argument-missing"},
        id="a rewrite, and a mistake",
    ),
]


@pytest.mark.parametrize(("options", "lines", "told"), SAID)
def test_a_server_of_ours_is_not_accused(
    options: list[str], lines: list[str], told: set[str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    (tmp_path / "odd.yaml").write_text(
        "missing: [UIDL]\ncapabilities: {AUTHORIZATION: [USER, TOP]}\n"
    )
    options = [str(tmp_path / each) if each == "odd.yaml" else each for each in options]
    with running(
        *("serve", "--listen", ":0", "--log", log, "--log-format", "json", "--no-ledger"), *options
    ) as program:
        address = ("127.0.0.1", program.port())
        with socket.create_connection(address, PATIENCE) as peer, peer.makefile("rwb", 0) as wire:
            assert wire.readline().startswith(b"+OK")
            for line in lines:
                wire.write(f"{line}\r\n".encode())
                reply = wire.readline()
                while line == "CAPA" and reply not in (b".\r\n", b""):
                    reply = wire.readline()
        program.stopped()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    found = [event for event in events if event["event"] == "finding_raised"]
    assert {event["id"] for event in found if event["level"] != "info"} == told
    assert not [event for event in found if event["fault"] == ["server"]]


def test_a_password_inside_tls_of_ours_is_not_called_readable(tmp_path: Path) -> None:
    """The session has no leg with a server, and was judged as if that had been without TLS."""
    log = tmp_path / "log"
    told = ("--log", log, "--log-format", "json", "--no-ledger", "--ca-dir", tmp_path / "ca")
    with running("serve", "--listen", "pop3s://127.0.0.1:0", *told) as program:
        port = program.port("pop3s")
        trust = ssl.create_default_context(cafile=tmp_path / "ca" / "ca.pem")
        client = poplib.POP3_SSL("127.0.0.1", port, timeout=PATIENCE, context=trust)
        client.user("demo")
        client.pass_("demo")
        client.quit()
        program.stopped()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["id"] for event in events if event["event"] == "finding_raised"] == []
