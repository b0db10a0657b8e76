"""HAProxy in front of the proxy and behind it: each tells the next who the client is.

Its configuration is what ``docs/deploy.md`` shows, with the addresses of the test.
"""

import poplib
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.loopback import Address, address_of, until
from lab.mailserver import PASSWORD, USER, MailServer
from lab.namespaces import blocks
from lab.processes import need, running
from lab.relay import proxied

pytestmark = pytest.mark.lab

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"
DEFAULTS = """
defaults
    mode tcp
    log stdout format raw local0
    log-format "client %ci:%cp"
    timeout connect 5s
    timeout client 30s
    timeout server 30s
"""
HOSTS = ["127.0.0.1", "::1"]


@contextmanager
def haproxy(config: str, sock: socket.socket, folder: Path) -> Iterator[Path]:
    """Run HAProxy at *sock*; give the file of what it logs."""
    file, said = folder / "haproxy.cfg", folder / "haproxy.log"
    file.write_text(DEFAULTS + config)
    command = [need("haproxy"), "-db", "-f", str(file)]
    with said.open("wb") as out, running(command, pass_fds=[sock.fileno()], stdout=out, stderr=out):
        yield said


def block(tag: str, old: str, new: str) -> str:
    """Return the part of a configuration that the page shows, with something replaced."""
    (text,) = blocks(PAGE, tag, "text")
    assert old in text
    return text.replace(old, new)


def listening(host: str = "127.0.0.1") -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, 0), family=family, backlog=64)


@contextmanager
def before(relay: Address, send: str, host: str, folder: Path) -> Iterator[Address]:
    """Run HAProxy between clients and the proxy at *relay*; give its address."""
    with listening(host) as sock:
        front = f"frontend clients\n    bind fd@{sock.fileno()}\n    default_backend pop3spy\n"
        back = block("haproxy-before", "127.0.0.1:1110 send-proxy-v2", f"{relay} {send}")
        with haproxy(f"{front}{back}\n", sock, folder):
            yield Address(*sock.getsockname()[:2])


@contextmanager
def behind(server: Address, folder: Path) -> Iterator[tuple[Address, Path]]:
    """Run HAProxy between the proxy and *server*; give its address and what it logs."""
    with listening() as sock:
        front = block("haproxy-behind", "bind 127.0.0.1:2110", f"bind fd@{sock.fileno()}")
        back = f"    default_backend mail\nbackend mail\n    server mail {server}\n"
        with haproxy(f"{front}\n{back}", sock, folder) as said:
            yield address_of(sock), said


def session(address: Address) -> int:
    """Have a session at *address*; return the port that it came from."""
    client = poplib.POP3(address.host, address.port, timeout=20)
    port = int(client.sock.getsockname()[1])
    client.user(USER)
    client.pass_(PASSWORD)
    assert client.stat()[0]
    client.quit()
    return port


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "send",
    [
        "send-proxy",
        "send-proxy-v2",
        "send-proxy-v2 proxy-v2-options crc32c,unique-id",
        "send-proxy-v2-ssl-cn",
    ],
)
def test_whom_haproxy_brings_is_the_client(
    send: str, host: str, dovecot: MailServer, tmp_path: Path
) -> None:
    trusted = ["--accept-proxy-protocol", "127.0.0.1"]
    with (
        proxied(*dovecot.address, *trusted) as relay,
        before(relay.address, send, host, tmp_path) as front,
    ):
        port = session(front)
    (opened,) = relay.events("session_opened")
    assert opened["client"] == (f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    (ended,) = relay.events("session_ended")
    assert (ended["how"], ended["user"]) == ("quit", USER)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_haproxy_understands_who_the_client_is(
    version: str, dovecot: MailServer, tmp_path: Path
) -> None:
    with (
        behind(dovecot.address, tmp_path) as (back, said),
        proxied(*back, "--send-proxy-protocol", version) as relay,
    ):
        port = session(relay.address)
        until(lambda: f"client 127.0.0.1:{port}\n" in said.read_text() or None, "its log")


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("host", HOSTS)
def test_who_came_first_is_known_at_the_end(
    host: str, version: str, dovecot: MailServer, tmp_path: Path
) -> None:
    """Client, HAProxy, proxy, HAProxy, Dovecot."""
    first, last = tmp_path / "first", tmp_path / "last"
    first.mkdir()
    last.mkdir()
    trusted = ["--accept-proxy-protocol", "127.0.0.0/8", "--send-proxy-protocol", version]
    with (
        behind(dovecot.address, last) as (back, said),
        proxied(*back, *trusted) as relay,
        before(relay.address, "send-proxy-v2", host, first) as front,
    ):
        port = session(front)
        until(lambda: f"client {host}:{port}\n" in said.read_text() or None, "its log")


def test_checks_of_haproxy_are_sessions_of_its_own(dovecot: MailServer, tmp_path: Path) -> None:
    with proxied(*dovecot.address, "--accept-proxy-protocol", "127.0.0.1") as relay:
        checking = "send-proxy-v2 check inter 100ms"
        with before(relay.address, checking, "127.0.0.1", tmp_path) as front:
            port = session(front)
    clients = {each["client"] for each in relay.events("session_opened")}
    assert f"127.0.0.1:{port}" in clients
    assert not [each for each in relay.events("session_ended") if each["how"] == "refused"]


def test_haproxy_that_says_nothing_of_its_client_is_told_of(
    dovecot: MailServer, tmp_path: Path
) -> None:
    with (
        proxied(*dovecot.address, "--accept-proxy-protocol", "127.0.0.1") as relay,
        before(relay.address, "", "127.0.0.1", tmp_path) as front,
        socket.create_connection(front, 20) as client,
    ):
        client.sendall(b"CAPA\r\n")
        assert client.recv(100) == b""
    (ended,) = relay.events("session_ended")
    assert re.fullmatch(r"no PROXY header came first \(.*\)", ended["why"])
