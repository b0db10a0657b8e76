"""The personality of Dovecot beside the real one: the same words for the same commands."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cli.program import PATIENCE, running
from lab.corpus import write_maildir
from lab.loopback import Address
from lab.mailserver import FEW_USER, PASSWORD, MailServer
from pop3spy.protocol.commands import Shape, parse_command

pytestmark = pytest.mark.lab

LOGIN = [f"USER {FEW_USER}", f"PASS {PASSWORD}"]
MAIL_TOLD = "NOOP STAT LIST UIDL RSET RETR:1 TOP:1:0 TOP:1:2 RETR:2".replace(":", "-").split()
INSIDE = ["CAPA", "STLS", *LOGIN, "CAPA", "STLS", "QUIT"]
CONVERSATIONS = {
    "before login": ["CAPA", "AUTH", "STAT", "RETR 1", "QUIT"],
    "unknown": ["XYZZY", "LAST", "QUIT"],
    "wrong": [f"USER {FEW_USER}", "PASS wrong", "AUTH NONSENSE", "AUTH PLAIN", "?", "QUIT"],
    "given up": ["AUTH PLAIN", "*", "QUIT"],
    "plain": ["AUTH PLAIN AGJvYgB3b25kZXJsYW5k", "STAT", "QUIT"],
    "after login": [*LOGIN, "CAPA", *(line.replace("-", " ") for line in MAIL_TOLD), "QUIT"],
    "messages": [*LOGIN, "LIST 1", "LIST 99", "RETR 0", "UIDL 99", "TOP 99 0", "DELE 99", "QUIT"],
    "deleted": [
        *LOGIN,
        "DELE 1",
        "DELE 1",
        "LIST 1",
        "RETR 1",
        "UIDL 1",
        "LIST",
        "STAT",
        "RSET",
        "QUIT",
    ],
    "in the wrong state": [*LOGIN, "USER x", "PASS x", "STLS", "LAST", "UTF8", "QUIT"],
}


@pytest.fixture(scope="module")
def served(dovecot: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """The address of pop3spy with the same mail, and the same certificate."""
    folder = tmp_path_factory.mktemp("personality")
    write_maildir(folder / "mail", dovecot.holds(FEW_USER))
    (folder / "users.yaml").write_text(f"{FEW_USER}: {PASSWORD}\n")
    (folder / "users.yaml").chmod(0o600)
    assert dovecot.certificate
    files = ("--cert", dovecot.certificate, "--key", dovecot.certificate.with_name("key.pem"))
    options = ("--users", folder / "users.yaml", "--personality", "dovecot", "--quiet")
    with running("serve", folder / "mail", "--listen", ":0", *options, *files) as program:
        yield Address("127.0.0.1", program.port())


class Talk:
    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.lines = connection.makefile("rb")

    def line(self) -> bytes:
        return self.lines.readline()

    def say(self, text: str) -> list[bytes]:
        self.connection.sendall(text.encode() + b"\r\n")
        reply = [self.line()]
        shape = parse_command(text.encode()).shape
        if reply[0].startswith(b"+OK") and shape is not Shape.LINE:
            while reply[-1] != b".\r\n":
                reply.append(self.line())
        return reply


@contextmanager
def at(address: Address) -> Iterator[Talk]:
    with socket.create_connection(address, PATIENCE) as connection:
        talk = Talk(connection)
        talk.greeting = talk.line()  # type: ignore[attr-defined]
        yield talk


def alike(lines: list[bytes]) -> list[bytes]:
    """Return *lines* without what two servers cannot share.

    That is the timestamp, which the lab switches on; the mechanisms that it switches on; and
    unique-ids, each of which the server that has the mail thinks up.
    """
    told = []
    for line in lines:
        kept = re.sub(rb" <[^>]*>\r", b"\r", line)
        kept = re.sub(rb"^SASL .*\r", b"SASL ...\r", kept)
        kept = re.sub(rb"^((?:\+OK )?\d+) (?=\S*[^\d\s])\S+\r", rb"\1 id\r", kept)
        told.append(kept)
    return [line for line in told if not re.fullmatch(rb"(LOGIN|CRAM-MD5|X?OAUTH.*)\r\n", line)]


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_each_reply_is_dovecots(name: str, dovecot: MailServer, served: Address) -> None:
    said = []
    for address in (dovecot.address, served):
        with at(address) as talk:
            replies = [talk.greeting]  # type: ignore[attr-defined]
            said.append([alike(replies)])
            said[-1] += [alike(talk.say(line)) for line in CONVERSATIONS[name]]
    real, ours = (dict(zip(["", *CONVERSATIONS[name]], each, strict=True)) for each in said)
    assert ours == real


def test_tls_begins_in_the_words_of_dovecot(dovecot: MailServer, served: Address) -> None:
    said = []
    assert dovecot.certificate
    for address in (dovecot.address, served):
        with at(address) as talk:
            told = [talk.say("STLS")]
            context = ssl.create_default_context(cafile=dovecot.certificate)
            with context.wrap_socket(talk.connection, server_hostname="localhost") as tls:
                inside = Talk(tls)
                told += [alike(inside.say(line)) for line in INSIDE]
            said.append(told)
    assert said[1] == said[0]


def test_a_maildrop_in_use_may_be_shared_by_dovecot(served: Address) -> None:
    """Dovecot lets two sessions have one; the post office does not, and says so with its code."""
    with at(served) as first, at(served) as second:
        assert [first.say(line)[0] for line in LOGIN][1] == b"+OK Logged in.\r\n"
        assert second.say(LOGIN[0]) == [b"+OK\r\n"]
        assert second.say(LOGIN[1])[0].startswith(b"-ERR [IN-USE]")
