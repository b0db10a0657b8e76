"""What openssl's own client and server do in the middle of TLS when they are told to."""

import re
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from termios import TIOCOUTQ

import pytest

from lab.clients import PATIENCE
from lab.loopback import until
from lab.processes import need
from lab.relay import Relay, relaying
from net.certificates import Authority, Certificate

pytestmark = pytest.mark.lab


class Talk:
    """One end of a pair of sockets, whose other end is the terminal of a program."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.said = b""

    def order(self, letter: bytes) -> None:
        """Give the program a command; it has to be read before anything else is written."""
        self.sock.sendall(letter + b"\n")
        until(lambda: not self._unread() or None, f"that {letter!r} is read")

    def _unread(self) -> int:
        (size,) = struct.unpack("i", ioctl(self.sock, TIOCOUTQ, bytes(4)))
        return int(size)

    def says(self, pattern: bytes) -> re.Match[bytes]:
        """Wait until *pattern* was said, and forget all that was said up to there."""
        while not (found := re.search(pattern, self.said)):
            piece = self.sock.recv(65536)
            assert piece, f"it ended without saying {pattern!r}: {self.said!r}"
            self.said += piece
        self.said = self.said[found.end() :]
        return found


@contextmanager
def openssl(*options: str | Path) -> Iterator[Talk]:
    """Run openssl with *options* while the block lasts."""
    near, far = socket.socketpair()
    near.settimeout(PATIENCE)
    with near:
        terminal = far.fileno()
        process = subprocess.Popen(
            [need("openssl"), *map(str, options)], stdin=terminal, stdout=terminal, stderr=terminal
        )
        far.close()
        try:
            yield Talk(near)
        finally:
            process.kill()
            process.wait()


@contextmanager
def plain(host: str, port: int) -> Iterator[Talk]:
    with socket.create_connection((host, port), PATIENCE) as sock:
        yield Talk(sock)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("oddities") / "ca")


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> Certificate:
    return authority.issue("server")


@contextmanager
def s_server(certificate: Certificate, *options: str) -> Iterator[tuple[int, Talk]]:
    """Be a server behind openssl: what is said to it goes to its client, less some letters."""
    keys = ("-cert", certificate.chain, "-key", certificate.key)
    with openssl("s_server", "-accept", "127.0.0.1:0", *keys, *options) as server:
        yield int(server.says(rb"ACCEPT 127\.0\.0\.1:(\d+)\n")[1]), server


@contextmanager
def before(
    authority: Authority, certificate: Certificate, loop: str, *options: str
) -> Iterator[tuple[Relay, Talk, Talk]]:
    """Give a proxy in front of s_server, and a client that has had its greeting."""
    with s_server(certificate, *options) as (port, server):
        trusting = ["--upstream-ca", str(authority.certificate), "--loop", loop]
        with (
            relaying(f"pop3s://localhost:{port}", *trusting) as relay,
            plain(*relay.address) as client,
        ):
            server.sock.sendall(b"+OK ready\r\n")
            client.says(rb"\+OK ready\r\n")
            client.sock.sendall(b"CAPA\r\n")  # until its client speaks it may not look at us again
            server.says(rb"CAPA\r\n")
            server.sock.sendall(b"-ERR\r\n")
            client.says(rb"-ERR\r\n")
            yield relay, client, server


@contextmanager
def behind(
    certificate: Certificate, loop: str, *options: str
) -> Iterator[tuple[Relay, Talk, Talk]]:
    """Give a proxy in front of a server in clear, and s_client that has had its greeting."""
    keys = ["--cert", str(certificate.chain), "--key", str(certificate.key), "--loop", loop]
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"pop3://127.0.0.1:{door.getsockname()[1]}"
        with relaying(url, *keys, schemes=("pop3s",)) as relay:
            address = relay.addresses["pop3s"]
            with openssl("s_client", "-connect", str(address), *options) as client:
                sock, _ = door.accept()
                with sock:
                    sock.settimeout(PATIENCE)
                    sock.sendall(b"+OK ready\r\n")
                    client.says(rb"\+OK ready\r\n")
                    yield relay, client, Talk(sock)


@pytest.mark.promise("keys")
@pytest.mark.parametrize("letter", [b"k", b"K"], ids=["its own", "both"])
def test_a_server_may_change_its_keys(
    authority: Authority, certificate: Certificate, letter: bytes, loop: str
) -> None:
    """TLS 1.3 says so with a message that is no octet of the session (RFC 8446, section 4.6.3).

    Were the letter no command to openssl, the client would get it.
    """
    with before(authority, certificate, loop, "-tls1_3") as (_, client, server):
        for number in range(3):
            client.sock.sendall(b"NOOP %d\r\n" % number)
            server.says(rb"NOOP %d\r\n" % number)
            server.order(letter)
            server.sock.sendall(b"+OK %d\r\n" % number)
            client.says(rb"^\+OK %d\r\n" % number)


@pytest.mark.promise("keys")
@pytest.mark.parametrize("letter", [b"k", b"K"], ids=["its own", "both"])
def test_a_client_may_change_its_keys(certificate: Certificate, letter: bytes, loop: str) -> None:
    with behind(certificate, loop, "-tls1_3") as (_, client, server):
        for number in range(3):
            client.order(letter)
            client.says(rb"KEYUPDATE\n")
            client.sock.sendall(b"NOOP %d\r\n" % number)
            server.says(rb"^NOOP %d\r\n" % number)
            server.sock.sendall(b"+OK %d\r\n" % number)
            client.says(rb"\+OK %d\r\n" % number)


@pytest.mark.promise("keys")
def test_a_client_that_wants_another_handshake_gets_none(
    certificate: Certificate, loop: str
) -> None:
    with behind(certificate, loop, "-tls1_2") as (relay, client, server):
        client.sock.sendall(b"R\n")
        client.says(rb"RENEGOTIATING\n")
        client.says(rb"no renegotiation")
        assert server.sock.recv(1) == b""
    (ended,) = relay.events("session_ended")
    assert ended["how"] == "tls"


@pytest.mark.promise("keys")
def test_a_server_that_wants_another_handshake_gets_none(
    authority: Authority, certificate: Certificate, loop: str
) -> None:
    with before(authority, certificate, loop, "-tls1_2") as (relay, client, server):
        server.sock.sendall(b"r\n")
        server.says(rb"no renegotiation")
        assert client.sock.recv(1) == b""
    (ended,) = relay.events("session_ended")
    assert ended["how"] == "tls"
