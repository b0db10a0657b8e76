"""Makes the recordings in ``captures/``: real clients and real servers with the proxy between them.

``make captures`` runs this in a name space in which the machine is called mail.example.org.  A file
is replaced only if more than times and what a server draws by lot is new, so a second run changes
nothing.
"""

import io
import poplib
import re
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.program import serving
from lab.clients import PATIENCE, Login, PatientPOP3, curl, fetchmail, mpop
from lab.corpus import PASSWORD, write_maildir
from lab.dovecot import running_dovecot
from lab.loopback import Address, address_of, listener
from lab.mailserver import FEW_USER, MAIL
from lab.popa3d import running_popa3d
from lab.relay import proxied
from pop3spy.capture.reader import CaptureReader
from pop3spy.session.tape import Spoke

FOLDER = Path(__file__).parents[2] / "captures"
WRONG_PASSWORD = "looking-glass"
CUT_BEHIND = 700
"""Octets of a reply behind which the server is cut off."""

CLIENT, SERVER = "192.0.2.17:50312", "mail.example.org:110"
_DAWN = datetime.fromtimestamp(0, UTC)
_STAMP = re.compile(rb"<[^<> ]+@")  # what APOP's digest is made with
_PEERS = re.compile(r'"client": "127\.0\.0\.1:\d+", "server": "127\.0\.0\.1:\d+"')

Play = Callable[[Address, Path], object]


class Sample(NamedTuple):
    """One recording: its name, the server that is in it, and what a client does there."""

    name: str
    server: str
    play: Play


def whole_session(address: Address, _: Path) -> None:
    """Say each command of RFC 1939 that a mail program uses, and one that must be refused."""
    with connected(address) as client:
        with suppress(poplib.error_proto):  # popa3d knows no CAPA
            client.capa()
        client.user(FEW_USER)
        client.pass_(PASSWORD)
        count, _octets = client.stat()
        client.list()
        client.uidl()
        client.top(1, 0)
        for number in range(1, count + 1):
            client.retr(number)
        with suppress(poplib.error_proto):
            client.list(count + 1)
        client.dele(1)
        client.list()
        client.rset()
        client.noop()
        client.quit()


def refused(address: Address, _: Path) -> None:
    """Log in with a wrong password, then with the right one."""
    with connected(address) as client:
        client.user(FEW_USER)
        with suppress(poplib.error_proto):
            client.pass_(WRONG_PASSWORD)
        client.user(FEW_USER)
        client.pass_(PASSWORD)
        client.stat()
        client.quit()


def cut_off(address: Address, _: Path) -> None:
    """Retrieve a message that does not arrive whole."""
    with connected(address) as client:
        client.user(FEW_USER)
        client.pass_(PASSWORD)
        with suppress(poplib.error_proto):
            client.retr(1)


@contextmanager
def connected(address: Address) -> Iterator[PatientPOP3]:
    client = PatientPOP3(address.host, address.port, timeout=PATIENCE)
    try:
        yield client
    finally:
        client.close()


def with_auth(client: Callable[[Address, Path, Login], object], auth: str) -> Play:
    return lambda address, folder: client(address, folder, Login(auth, FEW_USER))


@contextmanager
def failing(server: Address) -> Iterator[Address]:
    """Relay one session to *server*, a line at a time, and hang up within a long reply."""
    with listener() as listening:
        thread = threading.Thread(target=_fail, args=(listening, server), daemon=True)
        thread.start()
        yield address_of(listening)
        thread.join(PATIENCE)


def _fail(listening: socket.socket, server: Address) -> None:
    peer, _ = listening.accept()
    with peer, socket.create_connection(server, PATIENCE) as upstream:
        asked, replies = peer.makefile("rb"), upstream.makefile("rb")
        with asked, replies:
            peer.sendall(replies.readline())
            for command in asked:
                upstream.sendall(command)
                if command.startswith(b"RETR"):
                    peer.sendall(replies.read(CUT_BEHIND))
                    return
                peer.sendall(replies.readline())


SAMPLES = (
    Sample("dovecot-user", "dovecot", whole_session),
    Sample("dovecot-apop", "dovecot", with_auth(fetchmail, "apop")),
    Sample("dovecot-cram-md5", "dovecot", with_auth(mpop, "cram-md5")),
    Sample("dovecot-refused", "dovecot", refused),
    Sample("dovecot-cut-off", "dovecot", cut_off),
    Sample("popa3d-user", "popa3d", whole_session),
    Sample("postoffice-user", "postoffice", whole_session),
    Sample("postoffice-apop", "postoffice", with_auth(curl, "apop")),
    Sample("postoffice-plain", "postoffice", with_auth(mpop, "plain")),
)


@contextmanager
def running_postoffice() -> Iterator[Address]:
    """Run ``pop3spy serve`` over the mail that the other servers have for this user."""
    with tempfile.TemporaryDirectory(prefix="pop3spy-postoffice-") as folder:
        write_maildir(Path(folder, "mail"), MAIL[FEW_USER]())
        users = Path(folder, "users.yaml")
        users.write_text(f"{FEW_USER}: {PASSWORD}\n")
        with serving(str(Path(folder, "mail")), "--users", str(users)) as port:
            yield Address("127.0.0.1", port)


def recorded(sample: Sample, server: Address, folder: Path) -> str:
    """Return what the proxy records while *sample* is played, with example addresses."""
    file = folder / f"{sample.name}.yaml"
    with ExitStack() as stack:
        if sample.play is cut_off:  # the network fails between the proxy and the server
            server = stack.enter_context(failing(server))
        with proxied(*server, "--record", str(file)) as relay:
            sample.play(relay.address, folder / sample.name)
    text = file.read_text(encoding="utf-8")
    return _PEERS.sub(f'"client": "{CLIENT}", "server": "{SERVER}"', text)


def steady(text: str) -> list[object]:
    """Return what a recording tells, without what is another in every run."""
    capture = CaptureReader(io.StringIO(text), "a sample")
    told: list[object] = [replace(capture.header, started=_DAWN)]
    for item in capture:
        match item:
            case Spoke(session=session, chunk=chunk):
                said = _STAMP.sub(b"<@", chunk.data)
                if said.startswith(b"+ "):
                    said = b"+ a challenge"
                last = told[-1]
                if isinstance(last, tuple) and last[:2] == (session, chunk.side):
                    told[-1] = session, chunk.side, last[2] + said
                else:
                    told.append((session, chunk.side, said))
            case _:
                told.append(replace(item, at=0.0))
    return told


def make(folder: Path) -> list[Path]:
    """Record every sample into *folder*; return the files that were written anew."""
    written = []
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="pop3spy-samples-") as scratch:
        servers = {
            "dovecot": stack.enter_context(running_dovecot()).address,
            "popa3d": stack.enter_context(running_popa3d()).address,
            "postoffice": stack.enter_context(running_postoffice()),
        }
        for sample in SAMPLES:
            text = recorded(sample, servers[sample.server], Path(scratch))
            path = folder / f"{sample.name}.yaml"
            if path.exists() and steady(path.read_text(encoding="utf-8")) == steady(text):
                continue
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written


def main() -> int:
    """Make the samples in ``captures/``; return the exit status."""
    try:
        written = make(FOLDER)
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:
        sys.stderr.write(f"captures: not made: {reason}\n")
        return 1
    sys.stdout.write("".join(f"captures/{path.name}\n" for path in written) or "captures: as new\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
